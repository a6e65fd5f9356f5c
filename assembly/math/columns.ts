// Column sums over a batch, four columns at a time. Chunks of rows are summed in plain float32 and added
// with compensation (Kahan 1965), so that the error does not grow with the number of rows. One thread sums a whole column.
import { F4 } from './simd'

const CHUNK: i32 = 16

class Rows {
  /** One past the chunk's last row. */
  @inline static chunk(at: usize, stride: usize, left: i32): usize {
    return at + <usize>(left < CHUNK ? left : CHUNK) * stride
  }

  /** The rounding error of total + addend = next. */
  @inline static lost(next: v128, total: v128, addend: v128): v128 {
    return f32x4.sub(f32x4.sub(next, total), addend)
  }
}

/** mean = sum x / rows and variance = sum (x - mean)² / rows, one vector each; the second pass corrects the mean. */
export function columnMoments(x: usize, stride: usize, rows: i32, meanAt: usize, varianceAt: usize): void {
  const zero = f32x4.splat(0)
  const share = f32x4.splat(1 / <f32>rows)
  let total = zero
  let lost = zero
  let at = x
  for (let left = rows; left > 0; left -= CHUNK) {
    const last = Rows.chunk(at, stride, left)
    let sum = zero
    for (; at < last; at += stride) sum = f32x4.add(sum, v128.load(at))
    const addend = f32x4.sub(sum, lost)
    const next = f32x4.add(total, addend)
    lost = Rows.lost(next, total, addend)
    total = next
  }
  const mean = F4.mulFlush(total, share)

  let shift = zero
  let spread = zero
  lost = zero
  at = x
  for (let left = rows; left > 0; left -= CHUNK) {
    const last = Rows.chunk(at, stride, left)
    let sum = zero
    let squares = zero
    for (; at < last; at += stride) {
      const d = F4.subFlush(v128.load(at), mean)
      sum = f32x4.add(sum, d)
      squares = F4.fma(d, d, squares)
    }
    shift = f32x4.add(shift, sum)
    const addend = f32x4.sub(squares, lost)
    const next = f32x4.add(spread, addend)
    lost = Rows.lost(next, spread, addend)
    spread = next
  }
  // the mean's own rounding error
  shift = F4.mulFlush(shift, share)
  v128.store(meanAt, F4.flush(f32x4.add(mean, shift)))
  v128.store(varianceAt, F4.flush(f32x4.max(F4.nfma(shift, shift, F4.mulFlush(spread, share)), zero)))
}

/** sum = sum dy and dot = sum dy * (x - mean), one vector each; with address 0 no mean is subtracted, or nothing stored. */
export function columnDots(
  dy: usize,
  x: usize,
  stride: usize,
  rows: i32,
  meanAt: usize,
  sumAt: usize,
  dotAt: usize,
): void {
  const zero = f32x4.splat(0)
  const mean = meanAt ? v128.load(meanAt) : zero
  const offset = x - dy
  let sum = zero
  let dot = zero
  let sumLost = zero
  let dotLost = zero
  let at = dy
  for (let left = rows; left > 0; left -= CHUNK) {
    const last = Rows.chunk(at, stride, left)
    let chunkSum = zero
    let chunkDot = zero
    for (; at < last; at += stride) {
      const g = v128.load(at)
      chunkSum = f32x4.add(chunkSum, g)
      chunkDot = F4.fma(g, F4.subFlush(v128.load(at + offset), mean), chunkDot)
    }
    const addend = f32x4.sub(chunkSum, sumLost)
    const next = f32x4.add(sum, addend)
    sumLost = Rows.lost(next, sum, addend)
    sum = next
    const dotAddend = f32x4.sub(chunkDot, dotLost)
    const dotNext = f32x4.add(dot, dotAddend)
    dotLost = Rows.lost(dotNext, dot, dotAddend)
    dot = dotNext
  }
  if (sumAt) v128.store(sumAt, F4.flush(sum))
  if (dotAt) v128.store(dotAt, F4.flush(dot))
}
