// Losses: each row's loss and the gradient of the batch's weighted mean, dy[r] = w[r] / sum(w) * dloss[r] / dy[r].
// A row is summed by one thread, left to right in fours, so that results do not depend on the split of rows.
import {
  LOSS_COLS,
  LOSS_DELTA,
  LOSS_DELTAS,
  LOSS_GRADIENT,
  LOSS_KIND,
  LOSS_OUTPUTS,
  LOSS_PROBABILITIES,
  LOSS_ROW_LOSSES,
  LOSS_SMOOTHING,
  LOSS_STRIDE,
  LOSS_TARGETS,
  LOSS_TARGETS_STRIDE,
  LOSS_WEIGHTS,
} from '../../src/abi/batches'
import {
  LOSS_ABSOLUTE_ERROR,
  LOSS_BINARY_CROSSENTROPY,
  LOSS_CATEGORICAL_HINGE,
  LOSS_HINGE,
  LOSS_HUBER,
  LOSS_KL_DIVERGENCE,
  LOSS_LOG_COSH,
  LOSS_PERCENTAGE_ERROR,
  LOSS_POISSON,
  LOSS_SIGMOID_CROSSENTROPY,
  LOSS_SOFTMAX_CROSSENTROPY,
  LOSS_SOFTMAX_SPARSE,
  LOSS_SQUARED_ERROR,
  LOSS_SQUARED_HINGE,
} from '../../src/abi/losses'
import { batchWeight, Lanes, Row } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { softmaxRows } from './softmaxLoss'
import {
  AbsoluteError,
  BinaryCrossentropy,
  Hinge,
  Huber,
  KlDivergence,
  LogCosh,
  PercentageError,
  Poisson,
  SigmoidCrossentropy,
  SquaredError,
  SquaredHinge,
} from './terms'

/** Losses of rows [rowBegin, rowEnd) and, if the step has a place for it, their gradient; operands are LOSS_* words. */
export function lossRows(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  switch (Word.int(step, LOSS_KIND)) {
    case LOSS_SOFTMAX_SPARSE:
    case LOSS_SOFTMAX_CROSSENTROPY:
      softmaxRows(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_SIGMOID_CROSSENTROPY:
      elementRows<SigmoidCrossentropy>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_BINARY_CROSSENTROPY:
      elementRows<BinaryCrossentropy>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_SQUARED_ERROR:
      elementRows<SquaredError>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_ABSOLUTE_ERROR:
      elementRows<AbsoluteError>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_PERCENTAGE_ERROR:
      elementRows<PercentageError>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_HUBER:
      elementRows<Huber>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_LOG_COSH:
      elementRows<LogCosh>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_KL_DIVERGENCE:
      elementRows<KlDivergence>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_POISSON:
      elementRows<Poisson>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_HINGE:
      elementRows<Hinge>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_SQUARED_HINGE:
      elementRows<SquaredHinge>(step, record, rows, rowBegin, rowEnd)
      break
    case LOSS_CATEGORICAL_HINGE:
      categoricalHingeRows(step, record, rows, rowBegin, rowEnd)
      break
    default:
      unreachable()
  }
}

/** Losses that are a sum or a mean of terms over a row. */
function elementRows<T>(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  const rule = changetype<T>(<usize>0)
  const kind = Word.int(step, LOSS_KIND)
  const averages = kind != LOSS_KL_DIVERGENCE
  const cols = Word.int(step, LOSS_COLS)
  const stride = Word.address(step, LOSS_STRIDE)
  const targetsStride = Word.address(step, LOSS_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_WEIGHTS)
  const rowLosses = Word.address(step, LOSS_ROW_LOSSES)
  const shared = Word.splat(step, LOSS_DELTA)
  const deltas: usize = isDefined(rule.weighs) ? Word.address(step, LOSS_DELTAS) : 0
  const smoothing = Word.float(step, LOSS_SMOOTHING)
  const keep = f32x4.splat(1 - smoothing)
  // smoothing is spread over two outcomes for binary terms, over all classes for sums
  const base = f32x4.splat(smoothing / (averages ? <f32>2 : <f32>cols))
  const share: f64 = averages ? 1 / <f64>cols : 1
  const total = batchWeight(record, weights, rows)
  const inverse = total != 0 ? share / total : 0
  const index = i32x4(0, 1, 2, 3)

  let outputs = Word.address(step, LOSS_OUTPUTS) + <usize>rowBegin * stride
  let targets = Word.address(step, LOSS_TARGETS) + <usize>rowBegin * targetsStride
  let gradient = Word.address(step, LOSS_GRADIENT)
  let probabilities: usize = isDefined(rule.probability) ? Word.address(step, LOSS_PROBABILITIES) : 0
  if (gradient) gradient += <usize>rowBegin * stride
  if (probabilities) probabilities += <usize>rowBegin * stride
  for (let r = rowBegin; r < rowEnd; r++) {
    const scale = Row.scale(weights, r, inverse)
    const scales = f32x4.splat(scale)
    let sum = i32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const left = cols - c
      const mask = Lanes.mask(index, left)
      const y = v128.load(outputs + at)
      const t = Row.targets(false, targets, c, left, index, keep, base, mask)
      const delta = isDefined(rule.weighs) && deltas ? v128.load(deltas + at) : shared
      sum = f32x4.add(sum, v128.and(rule.loss(y, t, delta), mask))
      const p = isDefined(rule.probability) ? rule.probability(y) : y
      if (probabilities) v128.store(probabilities + at, v128.and(p, mask))
      if (gradient) {
        v128.store(gradient + at, v128.and(F4.mulFlush(rule.slope(p, t, delta), scales), mask))
      }
    }
    store<f32>(rowLosses + ((<usize>r) << 2), F4.sum(sum) * <f32>share)
    if (gradient) {
      Row.endGradient(gradient, cols, scale)
      gradient += stride
    }
    if (probabilities) {
      Row.endPanel(probabilities, cols)
      probabilities += stride
    }
    outputs += stride
    targets += targetsStride
  }
}

/**
 * loss = max(0, 1 + max (1 - t) y - sum t y); while it is positive dy = (1 - t) / ties - t, the first part only where
 * (1 - t) y attains the maximum.
 */
function categoricalHingeRows(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  const cols = Word.int(step, LOSS_COLS)
  const stride = Word.address(step, LOSS_STRIDE)
  const targetsStride = Word.address(step, LOSS_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_WEIGHTS)
  const rowLosses = Word.address(step, LOSS_ROW_LOSSES)
  const total = batchWeight(record, weights, rows)
  const inverse = total != 0 ? 1 / total : 0
  const index = i32x4(0, 1, 2, 3)
  const one = f32x4.splat(1)

  let outputs = Word.address(step, LOSS_OUTPUTS) + <usize>rowBegin * stride
  let targets = Word.address(step, LOSS_TARGETS) + <usize>rowBegin * targetsStride
  let gradient = Word.address(step, LOSS_GRADIENT)
  if (gradient) gradient += <usize>rowBegin * stride
  for (let r = rowBegin; r < rowEnd; r++) {
    const first = f32x4.splat((1 - load<f32>(targets)) * load<f32>(outputs))
    let positive = i32x4.splat(0)
    let negative = first
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const left = cols - c
      const y = v128.load(outputs + at)
      const t = Lanes.load(targets + at, left)
      positive = F4.fma(t, y, positive)
      const other = f32x4.mul(f32x4.sub(one, t), y)
      negative = f32x4.max(negative, v128.bitselect(other, first, Lanes.mask(index, left)))
    }
    const largest = F4.max(negative)
    const loss = largest - F4.sum(positive) + 1
    store<f32>(rowLosses + ((<usize>r) << 2), max<f32>(loss, 0))

    if (gradient) {
      const wanted = f32x4.splat(largest)
      let ties = 0
      for (let c = 0; c < cols; c += 4) {
        const at = (<usize>c) << 2
        const left = cols - c
        const other = f32x4.mul(f32x4.sub(one, Lanes.load(targets + at, left)), v128.load(outputs + at))
        ties += popcnt(i32x4.bitmask(f32x4.eq(other, wanted)) & Lanes.bits(left))
      }
      const scale: f32 = loss <= 0 ? 0 : Row.scale(weights, r, inverse)
      const scales = f32x4.splat(scale)
      const share = f32x4.splat(1 / <f32>ties)
      for (let c = 0; c < cols; c += 4) {
        const at = (<usize>c) << 2
        const left = cols - c
        const t = Lanes.load(targets + at, left)
        const others = f32x4.sub(one, t)
        const chosen = v128.and(f32x4.eq(f32x4.mul(others, v128.load(outputs + at)), wanted), f32x4.mul(others, share))
        const slope = v128.and(f32x4.sub(chosen, t), Lanes.mask(index, left))
        v128.store(gradient + at, F4.mulFlush(slope, scales))
      }
      Row.endGradient(gradient, cols, scale)
      gradient += stride
    }
    outputs += stride
    targets += targetsStride
  }
}
