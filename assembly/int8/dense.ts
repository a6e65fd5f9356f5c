// Dense layers with 8-bit activations and weights: exact integer sums of products, then float with few roundings, the same
// on every target.
//
//   z = (sum of x w - zero · sum of w) · scale of the row · scale of the unit + b,  y = f(z)
//
// The sums of a panel of units over all rows of a piece stay in the L1 cache until they are converted to y.
import { ACTIVATION_LINEAR, ACTIVATION_RELU } from '../../src/abi/activations'
import {
  DENSE_INT8_ACTIVATION,
  DENSE_INT8_ALPHA,
  DENSE_INT8_B,
  DENSE_INT8_INPUTS,
  DENSE_INT8_SCALES,
  DENSE_INT8_SUMS,
  DENSE_INT8_TO,
  DENSE_INT8_TO_ROWS,
  DENSE_INT8_TO_SCALE,
  DENSE_INT8_TO_STRIDE,
  DENSE_INT8_TO_ZERO,
  DENSE_INT8_UNITS,
  DENSE_INT8_W,
  DENSE_INT8_X,
  DENSE_INT8_X_ROWS,
  DENSE_INT8_X_STRIDE,
  DENSE_INT8_Y,
  DENSE_INT8_Y_STRIDE,
  GROUP,
  ROW_BYTES,
  ROW_ZERO,
} from '../../src/abi/int8'
import { PANEL } from '../../src/abi/layout'
import { activateBlock } from '../activations/activations'
import { F4 } from '../math/simd'
import { Grid } from '../threads/grid'
import { Word } from '../word'
import { multiplyPanels, multiplyRows, multiplyTwoPanels, panelsAtOnce } from './products'
import { Grain } from './quantize'

/** Bytes of a panel's row of floats. */
const ROW: usize = PANEL << 2

export function denseInt8(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, DENSE_INT8_INPUTS)
  const bytes = <usize>((inputs + GROUP - 1) & -GROUP)
  for (Grid.of(rows, Word.panels(step, DENSE_INT8_UNITS), inputs, thread); Grid.more(); ) {
    const x = Word.address(step, DENSE_INT8_X) + <usize>Grid.row * Word.address(step, DENSE_INT8_X_STRIDE)
    const w = Word.address(step, DENSE_INT8_W) + <usize>Grid.begin * bytes * PANEL
    const yStride = Word.address(step, DENSE_INT8_Y_STRIDE)
    const y = Word.address(step, DENSE_INT8_Y) + <usize>Grid.row * yStride + <usize>Grid.begin * ROW
    const panels = Grid.end - Grid.begin
    if (Grid.rows == 1) {
      multiplyPanels(x, w, bytes, y, panels)
      finish(step, Grid.row, 1, Grid.begin, panels)
    } else {
      const xStride = Word.address(step, DENSE_INT8_X_STRIDE)
      const most = panelsAtOnce()
      for (let p = 0, n = 0; p < panels; p += n) {
        n = min(most, panels - p)
        const columns = w + <usize>p * bytes * PANEL
        const to = y + <usize>p * ROW
        if (n == 2) multiplyTwoPanels(x, xStride, columns, bytes, to, yStride, Grid.rows)
        else multiplyRows(x, xStride, columns, bytes, to, yStride, Grid.rows)
        finish(step, Grid.row, Grid.rows, Grid.begin + p, n)
      }
    }
  }
}

/** Converts the sums stored in y to y, and to 8-bit activations if requested. */
function finish(step: usize, row: i32, rows: i32, panel: i32, panels: i32): void {
  const at = <usize>panel * ROW
  const yStride = Word.address(step, DENSE_INT8_Y_STRIDE)
  const y = Word.address(step, DENSE_INT8_Y) + <usize>row * yStride + at
  const xRows = Word.address(step, DENSE_INT8_X_ROWS) + <usize>row * ROW_BYTES
  const kind = Word.int(step, DENSE_INT8_ACTIVATION)
  for (let p: usize = 0; p < <usize>panels * ROW; p += ROW) {
    toFloats(
      y + p,
      yStride,
      rows,
      xRows,
      Word.address(step, DENSE_INT8_SUMS) + at + p,
      Word.address(step, DENSE_INT8_SCALES) + at + p,
      Word.address(step, DENSE_INT8_B) + at + p,
      kind == ACTIVATION_RELU ? 0 : -Infinity,
    )
  }
  if (kind != ACTIVATION_LINEAR && kind != ACTIVATION_RELU) {
    activateBlock(kind, Word.float(step, DENSE_INT8_ALPHA), y, yStride, y, yStride, rows, panels)
  }
  const used = Word.int(step, DENSE_INT8_UNITS) - (panel + panels - 1) * PANEL
  if (used < PANEL) clearPads(y + <usize>(panels - 1) * ROW, yStride, rows, used)
  if (Word.address(step, DENSE_INT8_TO)) requantize(step, y, yStride, xRows, row, rows, panel, panels)
}

/** y = max((sum + zero · sums) · scale · scales + b, least) for a panel. */
function toFloats(
  y: usize,
  yStride: usize,
  rows: i32,
  xRows: usize,
  sums: usize,
  scales: usize,
  b: usize,
  least: f32,
): void {
  const low = f32x4.splat(least)
  const sums0 = v128.load(sums)
  const sums1 = v128.load(sums, 16)
  const scales0 = v128.load(scales)
  const scales1 = v128.load(scales, 16)
  const b0 = v128.load(b)
  const b1 = v128.load(b, 16)
  for (let r = 0; r < rows; r++, y += yStride, xRows += ROW_BYTES) {
    const scale = v128.load32_splat(xRows)
    const zero = v128.load32_splat(xRows, ROW_ZERO << 2)
    const z0 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(v128.load(y), i32x4.mul(zero, sums0))), scale)
    const z1 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(v128.load(y, 16), i32x4.mul(zero, sums1))), scale)
    v128.store(y, F4.larger(F4.flush(f32x4.add(f32x4.mul(z0, scales0), b0)), low))
    v128.store(y, F4.larger(F4.flush(f32x4.add(f32x4.mul(z1, scales1), b1)), low), 16)
  }
}

/** Zeros from column `first` to the end of a panel. */
function clearPads(y: usize, stride: usize, rows: i32, first: i32): void {
  for (; rows; rows--, y += stride) {
    for (let i = first; i < PANEL; i++) store<f32>(y + ((<usize>i) << 2), 0)
  }
}

/** Some panels of y as 8-bit activations with fixed quantization; a row with NaN stays NaN. */
function requantize(
  step: usize,
  y: usize,
  yStride: usize,
  xRows: usize,
  row: i32,
  rows: i32,
  panel: i32,
  panels: i32,
): void {
  const scale = Word.float(step, DENSE_INT8_TO_SCALE)
  const zero = Word.float(step, DENSE_INT8_TO_ZERO)
  const toStride = Word.address(step, DENSE_INT8_TO_STRIDE)
  let to = Word.address(step, DENSE_INT8_TO) + <usize>row * toStride + <usize>panel * PANEL
  if (panel == 0) {
    let toRow = Word.address(step, DENSE_INT8_TO_ROWS) + <usize>row * ROW_BYTES
    for (let r = 0; r < rows; r++, xRows += ROW_BYTES, toRow += ROW_BYTES) {
      const given = load<f32>(xRows)
      Grain.setRow(toRow, scale + (given - given), <i32>zero)
    }
  }
  const by = F4.splat(Grain.inverse(scale))
  const moved = F4.splat(zero)
  for (let r = 0; r < rows; r++, y += yStride, to += toStride) {
    for (let p: usize = 0; p < <usize>panels; p++) Grain.store(to + p * PANEL, y + p * ROW, by, moved)
  }
}
