/**
 * Wide vectors, an opt-in for Node: V8's experimental pass that fuses pairs of 128-bit operations into 256-bit ones.
 * About 1.6 times the speed of matrix products where it works, and the same bits.
 */
import { setFlagsFromString } from 'node:v8'
import { dense } from '../layers/layers.ts'
import { describeRuntime, setWide } from '../machine/wasm.ts'
import { type Model, sequential } from '../model/model.ts'
import { sgd } from '../optimizers/optimizers.ts'

const FLAG = 'experimental-wasm-revectorize'
/** The pass must pay at least this much, or it is switched off again. */
const LEAST_GAIN = 1.15
const WIDTH = 256
const ROWS = 128

/**
 * Switches wide vectors on for models made afterwards, if a self-test shows that this host computes the same bits with
 * them, and faster. Takes a few hundred milliseconds; call it once, before the first model.
 * @returns whether it took; otherwise nothing has changed. Always false but on Node 24 and newer on x86-64, and with
 * the plain SIMD build (`deterministic`, FOURLANE_TARGET=simd).
 */
export function enableWideVectors(): boolean {
  if (describeRuntime().wideVectors) return true
  if (!isCandidate() || describeRuntime().target !== 'relaxed') return false
  // the self-test is to meet optimized code from its first step on
  setFlagsFromString('--no-liftoff')
  try {
    const narrow = trial(false)
    setFlagsFromString(`--${FLAG}`)
    const wide = trial(true)
    if (wide.bits === narrow.bits && narrow.milliseconds / wide.milliseconds >= LEAST_GAIN) return true
  } finally {
    setFlagsFromString('--liftoff')
    // models are to be compiled as usual: quickly first, optimized when hot
    setWide(describeRuntime().wideVectors)
  }
  setFlagsFromString(`--no-${FLAG}`)
  setWide(false)
  return false
}

/** V8 knows the flag since 12.x, but compiles it right only in the versions of Node 24 and later; others would print an error. */
function isCandidate(): boolean {
  const { node, bun, deno } = process.versions
  return process.arch === 'x64' && !bun && !deno && Number.parseInt(node, 10) >= 24
}

/** Best time of a training step, and a digest of the parameters after all of them. */
function trial(wide: boolean): { bits: string; milliseconds: number } {
  setWide(wide)
  const model = sequential([{ kind: 'input', size: WIDTH }, dense(WIDTH, { activation: 'tanh' }), dense(WIDTH)], {
    seed: 1,
  })
  model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' })
  const x = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i))
  let milliseconds = Number.POSITIVE_INFINITY
  for (let i = 0; i < 40; i++) {
    const started = performance.now()
    model.trainStep(x, x)
    milliseconds = Math.min(milliseconds, performance.now() - started)
  }
  return { bits: digest(model), milliseconds }
}

const digest = (model: Model): string => {
  const { buffer, byteOffset, byteLength } = model.getWeights()
  return Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4)).join()
}
