/** Scales: from values to positions between 0 and 1, linear or logarithmic. */

export type ScaleKind = 'linear' | 'log'

export interface Scale {
  readonly kind: ScaleKind
  readonly low: number
  readonly high: number
  /** 0 at `low`, 1 at `high`, monotonic everywhere; on a log scale non-positive values map to minus infinity. */
  at(value: number): number
}

const BITS = new DataView(new ArrayBuffer(8))
const LOG10_2 = 0.3010299956639812

/**
 * log10 from additions, products and quotients only, within 2 units in the last place: engines differ in
 * the last digit of `Math.log10`, and pictures should be the same bytes everywhere.
 */
export function log10(value: number): number {
  if (!(value > 0)) return value === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (value === Number.POSITIVE_INFINITY) return value
  const subnormal = value < 2 ** -1022
  BITS.setFloat64(0, subnormal ? value * 2 ** 54 : value)
  const head = BITS.getUint32(0)
  let exponent = (head >>> 20) - 1023 - (subnormal ? 54 : 0)
  BITS.setUint32(0, (head & 0xfffff) | (1023 << 20))
  let mantissa = BITS.getFloat64(0)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  // ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + ...), |s| < 0.172
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (let power = 21; power >= 1; power -= 2) sum = sum * square + 1 / power
  return exponent * LOG10_2 + 2 * s * sum * Math.LOG10E
}

/** `low` < `high`, both finite, and positive on a log scale. */
export function createScale(kind: ScaleKind, low: number, high: number): Scale {
  if (kind === 'log') {
    const start = log10(low)
    const span = log10(high) - start
    return { kind, low, high, at: (value) => (log10(Math.max(value, 0)) - start) / span }
  }
  // the difference of two doubles may overflow, that of their halves cannot
  const half = Number.isFinite(high - low) ? 1 : 0.5
  const start = low * half
  const span = high * half - start
  return { kind, low, high, at: (value) => (value * half - start) / span }
}

/** Axis limits for a range of data: extended by `margin` on both sides, not across zero, never empty. */
export function widen(kind: ScaleKind, low: number, high: number, margin: number): [number, number] {
  if (kind === 'log') {
    if (!(low < high)) return [Math.max(low / 2, Number.MIN_VALUE), Math.min(high * 2, Number.MAX_VALUE)]
    // the margin as a factor, by repeated square roots, whose rounding is exactly specified
    let factor = high / low
    for (let part = 1; part > margin * 1.5 && Number.isFinite(factor); part /= 2) factor = Math.sqrt(factor)
    if (!Number.isFinite(factor)) factor = 10
    return [Math.max(low / factor, Number.MIN_VALUE), Math.min(high * factor, Number.MAX_VALUE)]
  }
  if (low === 0 && high === 0) return [0, 1]
  const size = Math.max(Math.abs(low), Math.abs(high))
  const span = high - low
  // too few doubles between the ends: treat them as one value
  const pad = span > size * 1e-12 ? Math.min(span * margin, Number.MAX_VALUE) : size / 2 || size
  return [
    low >= 0 ? Math.max(0, low - pad) : Math.max(low - pad, -Number.MAX_VALUE),
    high <= 0 ? Math.min(0, high + pad) : Math.min(high + pad, Number.MAX_VALUE),
  ]
}
