/** Dense linear algebra as blocked steps: Cholesky factorization, solving and inversion of symmetric positive definite matrices. */
import { PANEL } from '../abi/layout.ts'
import { LINEAR_BLOCK, SOLVE_IDENTITY, SOLVE_PLAIN, SOLVE_TRANSPOSED } from '../abi/linear.ts'
import { rowStride } from './matrixLayout.ts'
import * as ops from './ops/linear.ts'
import { mirror, toRows } from './ops/matrix.ts'
import { type Step, step } from './program.ts'

/** A square matrix in linear memory, row-major: rows `rowStride(n)` bytes apart, padding zero. */
export interface Square {
  readonly address: number
  readonly n: number
}

/** The Cholesky factor A = Uᵀ U, stored over A, and its work arrays. */
export interface Factor extends Square {
  /** n floats each: A's diagonal, and the reciprocal of U's. */
  readonly diagonal: number
  readonly inverse: number
  /** An i32, initially 0: set to the 1-based first row at which A is not positive definite. */
  readonly status: number
}

/** Right-hand sides in linear memory, one per column, rows `stride` bytes apart. */
export interface Sides {
  readonly address: number
  readonly stride: number
  readonly cols: number
}

export const squareBytes = (n: number): number => n * rowStride(n)

/** Row-major, or in panels of 8 columns. */
export type Order = 'rows' | 'panels'
export const strides = (n: number, order: Order): { toRow: number; toPanel: number } =>
  order === 'rows' ? { toRow: rowStride(n), toPanel: PANEL * 4 } : { toRow: PANEL * 4, toPanel: n * PANEL * 4 }

const blocksOf = (n: number): number[] =>
  Array.from({ length: Math.ceil(n / LINEAR_BLOCK) }, (_, i) => i * LINEAR_BLOCK)

/** U of `from` + damping I, the damping a record scalar: n³ / 3 operations. The strict lower triangle is undefined. */
export function choleskySteps(
  { address: u, n, diagonal, inverse, status }: Factor,
  from: number,
  scalar: number,
): Step[] {
  const damped = step(ops.damp, { from, to: u, stride: rowStride(n), n, scalar, diagonal })
  const common = { u, stride: rowStride(n), n, inverse }
  const rest = { x: u, xStride: rowStride(n), end: n, kind: SOLVE_TRANSPOSED }
  const blocks = blocksOf(n).flatMap((first) => {
    const begin = first + LINEAR_BLOCK
    const block = step(ops.cholesky, { ...common, first, status, diagonal })
    return begin < n ? [block, step(ops.triangle, { ...common, ...rest, first, begin })] : [block]
  })
  return [damped, ...blocks]
}

/** Solves A x = b in place; the two sign changes cancel: 2 n² operations per column. */
export function solveSteps({ address: u, n, inverse }: Factor, { address: x, stride: xStride, cols }: Sides): Step[] {
  const common = { u, stride: rowStride(n), n, inverse, x, xStride, begin: 0, end: cols }
  return [
    ...blocksOf(n).map((first) => step(ops.triangle, { ...common, first, kind: SOLVE_TRANSPOSED })),
    ...blocksOf(n)
      .reverse()
      .map((first) => step(ops.triangle, { ...common, first, kind: SOLVE_PLAIN })),
  ]
}

/** Writes A⁻¹, both triangles, to `to`, by way of U⁻ᵀ in `room`, which is as large as U; destroys U. 2 n³ / 3 operations. */
export function inverseSteps({ address: u, n, inverse }: Factor, room: number, to: number, order: Order): Step[] {
  const stride = rowStride(n)
  const common = { u, stride, n, inverse, x: room, xStride: stride, begin: 0, kind: SOLVE_IDENTITY }
  const panels = order === 'panels' ? to : u
  return [
    ...blocksOf(n).map((first) => step(ops.triangle, { ...common, first, end: Math.min(n, first + LINEAR_BLOCK) })),
    step(ops.gram, { x: room, xStride: stride, rows: n, n, to: panels, ...strides(n, 'panels'), lower: 1 }),
    order === 'panels'
      ? step(mirror, { matrix: to, size: n })
      : step(toRows, { from: u, to, stride, rows: n, cols: n, scale: 1, upper: 1 }),
  ]
}
