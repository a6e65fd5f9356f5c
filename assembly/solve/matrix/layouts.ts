// Conversion between the two matrix layouts: row-major, for product operands that are streamed once, and panels, for those that are
// reused. Work is split by panels; a block is 8 rows of a panel.
import { PANEL } from '../../../src/abi/layout'
import {
  CONVERT_COLS,
  CONVERT_EPSILON,
  CONVERT_FROM,
  CONVERT_PARTIAL_COUNT,
  CONVERT_PARTIALS,
  CONVERT_ROWS,
  CONVERT_SCALE,
  CONVERT_SHIFT,
  CONVERT_STRIDE,
  CONVERT_TO,
  CONVERT_TRANSPOSED,
  CONVERT_UPPER,
  MIRROR_MATRIX,
  MIRROR_SIZE,
} from '../../../src/abi/matrix'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

class Eight {
  /** to = scale * from, 8 floats. */
  @inline static scale(from: usize, to: usize, scale: v128): void {
    v128.store(to, F4.mulFlush(v128.load(from), scale))
    v128.store(to, F4.mulFlush(v128.load(from, 16), scale), 16)
  }

  /** Likewise for a column of `count` values `step` bytes apart; the remaining lanes become 0. */
  @inline static gather(from: usize, step: usize, count: i32, to: usize, scale: f32): void {
    for (let i = 0; i < PANEL; i++) {
      const value = i < count ? load<f32>(from + <usize>i * step) * scale : 0
      store<f32>(to + ((<usize>i) << 2), Eight.flush(value))
    }
  }

  /** Like F4.flush. */
  @inline static flush(x: f32): f32 {
    return f32x4.extract_lane(F4.flush(F4.splat(x)), 0)
  }

  @inline static shift(at: usize, shift: f32): void {
    store<f32>(at, load<f32>(at) + shift)
  }
}

/** The scale, divided by the norm if there is one. */
function scaleOf(step: usize): f32 {
  const scale = Word.float(step, CONVERT_SCALE)
  let partial = Word.address(step, CONVERT_PARTIALS)
  if (!partial) return scale
  let square: f64 = 0
  for (let left = Word.int(step, CONVERT_PARTIAL_COUNT); left > 0; left--, partial += 8) square += load<f64>(partial)
  const norm = sqrt<f64>(square)
  const least = <f64>Word.float(step, CONVERT_EPSILON)
  // NaN is propagated
  return <f32>(<f64>scale / (norm < least ? least : norm))
}

/** to = scale * from + shift * I for panels [begin, end) of `from`. */
export function toRows(step: usize, begin: i32, end: i32): void {
  const from = Word.address(step, CONVERT_FROM)
  const to = Word.address(step, CONVERT_TO)
  const stride = Word.address(step, CONVERT_STRIDE)
  const rows = Word.int(step, CONVERT_ROWS)
  const cols = Word.int(step, CONVERT_COLS)
  const upper = Word.int(step, CONVERT_UPPER)
  const transposed = Word.int(step, CONVERT_TRANSPOSED)
  const shift = Word.float(step, CONVERT_SHIFT)
  const one = scaleOf(step)
  const scale = F4.splat(one)
  const panel = <usize>rows * ROW
  for (let p = begin; p < end; p++) {
    const own = from + <usize>p * panel
    const first = p * PANEL
    const width = min(PANEL, cols - first)
    if (transposed) {
      for (let j = 0; j < width; j++) {
        const row = to + <usize>(first + j) * stride
        const column = own + ((<usize>j) << 2)
        for (let i = 0; i < rows; i += PANEL) {
          Eight.gather(column + <usize>i * ROW, ROW, rows - i, row + ((<usize>i) << 2), one)
        }
      }
      continue
    }
    const stop = upper ? min(rows, first + PANEL) : rows
    const column = to + <usize>p * ROW
    for (let i = 0; i < stop; i++) Eight.scale(own + <usize>i * ROW, column + <usize>i * stride, scale)
    // below the diagonal: row i from column i of the upper triangle
    for (let i = stop; i < rows; i++) {
      const above = from + <usize>(i / PANEL) * panel + <usize>first * ROW + ((<usize>(i & (PANEL - 1))) << 2)
      Eight.gather(above, ROW, PANEL, column + <usize>i * stride, one)
    }
    if (shift)
      for (let i = first; i < min(rows, first + width); i++)
        Eight.shift(to + <usize>i * stride + ((<usize>i) << 2), shift)
  }
}

/** to = scale * from + shift * I for panels [begin, end) of `to`. */
export function toPanels(step: usize, begin: i32, end: i32): void {
  const from = Word.address(step, CONVERT_FROM)
  const to = Word.address(step, CONVERT_TO)
  const stride = Word.address(step, CONVERT_STRIDE)
  const rows = Word.int(step, CONVERT_ROWS)
  const cols = Word.int(step, CONVERT_COLS)
  const upper = Word.int(step, CONVERT_UPPER)
  const shift = Word.float(step, CONVERT_SHIFT)
  const one = Word.float(step, CONVERT_SCALE)
  const scale = F4.splat(one)
  for (let p = begin; p < end; p++) {
    const own = to + <usize>p * <usize>rows * ROW
    const first = p * PANEL
    const stop = upper ? min(rows, first + PANEL) : rows
    const column = from + <usize>p * ROW
    for (let i = 0; i < stop; i++) Eight.scale(column + <usize>i * stride, own + <usize>i * ROW, scale)
    for (let i = stop; i < rows; i++) {
      const above = from + <usize>first * stride + ((<usize>i) << 2)
      Eight.gather(above, stride, PANEL, own + <usize>i * ROW, one)
    }
    if (!shift) continue
    for (let i = first; i < min(min(rows, cols), first + PANEL); i++) {
      Eight.shift(own + <usize>i * ROW + ((<usize>(i - first)) << 2), shift)
    }
  }
}

/** Fills panels [begin, end) below the diagonal from the blocks above it. */
export function mirror(step: usize, begin: i32, end: i32): void {
  const matrix = Word.address(step, MIRROR_MATRIX)
  const size = Word.int(step, MIRROR_SIZE)
  const panel = <usize>size * ROW
  for (let p = begin; p < end; p++) {
    const own = matrix + <usize>p * panel
    const first = p * PANEL
    for (let i = first + PANEL; i < size; i++) {
      const above = matrix + <usize>(i / PANEL) * panel + <usize>first * ROW + ((<usize>(i & (PANEL - 1))) << 2)
      Eight.gather(above, ROW, PANEL, own + <usize>i * ROW, 1)
    }
  }
}
