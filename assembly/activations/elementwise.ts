// Elementwise activations: each kind is its equation, next to the derivative for the backward pass.
import * as at from '../math/constants'
import { F4 } from '../math/simd'

// `forward` takes the input x. `slope` takes what the kind saves, see src/catalogue/activations.ts: its output y or its input x.
// Derivatives at kinks are PyTorch's. Every slope is finite for finite inputs, so that zero gradients stay zero.

export class Linear {
  @inline forward(x: v128, _: v128): v128 {
    return x
  }
  @inline slope(_y: v128, _: v128): v128 {
    return v128.load(0, at.ONE)
  }
}

export class Relu {
  @inline forward(x: v128, _: v128): v128 {
    return F4.larger(x, f32x4.splat(0))
  }
  @inline slope(y: v128, _: v128): v128 {
    return this.slopeFrom(y, F4.one())
  }
  @inline slopeFrom(y: v128, one: v128): v128 {
    return v128.and(f32x4.gt(y, f32x4.splat(0)), one)
  }
}

export class LeakyRelu {
  @inline forward(x: v128, alpha: v128): v128 {
    return F4.select(x, F4.mulFlush(x, alpha), f32x4.gt(x, f32x4.splat(0)))
  }
  @inline slope(y: v128, alpha: v128): v128 {
    return F4.select(v128.load(0, at.ONE), alpha, f32x4.gt(y, f32x4.splat(0)))
  }
}

export class Relu6 {
  @inline forward(x: v128, _: v128): v128 {
    return F4.larger(F4.smaller(x, v128.load(0, at.SIX)), f32x4.splat(0))
  }
  @inline slope(y: v128, _: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, v128.load(0, at.SIX)))
    return v128.and(inside, v128.load(0, at.ONE))
  }
}

/** max(x, 0) + alpha (e^min(x, 0) - 1) */
export class Elu {
  @inline forward(x: v128, alpha: v128): v128 {
    const zero = f32x4.splat(0)
    return F4.flush(F4.fma(alpha, F4.expm1(F4.smaller(x, zero)), F4.larger(x, zero)))
  }
  /** 1 or alpha e^x = y + alpha */
  @inline slope(y: v128, alpha: v128): v128 {
    return F4.select(v128.load(0, at.ONE), F4.flush(f32x4.add(y, alpha)), f32x4.gt(y, f32x4.splat(0)))
  }
}

/** scale (max(x, 0) + alpha (e^min(x, 0) - 1)) */
export class Selu {
  @inline forward(x: v128, _: v128): v128 {
    const zero = f32x4.splat(0)
    const low = f32x4.mul(v128.load(0, at.SELU_LOW), F4.expm1(F4.smaller(x, zero)))
    return F4.fma(v128.load(0, at.SELU_SCALE), F4.larger(x, zero), low)
  }
  @inline slope(y: v128, _: v128): v128 {
    const low = f32x4.add(y, v128.load(0, at.SELU_LOW))
    return F4.select(v128.load(0, at.SELU_SCALE), low, f32x4.gt(y, f32x4.splat(0)))
  }
}

export class Sigmoid {
  @inline forward(x: v128, _: v128): v128 {
    return F4.sigmoid(x)
  }
  /** y (1 - y) */
  @inline slope(y: v128, _: v128): v128 {
    return F4.nfma(y, y, y)
  }
}

/** forward: see tanhBlock */
export class Tanh {
  /** 1 - y^2 */
  @inline slope(y: v128, _: v128): v128 {
    return this.slopeFrom(y, F4.one())
  }
  @inline slopeFrom(y: v128, one: v128): v128 {
    return F4.nfma(y, y, one)
  }
}

/** min(max(x + 3, 0), 6) / 6 */
export class HardSigmoid {
  @inline forward(x: v128, _: v128): v128 {
    const shifted = F4.smaller(f32x4.add(x, v128.load(0, at.THREE)), v128.load(0, at.SIX))
    return f32x4.mul(F4.larger(shifted, f32x4.splat(0)), v128.load(0, at.SIXTH))
  }
  @inline slope(y: v128, _: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, v128.load(0, at.ONE)))
    return v128.and(inside, v128.load(0, at.SIXTH))
  }
}

/** ln(1 + e^(beta x)) / beta */
export class Softplus {
  @inline forward(x: v128, beta: v128): v128 {
    return F4.flush(f32x4.div(F4.softplus(f32x4.mul(x, beta)), beta))
  }
  /** sigmoid(beta x) = 1 - e^(-beta y) */
  @inline slope(y: v128, beta: v128): v128 {
    return f32x4.neg(F4.expm1(f32x4.neg(f32x4.mul(y, beta))))
  }
}

/** x / (1 + |x|) */
export class Softsign {
  @inline forward(x: v128, _: v128): v128 {
    return f32x4.div(x, f32x4.add(F4.abs(x), v128.load(0, at.ONE)))
  }
  /** (1 - |y|)^2 */
  @inline slope(y: v128, _: v128): v128 {
    const rest = f32x4.sub(v128.load(0, at.ONE), F4.abs(y))
    return f32x4.mul(rest, rest)
  }
}

/** x s, s = sigmoid(x) */
export class Silu {
  @inline forward(x: v128, _: v128): v128 {
    return F4.mulFlush(x, F4.sigmoid(x))
  }
  /** s + x s (1 - s) */
  @inline slope(x: v128, _: v128): v128 {
    const s = F4.sigmoid(x)
    return F4.fma(x, F4.nfma(s, s, s), s)
  }
}

/** x Phi(x) */
export class Gelu {
  @inline bell(x: v128): v128 {
    const u = F4.squarable(x)
    return F4.exp(f32x4.mul(u, f32x4.mul(u, f32x4.neg(v128.load(0, at.HALF)))))
  }
  @inline forward(x: v128, _: v128): v128 {
    return F4.mulFlush(x, F4.normalCdf(x, this.bell(x)))
  }
  /** Phi(x) + x phi(x) */
  @inline slope(x: v128, _: v128): v128 {
    const e = this.bell(x)
    return F4.flush(F4.fma(f32x4.mul(x, v128.load(0, at.PDF0)), e, F4.normalCdf(x, e)))
  }
}

/** x (1 + tanh(u)) / 2 = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3): sigmoid keeps the lower tail. */
export class GeluTanh {
  @inline forward(x: v128, _: v128): v128 {
    const u = F4.squarable(x)
    const u2 = f32x4.mul(x, F4.fma(f32x4.mul(u, u), v128.load(0, at.GELU3), v128.load(0, at.GELU1)))
    return F4.mulFlush(x, F4.sigmoid(u2))
  }
  /** s + x s (1 - s) (2u)' */
  @inline slope(x: v128, _: v128): v128 {
    const limit = v128.load(0, at.GELU_LIMIT)
    x = F4.larger(F4.smaller(x, limit), f32x4.neg(limit))
    const u = F4.squarable(x)
    const cubic = f32x4.mul(f32x4.mul(u, u), v128.load(0, at.GELU3))
    const s = F4.sigmoid(f32x4.mul(x, f32x4.add(cubic, v128.load(0, at.GELU1))))
    const du = F4.fma(cubic, v128.load(0, at.THREE), v128.load(0, at.GELU1))
    return F4.fma(f32x4.mul(x, du), F4.nfma(s, s, s), s)
  }
}

/** x min(max(x + 3, 0), 6) / 6 */
export class HardSwish {
  @inline forward(x: v128, _: v128): v128 {
    const shifted = F4.smaller(f32x4.add(x, v128.load(0, at.THREE)), v128.load(0, at.SIX))
    return F4.mulFlush(x, f32x4.mul(F4.larger(shifted, f32x4.splat(0)), v128.load(0, at.SIXTH)))
  }
  /** (2x + 3) / 6 between -3 and 3; 0 at -3, 1 at 3 */
  @inline slope(x: v128, _: v128): v128 {
    const three = v128.load(0, at.THREE)
    const middle = f32x4.mul(f32x4.add(f32x4.add(x, x), three), v128.load(0, at.SIXTH))
    const upper = F4.select(v128.load(0, at.ONE), middle, f32x4.ge(x, three))
    return v128.and(upper, f32x4.gt(x, f32x4.neg(three)))
  }
}

/** x tanh(softplus(x)) = x n / (n + 2), n = e (e + 2), e = e^x */
export class Mish {
  @inline forward(x: v128, _: v128): v128 {
    const two = v128.load(0, at.TWO)
    const e = F4.exp(F4.smaller(x, v128.load(0, at.MISH_LIMIT)))
    const n = f32x4.mul(e, f32x4.add(e, two))
    return F4.mulFlush(x, f32x4.div(n, f32x4.add(n, two)))
  }
  /** w + 4 x e (e + 1) / (n + 2)^2, w = n / (n + 2) */
  @inline slope(x: v128, _: v128): v128 {
    const two = v128.load(0, at.TWO)
    x = F4.smaller(x, v128.load(0, at.MISH_LIMIT))
    const e = F4.exp(x)
    const n = f32x4.mul(e, f32x4.add(e, two))
    const r = f32x4.div(v128.load(0, at.ONE), f32x4.add(n, two))
    // (2 r)^2 e (e + 1) before multiplying by x, since 4 x may overflow
    const dw = f32x4.mul(F4.fma(e, e, e), f32x4.mul(f32x4.mul(two, r), f32x4.mul(two, r)))
    return F4.fma(x, dw, f32x4.mul(n, r))
  }
}
