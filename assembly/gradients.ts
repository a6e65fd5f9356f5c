// What happens to the gradient block between the backward pass and the update: penalties and clipping.
import {
  ACTIVITY_COLS,
  ACTIVITY_DY,
  ACTIVITY_STRIDE,
  ACTIVITY_TO,
  ACTIVITY_Y,
  BLOCK_COUNT,
  BLOCK_GRADIENTS,
  CLIP_LIMIT,
  NORM_ORDER,
  OP_ACTIVITY,
  OP_CLIP_NORM,
  OP_CLIP_VALUE,
  OP_PENALTY,
  PANEL,
  PENALTY_L1,
  PENALTY_L2,
  PENALTY_PARAMETERS,
  RECORD_GRADIENT_NORM,
  RECORD_PENALTY,
  RECORD_ROWS,
} from '../src/abi'
import { Share } from './share'

/** This thread's share of a step on the gradient block; sums are one thread's work, so that their order is fixed. */
export function adjustGradients(op: i32, step: usize, record: usize, thread: i32): void {
  const vectors = load<i32>(step, BLOCK_COUNT << 2) >> 2
  if (op == OP_CLIP_NORM || op == OP_CLIP_VALUE) {
    for (Share.of(vectors, thread); Share.more(); ) {
      const begin = (<usize>Share.begin) << 4
      const end = (<usize>Share.end) << 4
      if (op == OP_CLIP_NORM) clipNorm(step, record, begin, end)
      else clipValue(step, begin, end)
    }
  } else if (thread != 0) return
  else if (op == OP_PENALTY) penalize(step, record)
  else if (op == OP_ACTIVITY) penalizeActivity(step, record)
  else gradientNorm(step, record)
}

/** Sums of |v| and v² in float64, two lanes each. */
class Sums {
  @inline static low(v: v128): v128 {
    return f64x2.promote_low_f32x4(f32x4.abs(v))
  }

  @inline static high(v: v128): v128 {
    return Sums.low(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
  }

  /** l1 * sum|v| + l2 / 2 * sum v² */
  @inline static penalty(step: usize, absolute: v128, squared: v128): f64 {
    const l1 = <f64>load<f32>(step, PENALTY_L1 << 2)
    const l2 = <f64>load<f32>(step, PENALTY_L2 << 2)
    const first = f64x2.extract_lane(absolute, 0) + f64x2.extract_lane(absolute, 1)
    const second = f64x2.extract_lane(squared, 0) + f64x2.extract_lane(squared, 1)
    return l1 * first + 0.5 * l2 * second
  }

  /** l1 * sign(v) + l2 * v: sign(v) is v's sign bit on 1 where v is not 0. */
  @inline static gradient(v: v128, l1: v128, l2: v128, one: v128, zero: v128): v128 {
    const sign = v128.and(v128.bitselect(v, one, f32x4.neg(zero)), f32x4.ne(v, zero))
    return f32x4.add(f32x4.mul(l1, sign), f32x4.mul(l2, v))
  }
}

/** dw += l1 * sign(w) + l2 * w, unless dw is 0; penalty += l1 * sum|w| + l2 / 2 * sum w², summed in float64 in storage order. */
function penalize(step: usize, record: usize): void {
  const dw = load<usize>(step, BLOCK_GRADIENTS << 2)
  const w = load<usize>(step, PENALTY_PARAMETERS << 2)
  const bytes = (<usize>load<i32>(step, BLOCK_COUNT << 2)) << 2
  const l1 = v128.load32_splat(step, PENALTY_L1 << 2)
  const l2 = v128.load32_splat(step, PENALTY_L2 << 2)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  let absolute = f64x2.splat(0)
  let squared = f64x2.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(w + i)
    if (dw) v128.store(dw + i, f32x4.add(v128.load(dw + i), Sums.gradient(v, l1, l2, one, zero)))
    const low = Sums.low(v)
    const high = Sums.high(v)
    absolute = f64x2.add(absolute, f64x2.add(low, high))
    squared = f64x2.add(squared, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
  }
  addPenalty(record, Sums.penalty(step, absolute, squared))
}

/**
 * to = dy + (l1 * sign(y) + l2 * y) / rows; or, when dy is 0, penalty += (l1 * sum|y| + l2 / 2 * sum y²) / rows.
 * Pads of y are 0 and add nothing.
 */
function penalizeActivity(step: usize, record: usize): void {
  const rows = load<i32>(record, RECORD_ROWS << 2)
  const dy = load<usize>(step, ACTIVITY_DY << 2)
  const y = load<usize>(step, ACTIVITY_Y << 2)
  const to = load<usize>(step, ACTIVITY_TO << 2)
  const stride = load<usize>(step, ACTIVITY_STRIDE << 2)
  const bytes = (<usize>(load<i32>(step, ACTIVITY_COLS << 2) + PANEL - 1) & -PANEL) << 2
  const share = f32x4.splat(1 / <f32>rows)
  const l1 = f32x4.mul(v128.load32_splat(step, PENALTY_L1 << 2), share)
  const l2 = f32x4.mul(v128.load32_splat(step, PENALTY_L2 << 2), share)
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  let absolute = f64x2.splat(0)
  let squared = f64x2.splat(0)
  for (let r = 0; r < rows; r++) {
    const row = <usize>r * stride
    for (let i = row; i < row + bytes; i += 16) {
      const v = v128.load(y + i)
      if (dy) {
        v128.store(to + i, f32x4.add(v128.load(dy + i), Sums.gradient(v, l1, l2, one, zero)))
        continue
      }
      const low = Sums.low(v)
      const high = Sums.high(v)
      absolute = f64x2.add(absolute, f64x2.add(low, high))
      squared = f64x2.add(squared, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)))
    }
  }
  if (!dy) addPenalty(record, Sums.penalty(step, absolute, squared) / <f64>rows)
}

function addPenalty(record: usize, penalty: f64): void {
  store<f64>(record, load<f64>(record, RECORD_PENALTY << 2) + penalty, RECORD_PENALTY << 2)
}

/** record.gradientNorm = (sum |g|^p)^(1/p) for p = 1 or 2, or max |g|, in float64 in storage order. */
function gradientNorm(step: usize, record: usize): void {
  const g = load<usize>(step, BLOCK_GRADIENTS << 2)
  const bytes = (<usize>load<i32>(step, BLOCK_COUNT << 2)) << 2
  const order = load<i32>(step, NORM_ORDER << 2)
  let evens = f64x2.splat(0)
  let odds = f64x2.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
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
  const norm = order == 2 ? Math.sqrt(first + second) : order == 1 ? first + second : max(first, second)
  store<f64>(record, norm, RECORD_GRADIENT_NORM << 2)
}

/** g *= min(1, limit / (norm + 1e-6)) on bytes [begin, end) of the block: PyTorch's clip_grad_norm_. */
function clipNorm(step: usize, record: usize, begin: usize, end: usize): void {
  const g = load<usize>(step, BLOCK_GRADIENTS << 2)
  const coefficient = <f64>load<f32>(step, CLIP_LIMIT << 2) / (load<f64>(record, RECORD_GRADIENT_NORM << 2) + 1e-6)
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
