/** Steps of the ops on batches and losses. */
import { CORRECT_BINARY } from '../../../src/abi/batches.ts'
import { LOSS_SIGMOID_CROSSENTROPY } from '../../../src/abi/losses.ts'
import * as ops from '../../../src/machine/ops/batches.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, STRIDE } from './sizes.ts'

export function batchSamples(room: () => number, indices: number): { readonly [Name in keyof typeof ops]: Step } {
  return {
    none: step(ops.none, {}),
    gather: step(ops.gather, { from: room(), to: room(), order: indices, cols: COLS, toStride: STRIDE }),
    loss: step(ops.loss, {
      kind: LOSS_SIGMOID_CROSSENTROPY,
      outputs: room(),
      stride: STRIDE,
      cols: COLS,
      targets: room(),
      targetsStride: STRIDE,
      weights: room(),
      deltas: room(),
      rowLosses: room(),
      gradient: room(),
      probabilities: room(),
      delta: 1,
      smoothing: 0.1,
    }),
    meanLoss: step(ops.meanLoss, { rowLosses: room(), weights: room() }),
    correct: step(ops.correct, {
      mode: CORRECT_BINARY,
      outputs: room(),
      stride: STRIDE,
      cols: COLS,
      targets: room(),
      targetsStride: STRIDE,
      threshold: 0.5,
    }),
  }
}
