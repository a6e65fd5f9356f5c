// Normalization of single rows: each group of a row's columns separately. Layer norm has one group, instance norm one per
// channel, RMS norm does not subtract the mean. Groups need not consist of whole vectors.
import {
  COLUMN_SUMS_DBETA,
  COLUMN_SUMS_DGAMMA,
  COLUMN_SUMS_DY,
  COLUMN_SUMS_N,
  COLUMN_SUMS_STRIDE,
  ROW_NORM_BETA,
  ROW_NORM_CENTERED,
  ROW_NORM_COLS,
  ROW_NORM_EPSILON,
  ROW_NORM_FROM,
  ROW_NORM_GAMMA,
  ROW_NORM_GROUP,
  ROW_NORM_INVERSE,
  ROW_NORM_NORMALIZED,
  ROW_NORM_STRIDE,
  ROW_NORM_TO,
  SPREAD_COUNT,
  SPREAD_FROM,
  SPREAD_RUN,
  SPREAD_TO,
} from '../../src/abi/layers'
import { PANEL } from '../../src/abi/layout'
import { columnDots } from '../math/columns'
import { Lanes } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'

export class Group {
  /** Stores the first `left` lanes only: the rest belongs to the next group. */
  @inline static store(at: usize, value: v128, left: i32): void {
    if (left >= 4) {
      v128.store(at, value)
      return
    }
    store<f32>(at, f32x4.extract_lane(value, 0))
    if (left > 1) store<f32>(at, f32x4.extract_lane(value, 1), 4)
    if (left > 2) store<f32>(at, f32x4.extract_lane(value, 2), 8)
  }

  /** Zeros the row's padding. */
  @inline static clearPadding(row: usize, cols: i32): void {
    const end = row + ((<usize>((cols + PANEL - 1) & -PANEL)) << 2)
    for (let at = row + ((<usize>cols) << 2); at < end; at += 4) store<f32>(at, 0)
  }

  /** Four per-column values, or `missing` if the address is 0. */
  @inline static load(address: usize, offset: usize, left: i32, missing: v128): v128 {
    return address ? Lanes.load(address + offset, left) : missing
  }
}

/** n = (x - mean) / sqrt(variance + epsilon), y = gamma n + beta on rows [begin, end). */
export function rowNorm(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, ROW_NORM_STRIDE)
  const cols = Word.int(step, ROW_NORM_COLS)
  const size = Word.int(step, ROW_NORM_GROUP)
  const gammas = Word.address(step, ROW_NORM_GAMMA)
  const betas = Word.address(step, ROW_NORM_BETA)
  const kept = Word.address(step, ROW_NORM_NORMALIZED)
  const inverses = Word.address(step, ROW_NORM_INVERSE)
  const groups = cols / size
  const zero = f32x4.splat(0)
  const one = F4.one()
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const from = Word.address(step, ROW_NORM_FROM) + skip
    const to = Word.address(step, ROW_NORM_TO) + skip
    for (let g = 0; g < groups; g++) {
      const first = (<usize>(g * size)) << 2
      const mean = Word.int(step, ROW_NORM_CENTERED) ? f32x4.splat(groupMean(from + first, size)) : zero
      const inverse = groupInverse(from + first, size, mean, Word.float(step, ROW_NORM_EPSILON))
      if (inverses) store<f32>(inverses + ((<usize>(r * groups + g)) << 2), inverse)
      const scale = f32x4.splat(inverse)
      for (let left = size, at = first; left > 0; left -= 4, at += 16) {
        const n = F4.mulFlush(F4.subFlush(Lanes.load(from + at, left), mean), scale)
        const y = F4.flush(F4.fma(n, Group.load(gammas, at, left, one), Group.load(betas, at, left, zero)))
        if (kept) Group.store(kept + skip + at, n, left)
        Group.store(to + at, y, left)
      }
    }
    if (kept) Group.clearPadding(kept + skip, cols)
    Group.clearPadding(to, cols)
  }
}

/** Mean of `size` floats. */
function groupMean(at: usize, size: i32): f32 {
  let even = f32x4.splat(0)
  let odd = even
  let left = size
  for (; left >= 8; left -= 8, at += 32) {
    even = f32x4.add(even, v128.load(at))
    odd = f32x4.add(odd, v128.load(at, 16))
  }
  for (; left > 0; left -= 4, at += 16) even = f32x4.add(even, Lanes.load(at, left))
  return F4.sum(f32x4.add(even, odd)) / <f32>size
}

/** 1 / sqrt(mean of (x - mean)² + epsilon), corrected for the rounding error of the mean. */
function groupInverse(at: usize, size: i32, mean: v128, epsilon: f32): f32 {
  const zero = f32x4.splat(0)
  const index = i32x4(0, 1, 2, 3)
  const centered = v128.any_true(f32x4.ne(mean, zero))
  let sum = zero
  let squares = zero
  let more = zero
  let left = size
  for (; left >= 8; left -= 8, at += 32) {
    const a = F4.subFlush(v128.load(at), mean)
    const b = F4.subFlush(v128.load(at, 16), mean)
    sum = f32x4.add(sum, f32x4.add(a, b))
    squares = F4.fma(a, a, squares)
    more = F4.fma(b, b, more)
  }
  for (; left > 0; left -= 4, at += 16) {
    const d = v128.and(F4.subFlush(Lanes.load(at, left), mean), Lanes.mask(index, left))
    sum = f32x4.add(sum, d)
    squares = F4.fma(d, d, squares)
  }
  const share = 1 / <f64>size
  const shift = centered ? <f64>F4.sum(sum) * share : 0
  const variance = <f64>F4.sum(f32x4.add(squares, more)) * share - shift * shift
  return <f32>(1 / Math.sqrt(variance + <f64>epsilon))
}

/** dx = (u - mean u - n mean(u n)) / spread with u = gamma dy, without mean u unless centered, on rows [begin, end). */
export function rowNormBack(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, ROW_NORM_STRIDE)
  const cols = Word.int(step, ROW_NORM_COLS)
  const size = Word.int(step, ROW_NORM_GROUP)
  const gammas = Word.address(step, ROW_NORM_GAMMA)
  const inverses = Word.address(step, ROW_NORM_INVERSE)
  const groups = cols / size
  const share: f32 = <f32>1 / <f32>size
  const one = F4.one()
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const dy = Word.address(step, ROW_NORM_FROM) + skip
    const n = Word.address(step, ROW_NORM_NORMALIZED) + skip
    const dx = Word.address(step, ROW_NORM_TO) + skip
    for (let g = 0; g < groups; g++) {
      const first = (<usize>(g * size)) << 2
      const scale = load<f32>(inverses + ((<usize>(r * groups + g)) << 2))
      let sum = f32x4.splat(0)
      let dot = f32x4.splat(0)
      for (let left = size, at = first; left > 0; left -= 4, at += 16) {
        const u = F4.mulFlush(Lanes.load(dy + at, left), Group.load(gammas, at, left, one))
        sum = f32x4.add(sum, u)
        dot = F4.fma(u, Lanes.load(n + at, left), dot)
      }
      const mean = Word.int(step, ROW_NORM_CENTERED) ? F4.sum(sum) * share : 0
      const center = f32x4.splat(mean)
      const slope = F4.flush(f32x4.splat(F4.sum(dot) * share))
      const factor = f32x4.splat(scale)
      for (let left = size, at = first; left > 0; left -= 4, at += 16) {
        const u = F4.mulFlush(Lanes.load(dy + at, left), Group.load(gammas, at, left, one))
        const rest = F4.flush(F4.nfma(slope, Lanes.load(n + at, left), f32x4.sub(u, center)))
        Group.store(dx + at, F4.mulFlush(factor, rest), left)
      }
    }
    Group.clearPadding(dx, cols)
  }
}

/** dgamma = sum dy n and dbeta = sum dy over the rows, for panels [begin, end). */
export function columnSums(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, COLUMN_SUMS_STRIDE)
  const dgamma = Word.address(step, COLUMN_SUMS_DGAMMA)
  const dbeta = Word.address(step, COLUMN_SUMS_DBETA)
  for (let at = (<usize>begin) << 5; at < (<usize>end) << 5; at += 16) {
    columnDots(
      Word.address(step, COLUMN_SUMS_DY) + at,
      Word.address(step, COLUMN_SUMS_N) + at,
      stride,
      rows,
      0,
      dbeta ? dbeta + at : 0,
      dgamma ? dgamma + at : 0,
    )
  }
}

/** Expands one value per channel to one per column. Runs on one thread. */
export function spread(step: usize): void {
  const from = Word.address(step, SPREAD_FROM)
  const to = Word.address(step, SPREAD_TO)
  const run = Word.int(step, SPREAD_RUN)
  const count = Word.int(step, SPREAD_COUNT)
  for (let i = 0; i < count; i++) store<f32>(to + ((<usize>i) << 2), load<f32>(from + ((<usize>(i / run)) << 2)))
}

/** The backward pass: a channel's gradient is the sum over its columns. Runs on one thread. */
export function collect(step: usize): void {
  const from = Word.address(step, SPREAD_FROM)
  const to = Word.address(step, SPREAD_TO)
  const run = Word.int(step, SPREAD_RUN)
  const count = Word.int(step, SPREAD_COUNT)
  for (let i = 0; i < count; i += run) {
    let sum: f64 = 0
    for (let c = i; c < i + run; c++) sum += <f64>load<f32>(from + ((<usize>c) << 2))
    store<f32>(to + ((<usize>(i / run)) << 2), <f32>sum)
  }
}
