// Steps on the gradient block between the backward pass and the update: penalties and clipping.
import {
  ACTIVITY_COLS,
  ACTIVITY_DY,
  ACTIVITY_L1,
  ACTIVITY_L2,
  ACTIVITY_STRIDE,
  ACTIVITY_TO,
  ACTIVITY_Y,
  CLIP_COUNT,
  CLIP_GRADIENTS,
  CLIP_LIMIT,
  CLIP_ORDER,
  CLIP_PARTIALS,
  PENALTY_COUNT,
  PENALTY_GRADIENTS,
  PENALTY_L1,
  PENALTY_L2,
  PENALTY_PARAMETERS,
  PENALTY_PARTIALS,
  PENALTY_SUM_COUNT,
  PENALTY_SUM_PARTIALS,
} from '../../src/abi/gradients'
import { PANEL, SUM_CHUNK } from '../../src/abi/layout'
import { RECORD_ALL_ROWS, RECORD_GRADIENT_NORM, RECORD_PENALTY } from '../../src/abi/records'
import { F4 } from '../math/simd'
import { Share } from '../threads/share'
import { Word } from '../word'

/** Bytes per partial sum. */
const CHUNK: usize = SUM_CHUNK << 2

/** Sums of |v| and v² in float64, two lanes each. */
class Sums {
  @inline static low(v: v128): v128 {
    return f64x2.promote_low_f32x4(f32x4.abs(v))
  }

  @inline static high(v: v128): v128 {
    return Sums.low(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
  }

  /** l1 * sign(v) + l2 * v; sign(v) is 1 with v's sign bit unless v is 0. */
  @inline static gradient(v: v128, l1: v128, l2: v128, one: v128, zero: v128): v128 {
    const sign = v128.and(v128.bitselect(v, one, f32x4.neg(zero)), f32x4.ne(v, zero))
    return f32x4.add(f32x4.mul(l1, sign), f32x4.mul(l2, v))
  }
}

/** gradients += l1 * sign(w) + l2 * w, if there are any; partials = l1 * sum|w| + l2 / 2 * sum w², for chunks [begin, end). */
export function penalize(step: usize, begin: i32, end: i32): void {
  const bytes = (<usize>Word.int(step, PENALTY_COUNT)) << 2
  const w = Word.address(step, PENALTY_PARAMETERS)
  const dw = Word.address(step, PENALTY_GRADIENTS)
  const partials = Word.address(step, PENALTY_PARTIALS)
  const l1 = Word.float(step, PENALTY_L1)
  const l2 = Word.float(step, PENALTY_L2)
  for (let chunk = <usize>begin; chunk < <usize>end; chunk++) {
    const last = min((chunk + 1) * CHUNK, bytes)
    store<f64>(partials + (chunk << 3), penaltyOf(l1, l2, dw, w, chunk * CHUNK, last))
  }
}

/** l1 * sum|w| + l2 / 2 * sum w² over bytes [begin, end), in float64; also dw += l1 * sign(w) + l2 * w, unless dw is 0. */
function penaltyOf(factor1: f32, factor2: f32, dw: usize, w: usize, begin: usize, end: usize): f64 {
  const l1 = f32x4.splat(factor1)
  const l2 = f32x4.splat(factor2)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  let absolute = f64x2.splat(0)
  let squared = f64x2.splat(0)
  for (let i = begin; i < end; i += 16) {
    const v = v128.load(w + i)
    if (dw) v128.store(dw + i, F4.flush(f32x4.add(v128.load(dw + i), Sums.gradient(v, l1, l2, one, zero))))
    const low = Sums.low(v)
    const high = Sums.high(v)
    absolute = f64x2.add(absolute, f64x2.add(low, high))
    squared = f64x2.add(squared, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
  }
  const first = f64x2.extract_lane(absolute, 0) + f64x2.extract_lane(absolute, 1)
  const second = f64x2.extract_lane(squared, 0) + f64x2.extract_lane(squared, 1)
  return <f64>factor1 * first + 0.5 * <f64>factor2 * second
}

/** record.penalty += all partials, in order. Runs on one thread. */
export function addPenalties(step: usize, record: usize): void {
  let partial = Word.address(step, PENALTY_SUM_PARTIALS)
  for (let count = Word.int(step, PENALTY_SUM_COUNT); count; count--, partial += 8) {
    addPenalty(record, load<f64>(partial))
  }
}

/** record.penalty += (l1 * sum|y| + l2 / 2 * sum y²) / rows. Runs on one thread. */
export function addActivity(step: usize, record: usize, rows: i32): void {
  const y = Word.address(step, ACTIVITY_Y)
  const stride = Word.address(step, ACTIVITY_STRIDE)
  const l1 = Word.float(step, ACTIVITY_L1)
  const l2 = Word.float(step, ACTIVITY_L2)
  let sum: f64 = 0
  for (let r: usize = 0; r < <usize>rows; r++) sum += penaltyOf(l1, l2, 0, y + r * stride, 0, activityBytes(step))
  addPenalty(record, sum / <f64>rows)
}

/** to = dy + (l1 * sign(y) + l2 * y) / rows, rows counting the whole batch, on rows [begin, end). */
export function addActivityGradient(step: usize, record: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, ACTIVITY_STRIDE)
  const bytes = activityBytes(step)
  const dy = Word.address(step, ACTIVITY_DY)
  const y = Word.address(step, ACTIVITY_Y)
  const to = Word.address(step, ACTIVITY_TO)
  const all = Word.int(record, RECORD_ALL_ROWS)
  const share = f32x4.splat(1 / <f32>(all ? all : rows))
  const l1 = F4.mulFlush(Word.splat(step, ACTIVITY_L1), share)
  const l2 = F4.mulFlush(Word.splat(step, ACTIVITY_L2), share)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  for (let r = begin; r < end; r++) {
    const row = <usize>r * stride
    for (let i = row; i < row + bytes; i += 16) {
      const v = v128.load(y + i)
      v128.store(to + i, F4.flush(f32x4.add(v128.load(dy + i), Sums.gradient(v, l1, l2, one, zero))))
    }
  }
}

/** Bytes of a row including padding, which is 0 in y and contributes nothing. */
function activityBytes(step: usize): usize {
  return <usize>Word.panels(step, ACTIVITY_COLS) * (PANEL << 2)
}

function addPenalty(record: usize, penalty: f64): void {
  Word.setDouble(record, RECORD_PENALTY, Word.double(record, RECORD_PENALTY) + penalty)
}

/** partials = sums of |g|^p for p = 1 or 2, or max |g|, in float64, for chunks [begin, end). */
export function sumGradients(step: usize, begin: i32, end: i32): void {
  const bytes = (<usize>Word.int(step, CLIP_COUNT)) << 2
  const partials = Word.address(step, CLIP_PARTIALS)
  for (let chunk = <usize>begin; chunk < <usize>end; chunk++) {
    const last = min((chunk + 1) * CHUNK, bytes)
    store<f64>(partials + (chunk << 3), sumOf(step, chunk * CHUNK, last))
  }
}

function sumOf(step: usize, begin: usize, end: usize): f64 {
  const g = Word.address(step, CLIP_GRADIENTS)
  const order = Word.int(step, CLIP_ORDER)
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
  return order ? first + second : max(first, second)
}

/** (sum |g|^p)^(1/p), or max |g|, from the partials in order; every thread computes it, the main one reports it. */
function gradientNorm(step: usize, record: usize, thread: i32): f64 {
  const order = Word.int(step, CLIP_ORDER)
  let partial = Word.address(step, CLIP_PARTIALS)
  let sum: f64 = 0
  for (let left = Word.int(step, CLIP_COUNT); left > 0; left -= SUM_CHUNK, partial += 8) {
    sum = order ? sum + load<f64>(partial) : max(sum, load<f64>(partial))
  }
  const norm = order == 2 ? Math.sqrt(sum) : sum
  if (thread == 0) Word.setDouble(record, RECORD_GRADIENT_NORM, norm)
  return norm
}

/** g *= min(1, limit / (norm + 1e-6)): PyTorch's clip_grad_norm_. On this thread's share of the block. */
export function clipNorm(step: usize, record: usize, thread: i32): void {
  const g = Word.address(step, CLIP_GRADIENTS)
  const coefficient = <f64>Word.float(step, CLIP_LIMIT) / (gradientNorm(step, record, thread) + 1e-6)
  const factor = F4.flush(f32x4.splat(<f32>coefficient))
  for (Share.of(Word.int(step, CLIP_COUNT) >> 2, thread); Share.more(); ) {
    if (coefficient >= 1) continue
    const end = (<usize>Share.end) << 4
    for (let i = (<usize>Share.begin) << 4; i < end; i += 16) v128.store(g + i, F4.mulFlush(v128.load(g + i), factor))
  }
}

/** g = clamp(g, -limit, limit) on vectors [begin, end) of the block: PyTorch's clip_grad_value_. */
export function clipValue(step: usize, begin: i32, end: i32): void {
  const g = Word.address(step, CLIP_GRADIENTS)
  const limit = Word.splat(step, CLIP_LIMIT)
  const negative = f32x4.neg(limit)
  for (let i = (<usize>begin) << 4; i < (<usize>end) << 4; i += 16) {
    v128.store(g + i, f32x4.min(f32x4.max(v128.load(g + i), negative), limit))
  }
}
