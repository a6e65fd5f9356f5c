/** Steps of the ops of linear algebra. */
import { SEED_SOFTMAX } from '../../../src/abi/fisher.ts'
import { SOLVE_TRANSPOSED } from '../../../src/abi/linear.ts'
import * as ops from '../../../src/machine/ops/linear.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, COUNT, STRIDE, WIDTH, X_STRIDE } from './sizes.ts'

export function linearSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const square = () => ({ to: room(), toRow: STRIDE, toPanel: 32 })
  const triangular = () => ({ u: room(), stride: STRIDE, n: COLS, first: 0, inverse: room() })
  return {
    // three units of work: pairs of panels, each with another
    gram: step(ops.gram, { ...square(), x: room(), xStride: X_STRIDE, rows: 11, n: 88, lower: 0, adds: 1 }),
    damp: step(ops.damp, { from: room(), to: room(), stride: STRIDE, n: COLS, scalar: 1, diagonal: room() }),
    cholesky: step(ops.cholesky, { ...triangular(), status: room(), diagonal: room() }),
    triangle: step(ops.triangle, {
      ...triangular(),
      x: room(),
      xStride: X_STRIDE,
      begin: 0,
      end: 45,
      kind: SOLVE_TRANSPOSED,
    }),
    stridedProduct: step(ops.stridedProduct, {
      a: room(),
      aStride: STRIDE,
      b: room(),
      bRow: STRIDE,
      bPanel: 32,
      bLast: room(),
      to: room(),
      toRow: STRIDE,
      toPanel: 32,
      toLast: room(),
      rows: WIDTH - 1,
      depth: 7,
      cols: WIDTH,
    }),
    combine: step(ops.combine, { x: room(), y: room(), to: room(), count: COUNT }),
    weigh: step(ops.weigh, {
      x: room(),
      xStride: X_STRIDE,
      cols: COLS,
      to: room(),
      toStride: STRIDE,
      weights: room(),
      ones: 1,
      divides: 0,
    }),
    seed: step(ops.seed, {
      y: room(),
      stride: STRIDE,
      cols: COLS,
      to: room(),
      weights: room(),
      kind: SEED_SOFTMAX,
      stream: 1,
    }),
  }
}
