/** One optimizer's pass over its own blocks, without the TypeScript side. */
import { RECORD_SCALAR, RECORD_SCALARS, RECORD_STEP, RECORD_WORDS } from '../src/abi/records.ts'
import { scratchBytes, stateNames, stepClock, updateSteps, writeDynamics } from '../src/compiler/updates.ts'
import type { Target } from '../src/machine/wasm.ts'
import type { Optimizer } from '../src/optimizers/optimizers.ts'
import { Sheet } from '../test/support/sheet.ts'
import { record } from './replay.ts'

export interface Pass {
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly states: readonly Float32Array[]
  /** Bytes that one pass must read and write at least. */
  readonly bytes: number
  readonly run: () => void
}

/** An update in the middle of a training. */
const UPDATE = 1000

/** @param count floats, a multiple of 16. */
export function optimizerPass(target: Target, optimizer: Optimizer, count: number): Pass {
  const sheet = new Sheet(target)
  const { arena } = sheet
  const tensors = [{ name: 'parameters', offset: 0, count, trainable: true }]
  const names = stateNames(optimizer)
  const block = () => arena.reserve(count * 4)
  const blocks = {
    parameters: block(),
    gradients: block(),
    states: names.map(block),
    scratch: arena.reserve(scratchBytes(optimizer, tensors)),
  }
  arena.commit()
  sheet.add(...updateSteps(optimizer, tensors, blocks))
  const words = new ArrayBuffer(RECORD_WORDS * 4)
  const f32 = new Float32Array(words)
  const i32 = new Int32Array(words)
  writeDynamics(stepClock(optimizer), UPDATE, 1, { f32, i32 }, 0)
  const dynamics: Record<number, number> = {}
  for (let word = RECORD_STEP; word < RECORD_SCALAR + RECORD_SCALARS; word++) dynamics[word] = i32[word]
  const recording = record(arena.machine)
  sheet.run(1, {}, dynamics)
  const { replay } = recording.stop()
  const view = (address: number) => arena.floats(address, count)
  return {
    parameters: view(blocks.parameters),
    gradients: view(blocks.gradients),
    states: blocks.states.map(view),
    bytes: count * 4 * (3 + 2 * names.length),
    run: replay,
  }
}
