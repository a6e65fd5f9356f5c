// Hessian of the loss with respect to a row's outputs, times their tangents, scaled like the gradient of the weighted mean.
import {
  LOSS_CURVE_COLS,
  LOSS_CURVE_DELTA,
  LOSS_CURVE_DELTAS,
  LOSS_CURVE_KIND,
  LOSS_CURVE_OUTPUTS,
  LOSS_CURVE_SMOOTHING,
  LOSS_CURVE_STRIDE,
  LOSS_CURVE_TANGENT,
  LOSS_CURVE_TARGETS,
  LOSS_CURVE_TARGETS_STRIDE,
  LOSS_CURVE_TO,
  LOSS_CURVE_WEIGHTS,
} from '../../../src/abi/curvature'
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
} from '../../../src/abi/losses'
import { Lanes, Row, totalWeight } from '../../math/lanes'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** Operands are LOSS_CURVE_* words; rows [begin, end). */
export function lossCurve(step: usize, rows: i32, begin: i32, end: i32): void {
  switch (Word.int(step, LOSS_CURVE_KIND)) {
    case LOSS_SOFTMAX_SPARSE:
    case LOSS_SOFTMAX_CROSSENTROPY:
      return softmaxRows(step, rows, begin, end)
    case LOSS_SIGMOID_CROSSENTROPY:
      return elementRows<Sigmoid>(step, rows, begin, end)
    case LOSS_BINARY_CROSSENTROPY:
      return elementRows<Binary>(step, rows, begin, end)
    case LOSS_SQUARED_ERROR:
      return elementRows<SquaredError>(step, rows, begin, end)
    case LOSS_HUBER:
      return elementRows<Huber>(step, rows, begin, end)
    case LOSS_LOG_COSH:
      return elementRows<LogCosh>(step, rows, begin, end)
    case LOSS_KL_DIVERGENCE:
      return elementRows<KlDivergence>(step, rows, begin, end)
    case LOSS_POISSON:
      return elementRows<Poisson>(step, rows, begin, end)
    case LOSS_SQUARED_HINGE:
      return elementRows<SquaredHinge>(step, rows, begin, end)
    // piecewise linear
    case LOSS_ABSOLUTE_ERROR:
    case LOSS_PERCENTAGE_ERROR:
    case LOSS_HINGE:
    case LOSS_CATEGORICAL_HINGE:
      return elementRows<Straight>(step, rows, begin, end)
    default:
      unreachable()
  }
}

/** to = mass p (t - sum p t): the gradient is mass p - targets, mass the sum of a row's targets. */
function softmaxRows(step: usize, rows: i32, begin: i32, end: i32): void {
  const sparse = Word.int(step, LOSS_CURVE_KIND) == LOSS_SOFTMAX_SPARSE
  const cols = Word.int(step, LOSS_CURVE_COLS)
  const stride = Word.address(step, LOSS_CURVE_STRIDE)
  const targetsStride = Word.address(step, LOSS_CURVE_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_CURVE_WEIGHTS)
  const smoothing = Word.float(step, LOSS_CURVE_SMOOTHING)
  const keep = f32x4.splat(1 - smoothing)
  const base = f32x4.splat(smoothing / <f32>cols)
  const total = totalWeight(weights, rows)
  const inverse = total != 0 ? 1 / total : 0
  const index = i32x4(0, 1, 2, 3)
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const outputs = Word.address(step, LOSS_CURVE_OUTPUTS) + skip
    const tangent = Word.address(step, LOSS_CURVE_TANGENT) + skip
    const to = Word.address(step, LOSS_CURVE_TO) + skip
    const targets = Word.address(step, LOSS_CURVE_TARGETS) + <usize>r * targetsStride
    let dots = f32x4.splat(0)
    let masses = dots
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const left = cols - c
      const mask = Lanes.mask(index, left)
      masses = f32x4.add(masses, Row.targets(sparse, targets, c, left, index, keep, base, mask))
      dots = F4.fma(v128.load(outputs + at), v128.and(v128.load(tangent + at), mask), dots)
    }
    const scale = Row.scale(weights, r, inverse)
    const scales = f32x4.splat(scale * F4.sum(masses))
    const dot = f32x4.splat(F4.sum(dots))
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const curved = f32x4.mul(v128.load(outputs + at), F4.subFlush(v128.load(tangent + at), dot))
      v128.store(to + at, v128.and(F4.mulFlush(curved, scales), Lanes.mask(index, cols - c)))
    }
    Row.endGradient(to, cols, scale)
  }
}

/** Losses that are a sum or a mean of terms, one per output. */
function elementRows<T>(step: usize, rows: i32, begin: i32, end: i32): void {
  const rule = changetype<T>(<usize>0)
  const kind = Word.int(step, LOSS_CURVE_KIND)
  const averages = kind != LOSS_KL_DIVERGENCE
  const cols = Word.int(step, LOSS_CURVE_COLS)
  const stride = Word.address(step, LOSS_CURVE_STRIDE)
  const targetsStride = Word.address(step, LOSS_CURVE_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_CURVE_WEIGHTS)
  const shared = Word.splat(step, LOSS_CURVE_DELTA)
  const deltas: usize = isDefined(rule.weighs) ? Word.address(step, LOSS_CURVE_DELTAS) : 0
  const smoothing = Word.float(step, LOSS_CURVE_SMOOTHING)
  const keep = f32x4.splat(1 - smoothing)
  const base = f32x4.splat(smoothing / (averages ? <f32>2 : <f32>cols))
  const share: f64 = averages ? 1 / <f64>cols : 1
  const total = totalWeight(weights, rows)
  const inverse = total != 0 ? share / total : 0
  const index = i32x4(0, 1, 2, 3)
  for (let r = begin; r < end; r++) {
    const skip = <usize>r * stride
    const outputs = Word.address(step, LOSS_CURVE_OUTPUTS) + skip
    const tangent = Word.address(step, LOSS_CURVE_TANGENT) + skip
    const to = Word.address(step, LOSS_CURVE_TO) + skip
    const targets = Word.address(step, LOSS_CURVE_TARGETS) + <usize>r * targetsStride
    const scale = Row.scale(weights, r, inverse)
    const scales = f32x4.splat(scale)
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const left = cols - c
      const mask = Lanes.mask(index, left)
      const t = Row.targets(false, targets, c, left, index, keep, base, mask)
      const delta = isDefined(rule.weighs) && deltas ? v128.load(deltas + at) : shared
      const curved = f32x4.mul(rule.bend(v128.load(outputs + at), t, delta), v128.load(tangent + at))
      v128.store(to + at, v128.and(F4.mulFlush(curved, scales), mask))
    }
    Row.endGradient(to, cols, scale)
  }
}

// Second derivatives of the terms of assembly/losses/terms.ts with respect to y, or to the logit if the term takes one; y is then the probability.

@unmanaged
class Sigmoid {
  @inline weighs(): bool {
    return true
  }

  /** (1 + delta t) y (1 - y) */
  @inline bend(y: v128, t: v128, delta: v128): v128 {
    const bend = F4.nfma(y, y, y)
    return F4.fma(f32x4.mul(delta, t), bend, bend)
  }
}

@unmanaged
class SquaredError {
  @inline bend(_y: v128, _t: v128, _delta: v128): v128 {
    return f32x4.splat(2)
  }
}

@unmanaged
class Straight {
  @inline bend(_y: v128, _t: v128, _delta: v128): v128 {
    return f32x4.splat(0)
  }
}

@unmanaged
class Huber {
  /** 1 if |y - t| <= delta */
  @inline bend(y: v128, t: v128, delta: v128): v128 {
    return v128.and(F4.one(), f32x4.le(F4.abs(f32x4.sub(y, t)), delta))
  }
}

@unmanaged
class LogCosh {
  /** 1 - tanh^2(y - t) */
  @inline bend(y: v128, t: v128, _delta: v128): v128 {
    const h = F4.tanh(f32x4.sub(y, t))
    return F4.nfma(h, h, F4.one())
  }
}

@unmanaged
class Poisson {
  /** t / (y + 1e-7)^2 */
  @inline bend(y: v128, t: v128, _delta: v128): v128 {
    const rate = f32x4.add(y, f32x4.splat(1e-7))
    return f32x4.div(f32x4.div(t, rate), rate)
  }
}

@unmanaged
class SquaredHinge {
  /** 2 if 1 - s y > 0, s = 1 or -1 */
  @inline bend(y: v128, t: v128, _delta: v128): v128 {
    const one = F4.one()
    const s = F4.select(one, f32x4.neg(one), f32x4.gt(t, f32x4.splat(0)))
    return v128.and(f32x4.splat(2), f32x4.lt(f32x4.mul(s, y), one))
  }
}

/** Probabilities, clamped like in the terms. */
class Clip {
  @inline static low(): v128 {
    return f32x4.splat(1e-7)
  }

  @inline static inside(y: v128, high: v128): v128 {
    return v128.and(f32x4.ge(y, Clip.low()), f32x4.le(y, high))
  }
}

@unmanaged
class KlDivergence {
  /** t / y^2 inside [1e-7, 1] */
  @inline bend(y: v128, t: v128, _delta: v128): v128 {
    const one = F4.one()
    const kept = F4.larger(F4.smaller(t, one), Clip.low())
    const counted = v128.and(Clip.inside(y, one), f32x4.gt(t, f32x4.splat(0)))
    return v128.and(f32x4.div(f32x4.div(kept, y), y), counted)
  }
}

@unmanaged
class Binary {
  @inline weighs(): bool {
    return true
  }

  /** (1 + delta) t / y^2 + (1 - t) / (1 - y)^2 inside [1e-7, 1 - 1e-7] */
  @inline bend(y: v128, t: v128, delta: v128): v128 {
    const one = F4.one()
    const rest = f32x4.sub(one, y)
    const yes = f32x4.div(f32x4.div(F4.fma(delta, t, t), y), y)
    const no = f32x4.div(f32x4.div(f32x4.sub(one, t), rest), rest)
    return v128.and(f32x4.add(yes, no), Clip.inside(y, f32x4.splat(1 - 1e-7)))
  }
}
