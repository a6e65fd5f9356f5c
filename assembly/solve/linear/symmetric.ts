// Symmetric matrices: computes their upper triangles.
import { PANEL } from '../../../src/abi/layout'
import { COMBINE_TO, COMBINE_X, COMBINE_Y } from '../../../src/abi/linear'
import { RECORD_SCALAR } from '../../../src/abi/records'
import { F4 } from '../../math/simd'
import { Word } from '../../word'
import { multiplyByColumns } from './products'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/**
 * to = xᵀ x [n x n], the diagonal and above, for pairs [begin, end) of panels; each pair p is handled along with the last but p, to
 * balance the work. lower: x is lower triangular.
 */
export function gram(
  x: usize,
  stride: usize,
  rows: i32,
  n: i32,
  to: usize,
  toRow: usize,
  toPanel: usize,
  begin: i32,
  end: i32,
  lower: bool,
  adds: bool,
): void {
  const panels = (n + PANEL - 1) / PANEL
  const pairs = (panels + 1) >> 1
  for (let p = begin; p < end; p++) {
    gramPair(x, stride, rows, n, to, toRow, toPanel, p << 1, panels, lower, adds)
    const other = pairs - 1 - p
    if (other != p) gramPair(x, stride, rows, n, to, toRow, toPanel, other << 1, panels, lower, adds)
  }
}

function gramPair(
  x: usize,
  stride: usize,
  rows: i32,
  n: i32,
  to: usize,
  toRow: usize,
  toPanel: usize,
  panel: i32,
  panels: i32,
  lower: bool,
  adds: bool,
): void {
  const end = min(panel + 2, panels)
  const top = lower ? panel * PANEL : 0
  const from = x + <usize>top * stride
  multiplyByColumns(
    from,
    stride,
    from,
    stride,
    ROW,
    to,
    toRow,
    toPanel,
    min(n, end * PANEL),
    panel,
    end,
    rows - top,
    adds,
  )
}

/** to = -(from + damping I), the diagonal and above, and a copy of the diagonal, for strips [begin, end) of eight rows. */
export function damp(
  from: usize,
  to: usize,
  stride: usize,
  n: i32,
  damping: f32,
  diagonal: usize,
  begin: i32,
  end: i32,
): void {
  const bytes = <usize>((n + PANEL - 1) / PANEL) * ROW
  for (let s = begin; s < end; s++) {
    const last = min(n, (s + 1) * PANEL)
    for (let i = s * PANEL; i < last; i++) {
      const row = <usize>i * stride
      for (let at = <usize>s * ROW; at < bytes; at += 16) {
        v128.store(to + row + at, f32x4.neg(v128.load(from + row + at)))
      }
      const own = row + ((<usize>i) << 2)
      const damped = load<f32>(from + own) + damping
      store<f32>(to + own, -damped)
      store<f32>(diagonal + ((<usize>i) << 2), damped)
    }
  }
}

/** to = record.scalar 0 x + record.scalar 1 y, for vectors [begin, end). */
export function combine(step: usize, record: usize, begin: i32, end: i32): void {
  const a = Word.splat(record, RECORD_SCALAR)
  const b = Word.splat(record, RECORD_SCALAR + 1)
  const x = Word.address(step, COMBINE_X)
  const toY = Word.address(step, COMBINE_Y) - x
  const toTo = Word.address(step, COMBINE_TO) - x
  const last = x + ((<usize>end) << 4)
  for (let at = x + ((<usize>begin) << 4); at < last; at += 16) {
    v128.store(at + toTo, F4.flush(F4.fma(a, v128.load(at), f32x4.mul(b, v128.load(at + toY)))))
  }
}
