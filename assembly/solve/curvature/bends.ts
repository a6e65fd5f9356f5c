// Second derivatives of elementwise activations. Each kind extends the class of assembly/activations/elementwise.ts by one
// equation; `bend` takes the same argument as `slope`. 0 at kinks; piecewise linear kinds are omitted.
import {
  Elu,
  Gelu,
  GeluTanh,
  HardSwish,
  Mish,
  Selu,
  Sigmoid,
  Silu,
  Softplus,
  Softsign,
  Tanh,
} from '../../activations/elementwise'
import * as at from '../../math/constants'
import { F4 } from '../../math/simd'

export class CurvedElu extends Elu {
  /** 0 or alpha e^x = y + alpha */
  @inline bend(y: v128, alpha: v128): v128 {
    return v128.andnot(f32x4.add(y, alpha), f32x4.gt(y, f32x4.splat(0)))
  }
}

export class CurvedSelu extends Selu {
  @inline bend(y: v128, _: v128): v128 {
    return v128.andnot(f32x4.add(y, v128.load(0, at.SELU_LOW)), f32x4.gt(y, f32x4.splat(0)))
  }
}

export class CurvedSigmoid extends Sigmoid {
  /** y (1 - y) (1 - 2y) */
  @inline bend(y: v128, _: v128): v128 {
    return f32x4.mul(F4.nfma(y, y, y), F4.nfma(v128.load(0, at.TWO), y, F4.one()))
  }
}

export class CurvedTanh extends Tanh {
  /** -2y (1 - y^2) */
  @inline bend(y: v128, _: v128): v128 {
    return f32x4.mul(f32x4.mul(f32x4.splat(-2), y), F4.nfma(y, y, F4.one()))
  }
}

export class CurvedSoftplus extends Softplus {
  /** beta s (1 - s), s = sigmoid(beta x) = 1 - e^(-beta y) */
  @inline bend(y: v128, beta: v128): v128 {
    const s = f32x4.neg(F4.expm1(f32x4.neg(f32x4.mul(y, beta))))
    return f32x4.mul(beta, F4.nfma(s, s, s))
  }
}

export class CurvedSoftsign extends Softsign {
  /** -2 (1 - |y|)^3 with the sign of x */
  @inline bend(y: v128, _: v128): v128 {
    const rest = f32x4.sub(F4.one(), F4.abs(y))
    const size = f32x4.mul(f32x4.mul(v128.load(0, at.TWO), rest), f32x4.mul(rest, rest))
    const signed = F4.select(size, f32x4.neg(y), F4.magnitude())
    return v128.and(signed, f32x4.ne(y, f32x4.splat(0)))
  }
}

export class CurvedSilu extends Silu {
  /** s (1 - s) (2 + x (1 - 2s)) */
  @inline bend(x: v128, _: v128): v128 {
    const two = v128.load(0, at.TWO)
    const s = F4.sigmoid(x)
    return f32x4.mul(F4.nfma(s, s, s), F4.fma(x, F4.nfma(two, s, F4.one()), two))
  }
}

export class CurvedGelu extends Gelu {
  /** phi(x) (2 - x^2) */
  @inline bend(x: v128, _: v128): v128 {
    // beyond it phi(x) is 0
    const u = F4.squarable(F4.larger(F4.smaller(x, f32x4.splat(16)), f32x4.splat(-16)))
    const rest = F4.nfma(u, u, v128.load(0, at.TWO))
    return f32x4.mul(f32x4.mul(v128.load(0, at.PDF0), this.bell(x)), rest)
  }
}

export class CurvedGeluTanh extends GeluTanh {
  /** s (1 - s) (2 w' + x (w'' + w'^2 (1 - 2s))), s = sigmoid(w), w = 2u */
  @inline bend(x: v128, _: v128): v128 {
    const limit = v128.load(0, at.GELU_LIMIT)
    const two = v128.load(0, at.TWO)
    x = F4.larger(F4.smaller(x, limit), f32x4.neg(limit))
    const u = F4.squarable(x)
    const cubic = f32x4.mul(f32x4.mul(u, u), v128.load(0, at.GELU3))
    const s = F4.sigmoid(f32x4.mul(x, f32x4.add(cubic, v128.load(0, at.GELU1))))
    const dw = F4.fma(cubic, v128.load(0, at.THREE), v128.load(0, at.GELU1))
    const ddw = f32x4.mul(f32x4.mul(x, v128.load(0, at.SIX)), v128.load(0, at.GELU3))
    const inner = F4.fma(f32x4.mul(dw, dw), F4.nfma(two, s, F4.one()), ddw)
    return f32x4.mul(F4.nfma(s, s, s), F4.fma(x, inner, f32x4.mul(two, dw)))
  }
}

export class CurvedHardSwish extends HardSwish {
  /** 1 / 3 between -3 and 3 */
  @inline bend(x: v128, _: v128): v128 {
    return v128.and(f32x4.splat(1 / 3), f32x4.lt(F4.abs(x), v128.load(0, at.THREE)))
  }
}

export class CurvedMish extends Mish {
  /** 2t' + x t'', t = tanh(softplus(x)): t' = 4 a r, t'' = 4 r (a + e^2 r - 4 a^2) with r = 1 / (e^2 + 2e + 2), a = (e^2 + e) r */
  @inline bend(x: v128, _: v128): v128 {
    const two = v128.load(0, at.TWO)
    const four = f32x4.splat(4)
    x = F4.smaller(x, v128.load(0, at.MISH_LIMIT))
    const e = F4.exp(x)
    const r = f32x4.div(F4.one(), F4.fma(e, f32x4.add(e, two), two))
    const a = f32x4.mul(F4.fma(e, e, e), r)
    const rest = F4.nfma(f32x4.mul(four, a), a, F4.fma(f32x4.mul(e, e), r, a))
    return f32x4.mul(f32x4.mul(four, r), F4.fma(x, rest, f32x4.mul(two, a)))
  }
}

// Kinds of the extension `features`, with their own slopes, since that extension does not export them.

export class CurvedExponential {
  @inline slope(y: v128, _: v128): v128 {
    return y
  }
  @inline bend(y: v128, _: v128): v128 {
    return y
  }
}

export class CurvedCos {
  /** -sin x */
  @inline slope(x: v128, _: v128): v128 {
    return F4.sine(x, 2)
  }
  /** -cos x */
  @inline bend(x: v128, _: v128): v128 {
    return F4.sine(x, 3)
  }
}

export class CurvedSin {
  /** cos x */
  @inline slope(x: v128, _: v128): v128 {
    return F4.sine(x, 1)
  }
  /** -sin x */
  @inline bend(x: v128, _: v128): v128 {
    return F4.sine(x, 2)
  }
}
