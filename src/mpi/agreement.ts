/** Consistency checks between ranks: same arguments, and same memory after every epoch. */
import type { Engine } from '../engine/engine.ts'
import { show } from '../lib/check.ts'
import type { Model } from '../model/model.ts'
import type { Training } from '../training/parallel.ts'
import { type Communicator, gatherTexts } from './communicator.ts'
import { named } from './names.ts'

/** FNV prime, 32 bits. */
const PRIME = 0x01000193

/** The ranks in the minority, and the others; on a tie rank 0 is right. */
export function apart<T>(values: readonly T[]): { odd: number[]; others: number[] } {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  let [usual] = values
  for (const [value, count] of counts) if (count > (counts.get(usual) ?? 0)) usual = value
  const ranks = [...values.keys()]
  return { odd: ranks.filter((rank) => values[rank] !== usual), others: ranks.filter((rank) => values[rank] === usual) }
}

/** What must be the same on all ranks, by the name that users know it by. */
function termsOf(training: Training, more: object): Record<string, unknown> {
  const { engine, random, data, validation, epochs, initialEpoch, stepsPerEpoch, maxSteps } = training
  const { accumulate, validationFrequency } = training
  const { layers, compiled } = training.model as Model
  const { machine } = engine.arena
  return {
    'the layers': layers,
    'the optimizer': compiled?.optimizer,
    'the loss': compiled?.heads ?? compiled?.loss,
    'the metrics': [compiled?.metrics, compiled?.weightedMetrics],
    'the clipping': compiled?.clipping,
    'frozen layers': [[...engine.storage.frozen].sort(), engine.statisticsFrozen],
    'the wasm build (deterministic models have the same everywhere)': machine.target,
    '"x" (arrays or a source of batches)': 'rows' in data,
    '"validationData"': validation !== undefined,
    ...{
      epochs,
      initialEpoch,
      stepsPerEpoch,
      maxSteps,
      accumulate,
      validationFrequency,
      shuffle: random !== undefined,
    },
    ...more,
  }
}

/** @throws Error on every rank if one was called differently. */
export function agreeOnTerms(world: Communicator, training: Training, more: object): void {
  const terms = Object.entries(termsOf(training, more)).map(([name, value]) => [name, JSON.stringify(value) ?? ''])
  const all = gatherTexts(world, JSON.stringify(terms)).map((text) => JSON.parse(text) as [string, string][])
  for (const [i, [name]] of terms.entries()) {
    const values = all.map((others) => others[i]?.[1])
    const { odd, others } = apart(values)
    if (odd.length === 0) continue
    const of = (rank: number) => show(JSON.parse(values[rank] || 'null'))
    throw new Error(
      `fit: all ranks must be called alike, but ${name} of ${named(odd)} differs from that of ${named(others)}: ${of(odd[0])}, not ${of(others[0])}`,
    )
  }
}

type Hash = readonly [number, number, number, number]

/**
 * A hash of words, their number a multiple of 4, in four independent lanes. No step loses a difference between words,
 * since both the product by an odd number and the xor-shift are invertible.
 */
function hash(words: Int32Array, [first, second, third, fourth]: Hash): Hash {
  let [a, b, c, d] = [first, second, third, fourth]
  for (let i = 0; i < words.length; i += 4) {
    a = Math.imul(a ^ words[i], PRIME)
    b = Math.imul(b ^ words[i + 1], PRIME)
    c = Math.imul(c ^ words[i + 2], PRIME)
    d = Math.imul(d ^ words[i + 3], PRIME)
    a ^= a >>> 15
    b ^= b >>> 15
    c ^= c >>> 15
    d ^= d >>> 15
  }
  return [a, b, c, d]
}

const words = (floats: Float32Array): Int32Array => new Int32Array(floats.buffer, floats.byteOffset, floats.length)

/**
 * Compares hashes of parameters, progress and, with `withState`, optimizer state.
 * @throws Error on every rank, naming those that differ.
 */
export function agreeOnState(world: Communicator, engine: Engine, when: string, withState: boolean): void {
  const { storage } = engine
  const start: Hash = [1, 2, 3, 4]
  const parameters = hash(words(storage.view(storage.parameters)), start)
  // most of a solver's vectors may be unused
  const used = engine.session ? [...engine.session.used] : [...storage.states.keys()]
  const blocks = withState ? [...used.map((i) => storage.view(storage.states[i])), storage.viewKept()] : []
  const states = blocks.reduce((sum, block) => hash(words(block), sum), start)
  const own = Float64Array.of(...parameters, ...states, engine.steps)
  const all = world.gather(own)
  const parts = { parameters: [0, 4], 'optimizer state': [4, 8], 'step count': [8, 9] }
  for (const [name, [from, to]] of Object.entries(parts)) {
    const values = Array.from({ length: world.size }, (_, rank) =>
      all.subarray(rank * own.length + from, rank * own.length + to).join(),
    )
    const { odd, others } = apart(values)
    if (odd.length === 0) continue
    throw new Error(
      `fit: ${when}, the ${name} of ${named(odd)} ${name === 'parameters' ? 'differ' : 'differs'} from those of ${named(others)}: callbacks must do the same everywhere, and machines of different kinds compute alike only in models that are "deterministic"`,
    )
  }
}

/** @throws Error on every rank, naming those whose callbacks have scaled the learning rate differently. */
export function agreeOnScale(scales: readonly number[], when: string): void {
  const { odd, others } = apart(scales)
  if (odd.length === 0) return
  throw new Error(
    `fit: ${when}, learningRateScale is ${scales[odd[0]]} on ${named(odd)}, but ${scales[others[0]]} on ${named(others)}: callbacks must do the same everywhere`,
  )
}
