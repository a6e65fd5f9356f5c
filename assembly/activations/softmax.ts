// Softmax and log-softmax by row. Every row is summed by one thread in fours, in the same order for any split.
import { PANEL } from '../../src/abi/layout'
import { F4 } from '../math/simd'

/** A row's vectors: padding in the last ones must not contribute, and is set to 0. */
class Row {
  /** All ones in the lanes of vector `c` (given by its first column) that belong to the row. */
  @inline static mask(c: i32, cols: i32): v128 {
    return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(cols - c))
  }

  /** Number of columns including padding. */
  @inline static padded(cols: i32): i32 {
    return (cols + PANEL - 1) & -PANEL
  }

  @inline static load(row: usize, c: i32): v128 {
    return v128.load(row + ((<usize>c) << 2))
  }

  @inline static store(row: usize, c: i32, value: v128): void {
    v128.store(row + ((<usize>c) << 2), value)
  }

  static clearPadding(row: usize, cols: i32, padded: i32): void {
    for (let c = cols & -4; c < padded; c += 4) Row.store(row, c, v128.and(Row.load(row, c), Row.mask(c, cols)))
  }

  /** The row's maximum in all lanes. */
  @inline static max(row: usize, cols: i32): v128 {
    const first = v128.load32_splat(row)
    let largest = first
    for (let c = 0; c < cols; c += 4) {
      largest = F4.larger(largest, F4.select(Row.load(row, c), first, Row.mask(c, cols)))
    }
    return F4.splat(F4.max(largest))
  }

  /** The row's sum in all lanes. */
  @inline static sum(row: usize, cols: i32): v128 {
    let sum = f32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      sum = f32x4.add(sum, v128.and(Row.load(row, c), Row.mask(c, cols)))
    }
    return F4.flush(F4.splat(F4.sum(sum)))
  }
}

/** y = e^(x - max x) / sum e^(x - max x), all NaN if any x is NaN or infinite; `to` may be `from`. */
export function softmaxRows(from: usize, to: usize, stride: usize, cols: i32, rows: i32): void {
  const padded = Row.padded(cols)
  for (let r = 0; r < rows; r++, from += stride, to += stride) {
    const shift = Row.max(from, cols)
    let sum = f32x4.splat(0)
    for (let c = 0; c < padded; c += 4) {
      const e = v128.and(F4.exp(f32x4.sub(Row.load(from, c), shift)), Row.mask(c, cols))
      sum = f32x4.add(sum, e)
      Row.store(to, c, e)
    }
    const total = F4.sum(sum)
    const scale = F4.splat(1 / total)
    for (let c = 0; c < padded; c += 4) Row.store(to, c, F4.flushPositive(f32x4.mul(Row.load(to, c), scale)))
    // NaN is the only total that does not leave the padding at zero
    if (!(total > 0)) Row.clearPadding(to, cols, padded)
  }
}

/** dx = y (dy - sum dy y); `dx` may be `dy`. The padding of y is 0, so it needs no mask. */
export function softmaxBackRows(y: usize, dy: usize, dx: usize, stride: usize, cols: i32, rows: i32): void {
  const padded = Row.padded(cols)
  for (let r = 0; r < rows; r++, y += stride, dy += stride, dx += stride) {
    let sum = f32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      sum = F4.fma(Row.load(dy, c), Row.load(y, c), sum)
    }
    const dot = F4.splat(F4.sum(sum))
    for (let c = 0; c < padded; c += 4) {
      Row.store(dx, c, F4.mulFlush(Row.load(y, c), F4.subFlush(Row.load(dy, c), dot)))
    }
  }
}

/** y = x - max x - ln sum e^(x - max x); `to` may be `from`. */
export function logSoftmaxRows(from: usize, to: usize, stride: usize, cols: i32, rows: i32): void {
  const padded = Row.padded(cols)
  for (let r = 0; r < rows; r++, from += stride, to += stride) {
    const shift = Row.max(from, cols)
    let sum = f32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      sum = f32x4.add(sum, v128.and(F4.exp(f32x4.sub(Row.load(from, c), shift)), Row.mask(c, cols)))
    }
    const logSum = F4.log(F4.splat(F4.sum(sum)))
    for (let c = 0; c < padded; c += 4) {
      const y = f32x4.sub(f32x4.sub(Row.load(from, c), shift), logSum)
      Row.store(to, c, v128.and(y, Row.mask(c, cols)))
    }
  }
}

/** dx = dy - e^y sum dy; `dx` may be `dy`. */
export function logSoftmaxBackRows(y: usize, dy: usize, dx: usize, stride: usize, cols: i32, rows: i32): void {
  const padded = Row.padded(cols)
  for (let r = 0; r < rows; r++, y += stride, dy += stride, dx += stride) {
    const total = Row.sum(dy, cols)
    for (let c = 0; c < padded; c += 4) {
      const share = F4.nfma(F4.exp(Row.load(y, c)), total, Row.load(dy, c))
      Row.store(dx, c, v128.and(F4.flush(share), Row.mask(c, cols)))
    }
  }
}
