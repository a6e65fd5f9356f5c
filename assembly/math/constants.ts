// The table of vector constants below MACHINE_BYTES: 16 bytes each, one value in all four lanes. Hot loops load from it,
// since engines rebuild v128 immediates at each use. Polynomials are minimax fits of the relative error (weighted
// least squares after Lawson), made for this file; coefficients are rounded to float32 one by one from the lowest.

export const ONE: usize = 64
export const HALF: usize = 80
export const TWO: usize = 96
export const THREE: usize = 112
export const SIX: usize = 128
export const SIXTH: usize = 144
/** |x| = x & MAGNITUDE */
export const MAGNITUDE: usize = 160
/** 2^-126, the smallest normal number */
export const SMALLEST: usize = 176
export const INFINITY: usize = 192
/** added and subtracted to flush what is far below it */
export const TINY: usize = 208

// e^r for r in [0, ln 2]
/** -63 ln 2 */
export const EXP_LOW: usize = 224
export const EXP_HIGH: usize = 240
export const EXP_FINITE: usize = 256
export const LOG2E: usize = 272
/** ln 2 in two parts: the first has 9 bits, so that n * LN2_HIGH is exact */
export const LN2_HIGH: usize = 288
export const LN2_LOW: usize = 304
/** 1.5 * 2^23 + 127: adding an integer n leaves n + 127 in the lowest bits */
export const EXP_BIAS: usize = 320
export const EXP1: usize = 336
export const EXP2: usize = 352
export const EXP3: usize = 368
export const EXP4: usize = 384
export const EXP5: usize = 400
export const EXP6: usize = 416

// e^r - 1 = r + r^2 P(r) for |r| <= ln 2 / 2
export const EXPM1_LOW: usize = 432
export const EXPM1_2: usize = 448
export const EXPM1_3: usize = 464
export const EXPM1_4: usize = 480
export const EXPM1_5: usize = 496
export const EXPM1_6: usize = 512

// ln(1 + f) = f - f^2 / 2 + f^3 P(f)
/** significands are reduced to [sqrt(1/2), sqrt(2)) */
export const SQRT_HALF: usize = 528
export const MANTISSA: usize = 544
/** 2^LOG_SHIFT makes denormals normal */
export const LOG_SCALE: usize = 560
export const LOG_SHIFT: usize = 576
export const SQRT2_LESS_ONE: usize = 592
export const LOG3: usize = 608
export const LOG4: usize = 624
export const LOG5: usize = 640
export const LOG6: usize = 656
export const LOG7: usize = 672
export const LOG8: usize = 688
export const LOG9: usize = 704
export const LOG10: usize = 720

// Phi(-z) = e^(-z^2 / 2) t P(t), t = 1 / (1 + CDF_SCALE z)
export const CDF_SCALE: usize = 736
export const CDF0: usize = 752
export const CDF1: usize = 768
export const CDF2: usize = 784
export const CDF3: usize = 800
export const CDF4: usize = 816
export const CDF5: usize = 832
export const CDF6: usize = 848
export const CDF7: usize = 864
export const CDF8: usize = 880
/** 1 / sqrt(2 pi) */
export const PDF0: usize = 896

// activations
export const SELU_SCALE: usize = 912
/** scale * alpha */
export const SELU_LOW: usize = 928
/** 2 sqrt(2 / pi) */
export const GELU1: usize = 944
/** GELU1 * 0.044715 */
export const GELU3: usize = 960
/** beyond it the logistic function rounds to 0 or 1 */
export const GELU_LIMIT: usize = 976
/** beyond it tanh(softplus(x)) rounds to 1 */
export const MISH_LIMIT: usize = 992
/** 2^-63: smaller magnitudes count as 0; products of larger ones are never denormal */
export const FLOOR: usize = 1008

// random bits and normal deviates
export const HASH1: usize = 1024
export const HASH2: usize = 1040
export const BIT0: usize = 1056
export const BIT24: usize = 1072
/** 2^-24 */
export const ULP24: usize = 1088
export const SQRT2: usize = 1104
/** center of the expansion in -ln(1 - u^2); from twice that on, the expansion is in its root around 3 */
export const ERFINV_CENTER: usize = 1120
export const ERFINV0: usize = 1136
export const ERFINV1: usize = 1152
export const ERFINV2: usize = 1168
export const ERFINV3: usize = 1184
export const ERFINV4: usize = 1200
export const ERFINV5: usize = 1216
export const ERFINV6: usize = 1232
export const ERFINV7: usize = 1248
export const ERFINV8: usize = 1264
export const ERFINV_TAIL0: usize = 1280
export const ERFINV_TAIL1: usize = 1296
export const ERFINV_TAIL2: usize = 1312
export const ERFINV_TAIL3: usize = 1328
export const ERFINV_TAIL4: usize = 1344
export const ERFINV_TAIL5: usize = 1360
export const ERFINV_TAIL6: usize = 1376
export const ERFINV_TAIL7: usize = 1392
export const ERFINV_TAIL8: usize = 1408

/** 2^-40: squares of smaller values vanish beside 1 */
export const SQUARABLE: usize = 1424
/** 2^-100, with a bit pattern that products are unlikely to cancel */
export const BIAS: usize = 1440
/** 1.5 * 2^23: adding it leaves a number below 2^22, rounded, in the lowest bits; subtracting it again gives the rounded number */
export const ROUNDING: usize = 1456
/** 1 in each 16-bit lane */
export const ONES: usize = 1472

// One lane each, for smaller code; fillConstants replicates them at the end.
function fill(address: usize, value: f32): void {
  store<f32>(address, value)
}

function fillBits(address: usize, value: i32): void {
  store<i32>(address, value)
}

/** Writes the table; once per memory, before anything else runs. */
export function fillConstants(): void {
  fill(ONE, 1)
  fill(HALF, 0.5)
  fill(TWO, 2)
  fill(THREE, 3)
  fill(SIX, 6)
  fill(SIXTH, 1 / 6)
  fillBits(MAGNITUDE, 0x7fffffff)
  fillBits(SMALLEST, 0x00800000)
  fillBits(INFINITY, 0x7f800000)
  fill(TINY, 1e-20)

  fill(EXP_LOW, -43.66827)
  fill(EXP_HIGH, 89)
  fill(EXP_FINITE, 88)
  fill(LOG2E, 1.4426950216293335)
  fill(LN2_HIGH, 0.693359375)
  fill(LN2_LOW, -2.1219444e-4)
  fill(EXP_BIAS, 12583039)
  fill(EXP1, 0.9999998211860657)
  fill(EXP2, 0.5000055432319641)
  fill(EXP3, 0.1666117012500763)
  fill(EXP4, 0.041911039501428604)
  fill(EXP5, 0.007796867750585079)
  fill(EXP6, 0.0019467658130452037)

  fill(EXPM1_LOW, -18)
  fill(EXPM1_2, 0.4999999701976776)
  fill(EXPM1_3, 0.1666654646396637)
  fill(EXPM1_4, 0.04166743531823158)
  fill(EXPM1_5, 0.008366258814930916)
  fill(EXPM1_6, 0.0013870650436729193)

  fillBits(SQRT_HALF, 0x3f3504f3)
  fillBits(MANTISSA, 0x007fffff)
  fill(LOG_SCALE, 8388608)
  fill(LOG_SHIFT, 23)
  fill(SQRT2_LESS_ONE, 0.41421356)
  fill(LOG3, 0.3333333134651184)
  fill(LOG4, -0.2500081956386566)
  fill(LOG5, 0.2000124156475067)
  fill(LOG6, -0.166234090924263)
  fill(LOG7, 0.14201581478118896)
  fill(LOG8, -0.1315961331129074)
  fill(LOG9, 0.12762197852134705)
  fill(LOG10, -0.0763639509677887)

  fill(CDF_SCALE, 0.2800000011920929)
  fill(CDF0, 0.11168427020311356)
  fill(CDF1, 0.11204449832439423)
  fill(CDF2, 0.10058501362800598)
  fill(CDF3, 0.09339670836925507)
  fill(CDF4, 0.050231922417879105)
  fill(CDF5, 0.025142567232251167)
  fill(CDF6, 0.0660872831940651)
  fill(CDF7, -0.08160750567913055)
  fill(CDF8, 0.022435268387198448)
  fill(PDF0, 0.3989422804014327)

  fill(SELU_SCALE, 1.0507009873554805)
  fill(SELU_LOW, 1.7580993408473766)
  fill(GELU1, 1.5957691216057308)
  fill(GELU3, 0.0713548162726009)
  fill(GELU_LIMIT, 12)
  fill(MISH_LIMIT, 20)
  fillBits(FLOOR, (127 - 63) << 23)

  fillBits(HASH1, 0x7feb352d)
  fillBits(HASH2, <i32>0x846ca68b)
  fillBits(BIT0, 1)
  fillBits(BIT24, 1 << 24)
  fill(ULP24, 1 / 16777216)
  fill(SQRT2, 1.4142135623730951)
  fill(ERFINV_CENTER, 2.5)
  fill(ERFINV0, 1.50140941)
  fill(ERFINV1, 0.246640727)
  fill(ERFINV2, -0.00417768164)
  fill(ERFINV3, -0.00125372503)
  fill(ERFINV4, 0.00021858087)
  fill(ERFINV5, -4.39150654e-6)
  fill(ERFINV6, -3.5233877e-6)
  fill(ERFINV7, 3.43273939e-7)
  fill(ERFINV8, 2.81022636e-8)
  fill(ERFINV_TAIL0, 2.83297682)
  fill(ERFINV_TAIL1, 1.00167406)
  fill(ERFINV_TAIL2, 0.00943887047)
  fill(ERFINV_TAIL3, -0.0076224613)
  fill(ERFINV_TAIL4, 0.00573950773)
  fill(ERFINV_TAIL5, -0.00367342844)
  fill(ERFINV_TAIL6, 0.00134934322)
  fill(ERFINV_TAIL7, 0.000100950558)
  fill(ERFINV_TAIL8, -0.000200214257)
  fillBits(SQUARABLE, (127 - 40) << 23)
  fillBits(BIAS, ((127 - 100) << 23) | 0x2c5a91)
  fill(ROUNDING, 12582912)
  fillBits(ONES, 0x00010001)
  for (let at: usize = ONE; at <= ONES; at += 16) v128.store(at, v128.load32_splat(at))
}
