// Blocked Cholesky factorization A = Uᵀ U and triangular solves, in place. A block's rows hold minus the remainder of A, or of the
// right-hand sides, so that the tiles' products with earlier rows can be added without changing signs. Then strips of eight
// rows are solved one after another.

import { PANEL } from '../../../src/abi/layout'
import { LINEAR_BLOCK, SOLVE_IDENTITY, SOLVE_PLAIN } from '../../../src/abi/linear'
import { F4 } from '../../math/simd'
import { multiplyByColumns, multiplyByRows } from './products'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/** Pivots no larger than this, relative to A's diagonal, may be all rounding error. */
const LEAST: f64 = 1.0 / 1048576.0

/**
 * U's diagonal block from row `first` on, from minus A's: update by the rows above, then factor. `inverse` receives the reciprocal
 * diagonal; status, if 0, the 1-based first row whose pivot is too small or not finite.
 */
export function factorBlock(
  u: usize,
  stride: usize,
  n: i32,
  first: i32,
  inverse: usize,
  status: usize,
  diagonal: usize,
): void {
  const rows = min(LINEAR_BLOCK, n - first)
  const begin = first / PANEL
  const end = (first + rows + PANEL - 1) / PANEL
  const block = u + <usize>first * stride
  multiplyByColumns(
    u + ((<usize>first) << 2),
    stride,
    u,
    stride,
    ROW,
    block,
    stride,
    ROW,
    rows,
    begin,
    end,
    first,
    true,
  )
  for (let s = 0; s < rows; s += PANEL) {
    const p = begin + s / PANEL
    const m = min(PANEL, rows - s)
    const strip = block + <usize>s * stride
    const a = block + ((<usize>(first + s)) << 2)
    multiplyByColumns(a, stride, block, stride, ROW, strip, stride, ROW, m, p, end, s, true)
    factorSquare(strip + <usize>p * ROW, stride, m, first + s, inverse, status, diagonal)
    solveStrip(
      strip + <usize>p * ROW,
      stride,
      4,
      inverse + ((<usize>(first + s)) << 2),
      strip,
      stride,
      m,
      p + 1,
      end,
      false,
    )
  }
}

/** Up to 8 rows of the diagonal block, in float64. */
function factorSquare(
  at: usize,
  stride: usize,
  rows: i32,
  first: i32,
  inverse: usize,
  status: usize,
  diagonal: usize,
): void {
  for (let k = 0; k < rows; k++) {
    const row = at + <usize>k * stride
    const pivot = -remainder(at, stride, k, k)
    const least = LEAST * load<f32>(diagonal + ((<usize>(first + k)) << 2))
    let scale: f64 = 0
    if (pivot > 0 && pivot > least && pivot < Infinity) scale = 1 / sqrt(pivot)
    else if (load<i32>(status) == 0) store<i32>(status, first + k + 1)
    store<f32>(inverse + ((<usize>(first + k)) << 2), <f32>scale)
    store<f32>(row + ((<usize>k) << 2), scale > 0 ? <f32>sqrt(pivot) : 0)
    for (let j = 0; j < k; j++) store<f32>(row + ((<usize>j) << 2), 0)
    for (let j = k + 1; j < rows; j++) {
      store<f32>(row + ((<usize>j) << 2), <f32>(scale > 0 ? -scale * remainder(at, stride, k, j) : 0))
    }
  }
}

/** Minus the remainder of A[k][j] after the previous rows. */
function remainder(at: usize, stride: usize, k: i32, j: i32): f64 {
  let sum: f64 = load<f32>(at + <usize>k * stride + ((<usize>j) << 2))
  for (let l = 0; l < k; l++) {
    const row = at + <usize>l * stride
    sum += <f64>load<f32>(row + ((<usize>k) << 2)) * <f64>load<f32>(row + ((<usize>j) << 2))
  }
  return sum
}

/**
 * Rows [first, first + LINEAR_BLOCK) of x, from minus right-hand sides to solutions, for panels [begin, end): of
 * Uᵀ x = b with the blocks above solved, of U x = b with those below solved, or of Uᵀ x = I.
 */
export function solveBlock(
  u: usize,
  stride: usize,
  n: i32,
  first: i32,
  inverse: usize,
  x: usize,
  xStride: usize,
  begin: i32,
  end: i32,
  kind: i32,
): void {
  const rows = min(LINEAR_BLOCK, n - first)
  const block = x + <usize>first * xStride
  const column = u + ((<usize>first) << 2)
  if (kind == SOLVE_PLAIN) {
    const next = first + rows
    const a = u + <usize>first * stride + ((<usize>next) << 2)
    multiplyByRows(
      a,
      stride,
      x + <usize>next * xStride,
      xStride,
      ROW,
      block,
      xStride,
      ROW,
      rows,
      begin,
      end,
      n - next,
      true,
    )
  } else if (kind == SOLVE_IDENTITY) {
    for (let p = begin; p < end; p += 2) solveIdentity(column, stride, first, x, xStride, rows, p, min(p + 2, end))
  } else {
    multiplyByColumns(column, stride, x, xStride, ROW, block, xStride, ROW, rows, begin, end, first, true)
  }
  if (kind == SOLVE_PLAIN) solveBackward(u, stride, first, rows, inverse, block, xStride, begin, end)
  else
    solveForward(
      column + <usize>first * stride,
      stride,
      rows,
      inverse + ((<usize>first) << 2),
      block,
      xStride,
      begin,
      end,
    )
}

/** Two panels of -I and the rows above: the rows of a panel's columns before its own are zero. */
function solveIdentity(
  column: usize,
  stride: usize,
  first: i32,
  x: usize,
  xStride: usize,
  rows: i32,
  begin: i32,
  end: i32,
): void {
  const top = begin * PANEL
  const block = x + <usize>first * xStride
  if (top < first) {
    const above = <usize>top
    const depth = first - top
    multiplyByColumns(
      column + above * stride,
      stride,
      x + above * xStride,
      xStride,
      ROW,
      block,
      xStride,
      ROW,
      rows,
      begin,
      end,
      depth,
      false,
    )
    return
  }
  for (let r = 0; r < rows; r++) {
    const row = block + <usize>r * xStride
    memory.fill(row + <usize>begin * ROW, 0, <usize>(end - begin) * ROW)
    const own = first + r
    if (own >= top && own < end * PANEL) store<f32>(row + ((<usize>own) << 2), -1)
  }
}

/** Strips of a block, first to last; u: the block on the diagonal. */
function solveForward(
  u: usize,
  stride: usize,
  rows: i32,
  inverse: usize,
  block: usize,
  xStride: usize,
  begin: i32,
  end: i32,
): void {
  for (let p = begin; p < end; p += 2) {
    const last = min(p + 2, end)
    for (let s: usize = 0; s < <usize>rows; s += PANEL) {
      const m = min(PANEL, rows - <i32>s)
      const strip = block + s * xStride
      multiplyByColumns(u + (s << 2), stride, block, xStride, ROW, strip, xStride, ROW, m, p, last, <i32>s, true)
      solveStrip(u + s * stride + (s << 2), stride, 4, inverse + (s << 2), strip, xStride, m, p, last, false)
    }
  }
}

/** Strips of a block, last to first. */
function solveBackward(
  u: usize,
  stride: usize,
  first: i32,
  rows: i32,
  inverse: usize,
  block: usize,
  xStride: usize,
  begin: i32,
  end: i32,
): void {
  for (let p = begin; p < end; p += 2) {
    const last = min(p + 2, end)
    for (let s = (rows - 1) & -PANEL; s >= 0; s -= PANEL) {
      const m = min(PANEL, rows - s)
      const next = s + m
      const strip = block + <usize>s * xStride
      const row = u + <usize>(first + s) * stride
      const a = row + ((<usize>(first + next)) << 2)
      multiplyByRows(
        a,
        stride,
        block + <usize>next * xStride,
        xStride,
        ROW,
        strip,
        xStride,
        ROW,
        m,
        p,
        last,
        rows - next,
        true,
      )
      const at = (<usize>(first + s)) << 2
      solveStrip(row + at, 4, stride, inverse + at, strip, xStride, m, p, last, true)
    }
  }
}

/**
 * Up to 8 rows of x from minus their remainder: x_k = -(x_k + sum over l of u[l][k] x_l) inverse_k, l before k, that is,
 * below it if `backward`. u[l][k] is at u + l uRow + k uStep.
 */
function solveStrip(
  u: usize,
  uRow: usize,
  uStep: usize,
  inverse: usize,
  x: usize,
  xStride: usize,
  rows: i32,
  begin: i32,
  end: i32,
  backward: bool,
): void {
  for (let p = begin; p < end; p++) {
    const panel = x + <usize>p * ROW
    for (let i = 0; i < rows; i++) {
      const k = <usize>(backward ? rows - 1 - i : i)
      const row = panel + k * xStride
      let left = v128.load(row)
      let right = v128.load(row, 16)
      const low = backward ? k + 1 : 0
      const high = backward ? <usize>rows : k
      for (let l = low; l < high; l++) {
        const factor = v128.load32_splat(u + l * uRow + k * uStep)
        const known = panel + l * xStride
        left = F4.fma(factor, v128.load(known), left)
        right = F4.fma(factor, v128.load(known, 16), right)
      }
      const scale = f32x4.splat(-load<f32>(inverse + (k << 2)))
      v128.store(row, F4.mulFlush(left, scale))
      v128.store(row, F4.mulFlush(right, scale), 16)
    }
  }
}
