// Float to 8-bit activations: q = round(x / scale) + zero, 0..MOST; real 0 is always representable.
import {
  MOST,
  QUANTIZE_ROWS_COLS,
  QUANTIZE_ROWS_FROM,
  QUANTIZE_ROWS_ROWS,
  QUANTIZE_ROWS_SCALE,
  QUANTIZE_ROWS_STRIDE,
  QUANTIZE_ROWS_TO,
  QUANTIZE_ROWS_TO_STRIDE,
  QUANTIZE_ROWS_ZERO,
  ROW_BYTES,
  ROW_ZERO,
} from '../../src/abi/int8'
import { PANEL } from '../../src/abi/layout'
import { INFINITY, ROUNDING } from '../math/constants'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** Bytes of a panel's row of floats. */
const ROW: usize = PANEL << 2

/** Quantization of values: x times `inverse`, plus `zero`. */
export class Grain {
  /** 1 / scale; with scale 0 all values count as 0. */
  @inline static inverse(scale: f32): f32 {
    return scale > 0 ? 1 / scale : 0
  }

  /** Four values as non-negative 32-bit integers; NaN as 0. */
  @inline private static four(x: v128, inverse: v128, zero: v128): v128 {
    const moved = f32x4.add(f32x4.mul(x, inverse), zero)
    // in this order, since NaN in the second operand is dropped
    const positive = F4.larger(f32x4.splat(0), moved)
    const rounding = v128.load(0, ROUNDING)
    return i32x4.sub(f32x4.add(positive, rounding), rounding)
  }

  /** A panel's row of floats to PANEL bytes, saturating at MOST, the largest signed byte. */
  @inline static store(to: usize, from: usize, inverse: v128, zero: v128): void {
    const left = Grain.four(v128.load(from), inverse, zero)
    const right = Grain.four(v128.load(from, 16), inverse, zero)
    const words = i16x8.narrow_i32x4_s(left, right)
    v128.store64_lane(to, i8x16.narrow_i16x8_s(words, words), 0)
  }

  /** Stores a row's parameters; a NaN scale propagates to everything computed from the row. */
  @inline static setRow(row: usize, scale: f32, zero: i32): void {
    store<f32>(row, scale)
    store<i32>(row, zero, ROW_ZERO << 2)
  }
}

/** Rows [begin, end); padding, which is 0, becomes `zero`. */
export function quantizeRows(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, QUANTIZE_ROWS_STRIDE)
  const toStride = Word.address(step, QUANTIZE_ROWS_TO_STRIDE)
  const bytes = <usize>Word.panels(step, QUANTIZE_ROWS_COLS) * ROW
  const scale = Word.float(step, QUANTIZE_ROWS_SCALE)
  const zero = Word.float(step, QUANTIZE_ROWS_ZERO)
  let from = Word.address(step, QUANTIZE_ROWS_FROM) + <usize>begin * stride
  let to = Word.address(step, QUANTIZE_ROWS_TO) + <usize>begin * toStride
  let row = Word.address(step, QUANTIZE_ROWS_ROWS) + <usize>begin * ROW_BYTES
  for (let r = begin; r < end; r++, from += stride, to += toStride, row += ROW_BYTES) {
    quantizeRow(from, to, bytes, row, scale, zero)
  }
}

function quantizeRow(from: usize, to: usize, bytes: usize, row: usize, scale: f32, zero: f32): void {
  // both halves at once (sharing a panel if their number is odd), to hide the latency of min and max
  const half = ((bytes / ROW + 1) >> 1) * ROW
  const other = from + bytes - half
  let low = f32x4.splat(0)
  let low1 = low
  let low2 = low
  let low3 = low
  let high = low
  let high1 = low
  let high2 = low
  let high3 = low
  /** The largest |x| compared as integers, which orders infinity and NaN last. */
  let most = low
  for (let c: usize = 0; c < half; c += ROW) {
    const x = v128.load(from + c)
    const x1 = v128.load(from + c, 16)
    const x2 = v128.load(other + c)
    const x3 = v128.load(other + c, 16)
    low = F4.smaller(low, x)
    low1 = F4.smaller(low1, x1)
    low2 = F4.smaller(low2, x2)
    low3 = F4.smaller(low3, x3)
    high = F4.larger(high, x)
    high1 = F4.larger(high1, x1)
    high2 = F4.larger(high2, x2)
    high3 = F4.larger(high3, x3)
    most = i32x4.max_s(most, i32x4.max_s(F4.abs(x), F4.abs(x1)))
    most = i32x4.max_s(most, i32x4.max_s(F4.abs(x2), F4.abs(x3)))
  }
  if (v128.any_true(i32x4.ge_s(most, v128.load(0, INFINITY)))) {
    Grain.setRow(row, NaN, 0)
    memory.fill(to, 0, bytes >> 2)
    return
  }
  if (scale == 0) {
    const least = -F4.max(f32x4.neg(F4.smaller(F4.smaller(low, low1), F4.smaller(low2, low3))))
    const greatest = F4.max(F4.larger(F4.larger(high, high1), F4.larger(high2, high3)))
    // separately, since the difference may overflow float32
    scale = greatest * (1 / <f32>MOST) - least * (1 / <f32>MOST)
    zero = min(nearest(-least * Grain.inverse(scale)), <f32>MOST)
  }
  Grain.setRow(row, scale, <i32>zero)
  const by = F4.splat(Grain.inverse(scale))
  const moved = F4.splat(zero)
  for (let c: usize = 0; c < bytes; c += ROW) Grain.store(to + (c >> 2), from + c, by, moved)
}
