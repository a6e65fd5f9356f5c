// What happens to the gradient block between the backward pass and the update: penalties and clipping.
import { PANEL, SUM_CHUNK } from '../../src/abi/layout'
import { OP_CLIP_NORM, OP_GRADIENT_SUMS, OP_PENALTY } from '../../src/abi/ops'
import {
  ACTIVITY_COLS,
  ACTIVITY_DY,
  ACTIVITY_STRIDE,
  ACTIVITY_TO,
  ACTIVITY_Y,
  BLOCK_COUNT,
  BLOCK_GRADIENTS,
  BLOCK_PARTIALS,
  CLIP_LIMIT,
  CLIP_ORDER,
  PENALTY_L1,
  PENALTY_L2,
  PENALTY_PARAMETERS,
} from '../../src/abi/optimizers'
import { RECORD_GRADIENT_NORM, RECORD_PENALTY } from '../../src/abi/records'
import { Share } from '../threads/share'

/** Bytes of what is summed at a time. */
const CHUNK: usize = SUM_CHUNK << 2

/** This thread's share of a step on the gradient block: sums by chunks, the rest by vectors. */
export function adjustGradients(op: i32, step: usize, record: usize, thread: i32): void {
  const count = load<i32>(step, BLOCK_COUNT << 2)
  const bytes = (<usize>count) << 2
  if (op == OP_PENALTY || op == OP_GRADIENT_SUMS) {
    for (Share.of((count + SUM_CHUNK - 1) / SUM_CHUNK, thread); Share.more(); ) {
      for (let chunk = <usize>Share.begin; chunk < <usize>Share.end; chunk++) {
        const partial = load<usize>(step, BLOCK_PARTIALS << 2) + (chunk << 3)
        const end = min((chunk + 1) * CHUNK, bytes)
        if (op == OP_PENALTY) {
          const w = load<usize>(step, PENALTY_PARAMETERS << 2)
          store<f64>(partial, penalize(step, load<usize>(step, BLOCK_GRADIENTS << 2), w, chunk * CHUNK, end))
        } else sumGradients(step, partial, chunk * CHUNK, end)
      }
    }
  } else {
    const norm = op == OP_CLIP_NORM ? gradientNorm(step, record, thread) : 0
    for (Share.of(count >> 2, thread); Share.more(); ) {
      const begin = (<usize>Share.begin) << 4
      const end = (<usize>Share.end) << 4
      if (op == OP_CLIP_NORM) clipNorm(step, norm, begin, end)
      else clipValue(step, begin, end)
    }
  }
}

/** Sums of |v| and v² in float64, two lanes each. */
class Sums {
  @inline static low(v: v128): v128 {
    return f64x2.promote_low_f32x4(f32x4.abs(v))
  }

  @inline static high(v: v128): v128 {
    return Sums.low(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
  }

  /** l1 * sign(v) + l2 * v: sign(v) is v's sign bit on 1 where v is not 0. */
  @inline static gradient(v: v128, l1: v128, l2: v128, one: v128, zero: v128): v128 {
    const sign = v128.and(v128.bitselect(v, one, f32x4.neg(zero)), f32x4.ne(v, zero))
    return f32x4.add(f32x4.mul(l1, sign), f32x4.mul(l2, v))
  }
}

/** l1 * sum|w| + l2 / 2 * sum w² over bytes [begin, end), in float64; and dw += l1 * sign(w) + l2 * w there, unless dw is 0. */
function penalize(step: usize, dw: usize, w: usize, begin: usize, end: usize): f64 {
  const l1 = v128.load32_splat(step, PENALTY_L1 << 2)
  const l2 = v128.load32_splat(step, PENALTY_L2 << 2)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  let absolute = f64x2.splat(0)
  let squared = f64x2.splat(0)
  for (let i = begin; i < end; i += 16) {
    const v = v128.load(w + i)
    if (dw) v128.store(dw + i, f32x4.add(v128.load(dw + i), Sums.gradient(v, l1, l2, one, zero)))
    const low = Sums.low(v)
    const high = Sums.high(v)
    absolute = f64x2.add(absolute, f64x2.add(low, high))
    squared = f64x2.add(squared, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
  }
  const first = f64x2.extract_lane(absolute, 0) + f64x2.extract_lane(absolute, 1)
  const second = f64x2.extract_lane(squared, 0) + f64x2.extract_lane(squared, 1)
  return <f64>load<f32>(step, PENALTY_L1 << 2) * first + 0.5 * <f64>load<f32>(step, PENALTY_L2 << 2) * second
}

/** record.penalty += all partials, in order: one thread's work. */
export function addPenalties(step: usize, record: usize): void {
  let partial = load<usize>(step, BLOCK_PARTIALS << 2)
  for (let count = load<i32>(step, BLOCK_COUNT << 2); count; count--, partial += 8) {
    addPenalty(record, load<f64>(partial))
  }
}

/** to = dy + (l1 * sign(y) + l2 * y) / rows; or, when dy is 0, penalty += (l1 * sum|y| + l2 / 2 * sum y²) / rows. */
export function penalizeActivity(step: usize, record: usize, rows: i32, thread: i32): void {
  const stride = load<usize>(step, ACTIVITY_STRIDE << 2)
  // pads of y are 0 and add nothing
  const bytes = (<usize>(load<i32>(step, ACTIVITY_COLS << 2) + PANEL - 1) & -PANEL) << 2
  if (load<usize>(step, ACTIVITY_DY << 2)) {
    for (Share.of(rows, thread); Share.more(); ) activityGradient(step, stride, bytes, rows)
    return
  }
  if (thread != 0) return
  const y = load<usize>(step, ACTIVITY_Y << 2)
  let sum: f64 = 0
  for (let r: usize = 0; r < <usize>rows; r++) sum += penalize(step, 0, y + r * stride, 0, bytes)
  addPenalty(record, sum / <f64>rows)
}

function activityGradient(step: usize, stride: usize, bytes: usize, rows: i32): void {
  const dy = load<usize>(step, ACTIVITY_DY << 2)
  const y = load<usize>(step, ACTIVITY_Y << 2)
  const to = load<usize>(step, ACTIVITY_TO << 2)
  const share = f32x4.splat(1 / <f32>rows)
  const l1 = f32x4.mul(v128.load32_splat(step, PENALTY_L1 << 2), share)
  const l2 = f32x4.mul(v128.load32_splat(step, PENALTY_L2 << 2), share)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  for (let r = Share.begin; r < Share.end; r++) {
    const row = <usize>r * stride
    for (let i = row; i < row + bytes; i += 16) {
      const v = v128.load(y + i)
      v128.store(to + i, f32x4.add(v128.load(dy + i), Sums.gradient(v, l1, l2, one, zero)))
    }
  }
}

function addPenalty(record: usize, penalty: f64): void {
  store<f64>(record, load<f64>(record, RECORD_PENALTY << 2) + penalty, RECORD_PENALTY << 2)
}

/** partial = sum |g|^p for p = 1 or 2, or max |g|, over bytes [begin, end), in float64. */
function sumGradients(step: usize, partial: usize, begin: usize, end: usize): void {
  const g = load<usize>(step, BLOCK_GRADIENTS << 2)
  const order = load<i32>(step, CLIP_ORDER << 2)
  let evens = f64x2.splat(0)
  let odds = f64x2.splat(0)
  for (let i = begin; i < end; i += 16) {
    const low = f64x2.abs(f64x2.promote_low_f32x4(v128.load64_zero(g + i)))
    const high = f64x2.abs(f64x2.promote_low_f32x4(v128.load64_zero(g + i, 8)))
    if (order == 2) {
      evens = f64x2.add(evens, f64x2.mul(low, low))
      odds = f64x2.add(odds, f64x2.mul(high, high))
    } else if (order == 1) {
      evens = f64x2.add(evens, low)
      odds = f64x2.add(odds, high)
    } else {
      evens = f64x2.max(evens, low)
      odds = f64x2.max(odds, high)
    }
  }
  const both = order ? f64x2.add(evens, odds) : f64x2.max(evens, odds)
  const first = f64x2.extract_lane(both, 0)
  const second = f64x2.extract_lane(both, 1)
  store<f64>(partial, order ? first + second : max(first, second))
}

/** (sum |g|^p)^(1/p), or max |g|, from the partials in order; every thread adds them up, the main one reports. */
function gradientNorm(step: usize, record: usize, thread: i32): f64 {
  const order = load<i32>(step, CLIP_ORDER << 2)
  let partial = load<usize>(step, BLOCK_PARTIALS << 2)
  let sum: f64 = 0
  for (let left = load<i32>(step, BLOCK_COUNT << 2); left > 0; left -= SUM_CHUNK, partial += 8) {
    sum = order ? sum + load<f64>(partial) : max(sum, load<f64>(partial))
  }
  const norm = order == 2 ? Math.sqrt(sum) : sum
  if (thread == 0) store<f64>(record, norm, RECORD_GRADIENT_NORM << 2)
  return norm
}

/** g *= min(1, limit / (norm + 1e-6)) on bytes [begin, end) of the block: PyTorch's clip_grad_norm_. */
function clipNorm(step: usize, norm: f64, begin: usize, end: usize): void {
  const g = load<usize>(step, BLOCK_GRADIENTS << 2)
  const coefficient = <f64>load<f32>(step, CLIP_LIMIT << 2) / (norm + 1e-6)
  if (coefficient >= 1) return
  const factor = f32x4.splat(<f32>coefficient)
  for (let i = begin; i < end; i += 16) v128.store(g + i, f32x4.mul(v128.load(g + i), factor))
}

/** g = clamp(g, -limit, limit) on bytes [begin, end) of the block: PyTorch's clip_grad_value_. */
function clipValue(step: usize, begin: usize, end: usize): void {
  const g = load<usize>(step, BLOCK_GRADIENTS << 2)
  const limit = v128.load32_splat(step, CLIP_LIMIT << 2)
  const negative = f32x4.neg(limit)
  for (let i = begin; i < end; i += 16) {
    v128.store(g + i, f32x4.min(f32x4.max(v128.load(g + i), negative), limit))
  }
}
