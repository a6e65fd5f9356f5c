// Four-lane arithmetic and elementary functions: the only file that depends on the target.
import * as at from './constants'

export { fillConstants } from './constants'

/** Whether multiply-add is fused: if the target supports it, unless the build defines EXACT. */
const FUSED: bool = ASC_FEATURE_RELAXED_SIMD && !isDefined(EXACT)

/** Arithmetic on four float32 lanes. */
export class F4 {
  @inline static splat(x: f32): v128 {
    return f32x4.splat(x)
  }

  /** a * b + c, fused or not. */
  @inline static fma(a: v128, b: v128, c: v128): v128 {
    if (FUSED) return f32x4.relaxed_madd(a, b, c)
    return f32x4.add(f32x4.mul(a, b), c)
  }

  /** c - a * b, fused or not. */
  @inline static nfma(a: v128, b: v128, c: v128): v128 {
    if (FUSED) return f32x4.relaxed_nmadd(a, b, c)
    return f32x4.sub(c, f32x4.mul(a, b))
  }

  /** Lanes of a where the mask is set, otherwise of b. */
  @inline static select(a: v128, b: v128, mask: v128): v128 {
    return v128.bitselect(a, b, mask)
  }

  /** The larger of each pair; NaN in `a` is propagated, in `b` dropped. */
  @inline static larger(a: v128, b: v128): v128 {
    return f32x4.pmax(a, b)
  }

  /** The smaller of each pair; NaN in `a` is propagated, in `b` dropped. */
  @inline static smaller(a: v128, b: v128): v128 {
    return f32x4.pmin(a, b)
  }

  /** |x| */
  @inline static abs(x: v128): v128 {
    return v128.and(x, F4.magnitude())
  }

  @inline static floor(): v128 {
    return v128.load(0, at.FLOOR)
  }

  @inline static magnitude(): v128 {
    return v128.load(0, at.MAGNITUDE)
  }

  @inline static one(): v128 {
    return v128.load(0, at.ONE)
  }

  @inline static half(): v128 {
    return v128.load(0, at.HALF)
  }

  /** (x0 + x2) + (x1 + x3) */
  @inline static sum(x: v128): f32 {
    const pair = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1))
    return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1)
  }

  /** Largest of the four lanes. */
  @inline static max(x: v128): f32 {
    const pair = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1))
    return f32x4.extract_lane(f32x4.pmax(pair, v128.shuffle<f32>(pair, pair, 1, 0, 3, 2)), 0)
  }

  /** Values below 2^-63 become 0, all others are unchanged, NaN too. */
  @inline static flush(x: v128): v128 {
    return v128.andnot(x, F4.isTiny(x))
  }

  /** |x| < 2^-63 */
  @inline static isTiny(x: v128): v128 {
    return f32x4.lt(F4.abs(x), F4.floor())
  }

  /** Likewise with the two constants as arguments. */
  @inline static flushBelow(x: v128, floor: v128, magnitude: v128): v128 {
    return v128.andnot(x, f32x4.lt(v128.and(x, magnitude), floor))
  }

  /** flush(x) for non-negative x. */
  @inline static flushPositive(x: v128): v128 {
    return v128.andnot(x, f32x4.lt(x, F4.floor()))
  }

  /** x if its square may be significant beside x or beside 1, else 0. */
  @inline static squarable(x: v128): v128 {
    return v128.andnot(x, f32x4.lt(F4.abs(x), v128.load(0, at.SQUARABLE)))
  }

  /**
   * Initial value for sums of products: x plus about 2^-100, which is insignificant for any sum that is kept. Keeps partial sums
   * of tiny, cancelling products from being denormal.
   */
  @inline static biased(x: v128): v128 {
    return f32x4.add(x, F4.bias())
  }

  @inline static bias(): v128 {
    return v128.load(0, at.BIAS)
  }

  /** flush(a * b) */
  @inline static mulFlush(a: v128, b: v128): v128 {
    return F4.flush(f32x4.mul(a, b))
  }

  /** flush(a - b), for differences that are multiplied later. */
  @inline static subFlush(a: v128, b: v128): v128 {
    return F4.flush(f32x4.sub(a, b))
  }

  /** e^x for x in [-87, 89], or NaN: x = n ln 2 + r with r in [0, ln 2), so that 2^n covers normal numbers, 0 and infinity. */
  @inline private static expOf(x: v128): v128 {
    const n = f32x4.floor(f32x4.mul(x, v128.load(0, at.LOG2E)))
    const r = F4.nfma(n, v128.load(0, at.LN2_LOW), F4.nfma(n, v128.load(0, at.LN2_HIGH), x))
    let p = F4.fma(r, v128.load(0, at.EXP6), v128.load(0, at.EXP5))
    p = F4.fma(r, p, v128.load(0, at.EXP4))
    p = F4.fma(r, p, v128.load(0, at.EXP3))
    p = F4.fma(r, p, v128.load(0, at.EXP2))
    p = F4.fma(r, p, v128.load(0, at.EXP1))
    p = F4.fma(r, p, v128.load(0, at.ONE))
    return f32x4.mul(p, i32x4.shl(f32x4.add(n, v128.load(0, at.EXP_BIAS)), 23))
  }

  /** e^x; 0 if the result is below 2^-63, infinity above x = 88.72. */
  @inline static exp(x: v128): v128 {
    return v128.andnot(F4.expOf(f32x4.pmin(x, v128.load(0, at.EXP_HIGH))), f32x4.lt(x, v128.load(0, at.EXP_LOW)))
  }

  /** e^min(x, 88): always finite; 0 if the result is below 2^-63. */
  @inline static expFinite(x: v128): v128 {
    return v128.andnot(F4.expOf(f32x4.pmin(x, v128.load(0, at.EXP_FINITE))), f32x4.lt(x, v128.load(0, at.EXP_LOW)))
  }

  /** e^x - 1 for x <= 0, accurate near 0: 2^n (e^r - 1) + (2^n - 1) with |r| <= ln 2 / 2. */
  @inline static expm1(x: v128): v128 {
    x = f32x4.pmax(x, v128.load(0, at.EXPM1_LOW))
    const n = f32x4.nearest(f32x4.mul(x, v128.load(0, at.LOG2E)))
    const r = F4.nfma(n, v128.load(0, at.LN2_LOW), F4.nfma(n, v128.load(0, at.LN2_HIGH), x))
    let p = F4.fma(r, v128.load(0, at.EXPM1_6), v128.load(0, at.EXPM1_5))
    p = F4.fma(r, p, v128.load(0, at.EXPM1_4))
    p = F4.fma(r, p, v128.load(0, at.EXPM1_3))
    p = F4.fma(r, p, v128.load(0, at.EXPM1_2))
    p = F4.fma(f32x4.mul(r, r), p, r)
    const scale = i32x4.shl(f32x4.add(n, v128.load(0, at.EXP_BIAS)), 23)
    return F4.fma(scale, p, f32x4.sub(scale, v128.load(0, at.ONE)))
  }

  /** e * ln 2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]: f - f^2 / 2 + f^3 P(f). */
  @inline private static logOf(e: v128, f: v128): v128 {
    const f2 = f32x4.mul(f, f)
    let p = F4.fma(f, v128.load(0, at.LOG10), v128.load(0, at.LOG9))
    p = F4.fma(f, p, v128.load(0, at.LOG8))
    p = F4.fma(f, p, v128.load(0, at.LOG7))
    p = F4.fma(f, p, v128.load(0, at.LOG6))
    p = F4.fma(f, p, v128.load(0, at.LOG5))
    p = F4.fma(f, p, v128.load(0, at.LOG4))
    p = F4.fma(f, p, v128.load(0, at.LOG3))
    const low = F4.fma(f32x4.mul(f, f2), p, F4.nfma(f2, v128.load(0, at.HALF), f32x4.mul(e, v128.load(0, at.LN2_LOW))))
    return F4.fma(e, v128.load(0, at.LN2_HIGH), f32x4.add(f, low))
  }

  /** ln x; -infinity at 0, NaN below; also correct for denormals. */
  static log(x: v128): v128 {
    const denormal = f32x4.lt(x, v128.load(0, at.SMALLEST))
    const scaled = v128.bitselect(f32x4.mul(x, v128.load(0, at.LOG_SCALE)), x, denormal)
    const bits = i32x4.sub(scaled, v128.load(0, at.SQRT_HALF))
    const e = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)), v128.and(denormal, v128.load(0, at.LOG_SHIFT)))
    const m = i32x4.add(v128.and(bits, v128.load(0, at.MANTISSA)), v128.load(0, at.SQRT_HALF))
    const y = F4.logOf(e, f32x4.sub(m, v128.load(0, at.ONE)))
    const infinity = v128.load(0, at.INFINITY)
    const zero = f32x4.splat(0)
    const finite = v128.or(v128.bitselect(y, x, f32x4.lt(x, infinity)), f32x4.lt(x, zero))
    return v128.bitselect(f32x4.neg(infinity), finite, f32x4.eq(x, zero))
  }

  /** ln(1 + x), accurate near 0: the rounding error of 1 + x is added back. */
  @inline static log1p(x: v128): v128 {
    const one = v128.load(0, at.ONE)
    const u = f32x4.add(x, one)
    const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u)
    const y = f32x4.add(F4.log(u), v128.and(lost, f32x4.ne(u, f32x4.splat(0))))
    return v128.bitselect(y, x, f32x4.lt(x, v128.load(0, at.INFINITY)))
  }

  /** ln(1 + x) for x in [0, 1]. */
  @inline static log1pUnit(x: v128): v128 {
    const one = v128.load(0, at.ONE)
    const large = f32x4.gt(x, v128.load(0, at.SQRT2_LESS_ONE))
    const f = v128.bitselect(f32x4.mul(f32x4.sub(x, one), v128.load(0, at.HALF)), x, large)
    const squarable = F4.squarable(f)
    return f32x4.add(F4.logOf(v128.and(large, one), squarable), f32x4.sub(f, squarable))
  }

  /** 1 / (1 + e^-x); 0 if below 2^-63. */
  @inline static sigmoid(x: v128): v128 {
    const e = F4.expFinite(x)
    return f32x4.div(e, f32x4.add(e, v128.load(0, at.ONE)))
  }

  /** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) */
  @inline static softplus(x: v128): v128 {
    const e = F4.exp(f32x4.neg(F4.abs(x)))
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), F4.log1pUnit(e))
  }

  /** -(e^-2|x| - 1) / (e^-2|x| + 1) with the sign of x: exactly odd, at most 1 in magnitude, x itself near 0. */
  @inline static tanh(x: v128): v128 {
    const magnitude = F4.abs(x)
    const t = F4.expm1(f32x4.neg(f32x4.add(magnitude, magnitude)))
    const y = f32x4.div(t, f32x4.add(t, v128.load(0, at.TWO)))
    return v128.bitselect(y, x, v128.load(0, at.MAGNITUDE))
  }

  /**
   * sin(x + quarters · π / 2): x = n π / 2 + r with |r| <= π / 4, subtracting n π / 2 in three parts. |x| is clamped to 8192,
   * beyond which float32 has few values per period.
   */
  static sine(x: v128, quarters: i32): v128 {
    const limit = f32x4.splat(8192)
    x = F4.larger(F4.smaller(x, limit), f32x4.neg(limit))
    const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(0.63661975)))
    let r = F4.nfma(n, f32x4.splat(1.5703125), x)
    r = F4.nfma(n, f32x4.splat(4.837512969970703e-4), r)
    r = F4.flush(F4.nfma(n, f32x4.splat(7.549790126404332e-8), r))
    const u = F4.squarable(r)
    const z = f32x4.mul(u, u)
    let sin = F4.fma(z, f32x4.splat(-0.00019518288900144398), f32x4.splat(0.008332189172506332))
    sin = F4.fma(z, sin, f32x4.splat(-0.16666655242443085))
    sin = F4.fma(f32x4.mul(u, z), sin, r)
    let cos = F4.fma(z, f32x4.splat(0.000024432327336398885), f32x4.splat(-0.0013887309469282627))
    cos = F4.fma(z, cos, f32x4.splat(0.04166664555668831))
    cos = F4.fma(f32x4.mul(z, z), cos, F4.nfma(z, F4.half(), F4.one()))
    const quadrant = i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(quarters))
    const odd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31)
    const sign = i32x4.shl(i32x4.shr_u(quadrant, 1), 31)
    return v128.xor(v128.bitselect(cos, sin, odd), sign)
  }

  /** Phi(x), the cumulative normal distribution, given e = e^(-x^2 / 2); relative precision in the lower tail. */
  @inline static normalCdf(x: v128, e: v128): v128 {
    const one = v128.load(0, at.ONE)
    const t = f32x4.div(one, F4.fma(F4.abs(x), v128.load(0, at.CDF_SCALE), one))
    let p = F4.fma(t, v128.load(0, at.CDF8), v128.load(0, at.CDF7))
    p = F4.fma(t, p, v128.load(0, at.CDF6))
    p = F4.fma(t, p, v128.load(0, at.CDF5))
    p = F4.fma(t, p, v128.load(0, at.CDF4))
    p = F4.fma(t, p, v128.load(0, at.CDF3))
    p = F4.fma(t, p, v128.load(0, at.CDF2))
    p = F4.fma(t, p, v128.load(0, at.CDF1))
    p = F4.fma(t, p, v128.load(0, at.CDF0))
    const tail = f32x4.mul(e, f32x4.mul(t, p))
    return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)))
  }
}
