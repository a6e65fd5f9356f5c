// Shared by kernels over rows: partially filled vectors, targets, weights, padding.
import { FLOOR } from '../../src/abi/layout'
import { RECORD_ALL_WEIGHT } from '../../src/abi/records'
import { Word } from '../word'
import { F4 } from './simd'

/** A row's last vector: `left` of its four lanes belong to the row, the others to padding or to the next row. */
export class Lanes {
  /** Four floats, zeros past the row's end; does not read past the row, which may be packed. */
  @inline static load(at: usize, left: i32): v128 {
    if (left >= 4) return v128.load(at)
    if (left == 1) return v128.load32_zero(at)
    const pair = v128.load64_zero(at)
    return left == 2 ? pair : v128.load32_lane(at, pair, 2, 8)
  }

  /** All ones in the row's lanes; `index` holds 0, 1, 2, 3. */
  @inline static mask(index: v128, left: i32): v128 {
    return i32x4.lt_s(index, i32x4.splat(left))
  }

  /** One bit per lane. */
  @inline static bits(left: i32): i32 {
    return left >= 4 ? 15 : (1 << left) - 1
  }
}

/** Decodes a row's targets, and completes a row of gradients or probabilities. */
export class Row {
  /**
   * Four targets: of a dense row, or of the one-hot row for a class (`row` is then the address of its index), smoothed to
   * t * keep + base; zeros outside of `mask`.
   */
  @inline static targets(
    sparse: bool,
    row: usize,
    c: i32,
    left: i32,
    index: v128,
    keep: v128,
    base: v128,
    mask: v128,
  ): v128 {
    const t = sparse
      ? v128.and(i32x4.eq(index, i32x4.splat(load<i32>(row) - c)), F4.one())
      : Lanes.load(row + ((<usize>c) << 2), left)
    return v128.and(F4.fma(t, keep, base), mask)
  }

  /** w[r] / sum(w), for the gradient; `inverse` is 1 / sum(w). */
  static scale(weights: usize, r: i32, inverse: f64): f32 {
    const scale = weights ? <f64>load<f32>(weights + ((<usize>r) << 2)) * inverse : inverse
    return scale < FLOOR ? 0 : <f32>scale
  }

  /** Rows are padded to 8 floats: zeroes the second half of the last panel if the row ends in the first. */
  static endPanel(row: usize, cols: i32): void {
    if ((cols - 1) & 4) return
    v128.store(row + ((<usize>((cols + 3) & ~3)) << 2), i32x4.splat(0))
  }

  /** A row without weight has gradient zero, even if its derivative is not finite. */
  static endGradient(row: usize, cols: i32, scale: f32): void {
    if (scale == 0) memory.fill(row, 0, (<usize>((cols + 7) & ~7)) << 2)
    else Row.endPanel(row, cols)
  }
}

/** Sum of the row weights, in row order: the divisor of the weighted mean. */
export function totalWeight(weights: usize, rows: i32): f64 {
  if (!weights) return <f64>rows
  let total: f64 = 0
  const last = weights + ((<usize>rows) << 2)
  for (; weights < last; weights += 4) total += <f64>load<f32>(weights)
  return total
}

/** Likewise for the whole batch, of which these rows may be a part: the divisor of the gradients. */
export function batchWeight(record: usize, weights: usize, rows: i32): f64 {
  const all = Word.double(record, RECORD_ALL_WEIGHT)
  return all != 0 ? all : totalWeight(weights, rows)
}
