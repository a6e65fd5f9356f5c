// The losses that are a sum or a mean of terms over a row: each class is one equation and its derivative.
// y is an output, t its target, delta the step's parameter; the classes are not instantiated, their methods are inlined.
// If there is a probability(z), y is a logit and slope() gets its probability instead; if there is weighs(), every output may
// have its own delta.
import { F4 } from '../math/simd'

/** Probabilities are clamped to [1e-7, 1 - 1e-7], so that logarithms are finite; the derivative is 0 where clamped. */
class Clip {
  @inline static low(): v128 {
    return f32x4.splat(1e-7)
  }

  @inline static high(): v128 {
    return f32x4.splat(1 - 1e-7)
  }

  @inline static clip(y: v128, high: v128): v128 {
    return F4.larger(F4.smaller(y, high), Clip.low())
  }

  @inline static inside(y: v128, high: v128): v128 {
    return v128.and(f32x4.ge(y, Clip.low()), f32x4.le(y, high))
  }
}

@unmanaged
export class SquaredError {
  /** (y - t)^2 */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    const e = F4.subFlush(y, t)
    return f32x4.mul(e, e)
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    const e = F4.subFlush(y, t)
    return f32x4.add(e, e)
  }
}

@unmanaged
export class AbsoluteError {
  /** |y - t| */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    return F4.abs(f32x4.sub(y, t))
  }

  /** The sign of y - t, 0 at 0. */
  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    const one = F4.one()
    const above = v128.and(f32x4.gt(y, t), one)
    return f32x4.sub(above, v128.and(f32x4.lt(y, t), one))
  }
}

@unmanaged
export class PercentageError {
  /** 100 / max(|t|, 1e-7) */
  @inline static factor(t: v128): v128 {
    return f32x4.div(f32x4.splat(100), F4.larger(F4.abs(t), Clip.low()))
  }

  /** 100 |y - t| / max(|t|, 1e-7) */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    return f32x4.mul(F4.abs(f32x4.sub(y, t)), PercentageError.factor(t))
  }

  /** The derivative of |y - t| times the factor. */
  @inline slope(y: v128, t: v128, delta: v128): v128 {
    return f32x4.mul(changetype<AbsoluteError>(<usize>0).slope(y, t, delta), PercentageError.factor(t))
  }
}

@unmanaged
export class Huber {
  /** c (e - c / 2) with e = y - t and c = e clamped to [-delta, delta]: e^2 / 2 inside, delta (|e| - delta / 2) outside. */
  @inline loss(y: v128, t: v128, delta: v128): v128 {
    const e = F4.subFlush(y, t)
    const c = F4.larger(F4.smaller(e, delta), f32x4.neg(delta))
    return f32x4.mul(c, F4.nfma(c, F4.half(), e))
  }

  @inline slope(y: v128, t: v128, delta: v128): v128 {
    return F4.larger(F4.smaller(f32x4.sub(y, t), delta), f32x4.neg(delta))
  }
}

@unmanaged
export class LogCosh {
  /** ln cosh e = |e| - ln 2 + ln(1 + exp(-2 |e|)); below |e| = 1, where that cancels, -ln(1 - tanh^2 e) / 2. */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    const e = F4.abs(F4.subFlush(y, t))
    const small = f32x4.lt(e, F4.one())
    const h = F4.tanh(e)
    const l = F4.log1p(F4.select(f32x4.neg(f32x4.mul(h, h)), F4.exp(f32x4.mul(e, f32x4.splat(-2))), small))
    const near = f32x4.mul(l, f32x4.splat(-0.5))
    return F4.select(near, f32x4.add(f32x4.sub(e, f32x4.splat(<f32>Math.LN2)), l), small)
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    return F4.tanh(f32x4.sub(y, t))
  }
}

@unmanaged
export class Poisson {
  /** y - t ln(y + 1e-7) */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    return F4.nfma(t, F4.log(f32x4.add(y, f32x4.splat(1e-7))), y)
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    return f32x4.sub(F4.one(), f32x4.div(t, f32x4.add(y, f32x4.splat(1e-7))))
  }
}

/** Targets of hinge losses: 1 if t > 0, else -1, for both 0 / 1 and -1 / 1. */
class Side {
  @inline static of(t: v128): v128 {
    const one = F4.one()
    return F4.select(one, f32x4.neg(one), f32x4.gt(t, f32x4.splat(0)))
  }

  /** max(0, 1 - s y) */
  @inline static margin(y: v128, s: v128): v128 {
    return F4.larger(F4.nfma(s, y, F4.one()), f32x4.splat(0))
  }
}

@unmanaged
export class Hinge {
  /** max(0, 1 - s y), s = 1 or -1 */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    return Side.margin(y, Side.of(t))
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    const s = Side.of(t)
    return v128.and(f32x4.neg(s), f32x4.gt(Side.margin(y, s), f32x4.splat(0)))
  }
}

@unmanaged
export class SquaredHinge {
  /** max(0, 1 - s y)^2, s = 1 or -1 */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    const m = Side.margin(y, Side.of(t))
    return f32x4.mul(m, m)
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    const s = Side.of(t)
    const m = Side.margin(y, s)
    return f32x4.mul(f32x4.neg(s), f32x4.add(m, m))
  }
}

@unmanaged
export class KlDivergence {
  /** t ln(t / y), t and y clamped to [1e-7, 1]; 0 if t = 0. */
  @inline loss(y: v128, t: v128, _delta: v128): v128 {
    const one = F4.one()
    const kept = Clip.clip(t, one)
    const term = f32x4.mul(kept, f32x4.sub(F4.log(kept), F4.log(Clip.clip(y, one))))
    return v128.and(term, f32x4.gt(t, f32x4.splat(0)))
  }

  @inline slope(y: v128, t: v128, _delta: v128): v128 {
    const one = F4.one()
    const counted = v128.and(Clip.inside(y, one), f32x4.gt(t, f32x4.splat(0)))
    return v128.and(f32x4.neg(f32x4.div(Clip.clip(t, one), Clip.clip(y, one))), counted)
  }
}

@unmanaged
export class BinaryCrossentropy {
  @inline weighs(): bool {
    return true
  }

  /** -(1 + delta) t ln y - (1 - t) ln(1 - y) */
  @inline loss(y: v128, t: v128, delta: v128): v128 {
    const one = F4.one()
    const p = Clip.clip(y, Clip.high())
    const no = f32x4.mul(f32x4.sub(t, one), F4.log(f32x4.sub(one, p)))
    return F4.nfma(F4.fma(delta, t, t), F4.log(p), no)
  }

  /** (y - t) / (y (1 - y)) - delta t / y */
  @inline slope(y: v128, t: v128, delta: v128): v128 {
    const p = Clip.clip(y, Clip.high())
    const slope = f32x4.div(f32x4.sub(p, t), f32x4.mul(p, f32x4.sub(F4.one(), p)))
    return v128.and(F4.nfma(delta, f32x4.div(t, p), slope), Clip.inside(y, Clip.high()))
  }
}

@unmanaged
export class SigmoidCrossentropy {
  @inline weighs(): bool {
    return true
  }

  @inline probability(z: v128): v128 {
    return F4.sigmoid(z)
  }

  /**
   * -(1 + delta) t ln p - (1 - t) ln(1 - p) with p = sigmoid(z): max(z, 0) - z t + l + delta t (max(-z, 0) + l) with
   * l = ln(1 + exp(-|z|))
   */
  @inline loss(z: v128, t: v128, delta: v128): v128 {
    const zero = f32x4.splat(0)
    const linear = F4.nfma(z, t, F4.larger(z, zero))
    const l = F4.log1pUnit(F4.exp(f32x4.neg(F4.abs(z))))
    const yes = f32x4.add(F4.larger(f32x4.neg(z), zero), l)
    return F4.fma(f32x4.mul(delta, t), yes, f32x4.add(linear, l))
  }

  /** p - t - delta t (1 - p) */
  @inline slope(p: v128, t: v128, delta: v128): v128 {
    return F4.nfma(f32x4.mul(delta, t), f32x4.sub(F4.one(), p), f32x4.sub(p, t))
  }
}
