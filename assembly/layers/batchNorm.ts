// Batch normalization: each column of x [rows, cols] separately, four columns at a time.
import {
  BATCH_NORM_BATCHES,
  BATCH_NORM_BETA,
  BATCH_NORM_COLS,
  BATCH_NORM_D_MAX,
  BATCH_NORM_DBETA,
  BATCH_NORM_DGAMMA,
  BATCH_NORM_DY,
  BATCH_NORM_EPSILON,
  BATCH_NORM_GAMMA,
  BATCH_NORM_MODE,
  BATCH_NORM_MODE_BATCH,
  BATCH_NORM_MODE_CONSTANT_VARIANCE,
  BATCH_NORM_MODE_RENORM,
  BATCH_NORM_MODE_SUMMED,
  BATCH_NORM_MOMENTUM,
  BATCH_NORM_R_MAX,
  BATCH_NORM_RUNNING_MEAN,
  BATCH_NORM_RUNNING_SPREAD,
  BATCH_NORM_STATISTICS,
  BATCH_NORM_STATISTICS_STRIDE,
  BATCH_NORM_STRIDE,
  BATCH_NORM_TO,
  BATCH_NORM_X,
  STATISTICS_D,
  STATISTICS_DOT,
  STATISTICS_INVERSE,
  STATISTICS_MEAN,
  STATISTICS_R,
  STATISTICS_SPREAD,
  STATISTICS_SUM,
} from '../../src/abi/layers'
import { columnDots, columnMoments } from '../math/columns'
import { F4 } from '../math/simd'
import { Word } from '../word'

class Column {
  /** The vector `offset` bytes into the row of parameters at `address`, or `missing` if that is 0. */
  @inline static load(address: usize, offset: usize, missing: v128): v128 {
    return address ? v128.load(address + offset) : missing
  }

  /** x clamped to [low, high]; NaN becomes `high`, so that padding columns stay finite. */
  @inline static clip(x: v128, low: v128, high: v128): v128 {
    return F4.larger(low, F4.smaller(high, x))
  }
}

/** y = (x - mean) * scale + shift, scale = gamma r / spread, shift = gamma d + beta, for panels [begin, end). */
export function batchNorm(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, BATCH_NORM_STRIDE)
  const mode = Word.int(step, BATCH_NORM_MODE)
  const gammas = Word.address(step, BATCH_NORM_GAMMA)
  const betas = Word.address(step, BATCH_NORM_BETA)
  const row = Word.address(step, BATCH_NORM_STATISTICS_STRIDE)
  const zero = f32x4.splat(0)
  const one = F4.one()
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const x = Word.address(step, BATCH_NORM_X) + offset
    const at = Word.address(step, BATCH_NORM_STATISTICS) + offset
    if (mode == BATCH_NORM_MODE_BATCH || mode == BATCH_NORM_MODE_RENORM) {
      if (TRAINING) batchStatistics(step, at, x, rows, offset, mode)
      else unreachable()
    } else constantStatistics(step, at, offset, mode)
    const gamma = Column.load(gammas, offset, one)
    const mean = v128.load(at + row * STATISTICS_MEAN)
    const r = v128.load(at + row * STATISTICS_R)
    const d = v128.load(at + row * STATISTICS_D)
    const scale = F4.mulFlush(f32x4.mul(v128.load(at + row * STATISTICS_INVERSE), r), gamma)
    const shift = F4.flush(F4.fma(gamma, d, Column.load(betas, offset, zero)))
    let from = x
    let to = Word.address(step, BATCH_NORM_TO) + offset
    for (let i = 0; i < rows; i++, from += stride, to += stride) {
      v128.store(to, F4.flush(F4.fma(F4.subFlush(v128.load(from), mean), scale, shift)))
    }
  }
}

/** Batch statistics of four columns, with r and d. */
function batchStatistics(step: usize, at: usize, x: usize, rows: i32, offset: usize, mode: i32): void {
  const row = Word.address(step, BATCH_NORM_STATISTICS_STRIDE)
  const mean = at + row * STATISTICS_MEAN
  const variance = at + row * STATISTICS_SPREAD
  const one = F4.one()
  columnMoments(x, Word.address(step, BATCH_NORM_STRIDE), rows, mean, variance)
  const spread = f32x4.sqrt(f32x4.add(v128.load(variance), Word.splat(step, BATCH_NORM_EPSILON)))
  v128.store(at + row * STATISTICS_INVERSE, f32x4.div(one, spread))
  v128.store(at + row * STATISTICS_R, one)
  v128.store(at + row * STATISTICS_D, f32x4.splat(0))
  if (mode == BATCH_NORM_MODE_BATCH) return

  // r = spread / sigma and d = (mean - mu) / sigma, both clipped: constants in the backward pass
  const sigma = v128.load(Word.address(step, BATCH_NORM_RUNNING_SPREAD) + offset)
  const mu = v128.load(Word.address(step, BATCH_NORM_RUNNING_MEAN) + offset)
  const rMax = Word.splat(step, BATCH_NORM_R_MAX)
  const dMax = Word.splat(step, BATCH_NORM_D_MAX)
  const d = f32x4.div(f32x4.sub(v128.load(mean), mu), sigma)
  v128.store(variance, spread)
  v128.store(at + row * STATISTICS_R, Column.clip(f32x4.div(spread, sigma), f32x4.div(one, rMax), rMax))
  v128.store(at + row * STATISTICS_D, Column.clip(d, f32x4.neg(dMax), dMax))
}

/** Running statistics of four columns as constants, 0 if there are none: r = 1, d = 0. */
function constantStatistics(step: usize, at: usize, offset: usize, mode: i32): void {
  const row = Word.address(step, BATCH_NORM_STATISTICS_STRIDE)
  const zero = f32x4.splat(0)
  const one = F4.one()
  let spread = Column.load(Word.address(step, BATCH_NORM_RUNNING_SPREAD), offset, zero)
  if (mode == BATCH_NORM_MODE_CONSTANT_VARIANCE) {
    spread = f32x4.sqrt(f32x4.add(spread, Word.splat(step, BATCH_NORM_EPSILON)))
  }
  // the deviation of padding is 0
  const inverse = v128.and(f32x4.div(one, spread), f32x4.ne(spread, zero))
  v128.store(at + row * STATISTICS_MEAN, Column.load(Word.address(step, BATCH_NORM_RUNNING_MEAN), offset, zero))
  v128.store(at + row * STATISTICS_INVERSE, inverse)
  v128.store(at + row * STATISTICS_R, one)
  v128.store(at + row * STATISTICS_D, zero)
}

/**
 * With n = (x - mean) / spread: dbeta = sum dy, dgamma = r sum dy n + d sum dy,
 * dx = gamma r / spread (dy - mean dy - n mean(dy n)); the means are omitted if the statistics are constants.
 */
export function batchNormBack(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, BATCH_NORM_STRIDE)
  const mode = Word.int(step, BATCH_NORM_MODE)
  const gammas = Word.address(step, BATCH_NORM_GAMMA)
  const dgamma = Word.address(step, BATCH_NORM_DGAMMA)
  const dbeta = Word.address(step, BATCH_NORM_DBETA)
  const dxs = Word.address(step, BATCH_NORM_TO)
  const row = Word.address(step, BATCH_NORM_STATISTICS_STRIDE)
  const summed = mode == BATCH_NORM_MODE_SUMMED
  const live = summed || mode == BATCH_NORM_MODE_BATCH || mode == BATCH_NORM_MODE_RENORM
  const zero = f32x4.splat(0)
  const share = f32x4.splat(1 / <f32>rows)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const x = Word.address(step, BATCH_NORM_X) + offset
    const dy = Word.address(step, BATCH_NORM_DY) + offset
    const at = Word.address(step, BATCH_NORM_STATISTICS) + offset
    const mean = v128.load(at + row * STATISTICS_MEAN)
    const inverse = v128.load(at + row * STATISTICS_INVERSE)
    const r = v128.load(at + row * STATISTICS_R)
    let center = zero
    let slope = zero
    const scale = F4.mulFlush(f32x4.mul(inverse, r), Column.load(gammas, offset, F4.one()))
    if (live || dgamma || dbeta) {
      const sums = at + row * STATISTICS_SUM
      const dots = at + row * STATISTICS_DOT
      if (!summed) columnDots(dy, x, stride, rows, at + row * STATISTICS_MEAN, sums, dots)
      const sum = v128.load(sums)
      const dot = F4.mulFlush(inverse, v128.load(dots))
      const d = v128.load(at + row * STATISTICS_D)
      if (dbeta) v128.store(dbeta + offset, sum)
      if (dgamma) v128.store(dgamma + offset, F4.flush(F4.fma(r, dot, f32x4.mul(d, sum))))
      if (live) {
        center = F4.mulFlush(scale, F4.mulFlush(sum, share))
        slope = F4.mulFlush(F4.mulFlush(scale, inverse), F4.mulFlush(dot, share))
      }
    }
    if (!dxs) continue
    const toX = x - dy
    const toDx = dxs + offset - dy
    const last = dy + <usize>rows * stride
    for (let from = dy; from < last; from += stride) {
      const rest = F4.nfma(slope, F4.subFlush(v128.load(from + toX), mean), f32x4.neg(center))
      v128.store(from + toDx, F4.flush(F4.fma(scale, v128.load(from), rest)))
    }
  }
}

/**
 * running = (1 - momentum) running + momentum batch, with the unbiased variance, or batch renorm's deviation.
 * A batch of one row has no variance and leaves both unchanged. Runs on one thread.
 */
export function runningStatistics(step: usize, rows: i32): void {
  if (rows < 2) return
  const cols = Word.int(step, BATCH_NORM_COLS)
  const row = Word.address(step, BATCH_NORM_STATISTICS_STRIDE)
  let at = Word.address(step, BATCH_NORM_STATISTICS)
  let means = Word.address(step, BATCH_NORM_RUNNING_MEAN)
  let spreads = Word.address(step, BATCH_NORM_RUNNING_SPREAD)
  let momentum = Word.float(step, BATCH_NORM_MOMENTUM)
  if (momentum == 0) {
    const batches = Word.address(step, BATCH_NORM_BATCHES)
    const seen = load<f32>(batches) + 1
    store<f32>(batches, seen)
    momentum = 1 / seen
  }
  const renorm = Word.int(step, BATCH_NORM_MODE) == BATCH_NORM_MODE_RENORM
  const kept = f32x4.splat(1 - momentum)
  const taken = f32x4.splat(momentum)
  const spreadTaken = renorm ? taken : f32x4.splat(momentum * (<f32>rows / <f32>(rows - 1)))
  const index = i32x4(0, 1, 2, 3)
  for (let c = 0; c < cols; c += 4, at += 16, means += 16, spreads += 16) {
    const mask = i32x4.lt_s(index, i32x4.splat(cols - c))
    const mean = F4.fma(kept, v128.load(means), f32x4.mul(taken, v128.load(at + row * STATISTICS_MEAN)))
    const spread = F4.fma(kept, v128.load(spreads), f32x4.mul(spreadTaken, v128.load(at + row * STATISTICS_SPREAD)))
    v128.store(means, v128.and(F4.flush(mean), mask))
    v128.store(spreads, v128.and(F4.flush(spread), mask))
  }
}
