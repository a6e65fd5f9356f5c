/** Numbers of many runs, and how pages write them. */

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Of a sample: divided by n - 1. 0 for a single value. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** A few digits, for files of results; what is not finite, which JSON cannot say, is null. */
export const digits = (value: number, count = 5): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(count)) : null

export const digitsOf = (values: ArrayLike<number>, count = 5): (number | null)[] =>
  Array.from(values, (value) => digits(value, count))

/** Values of a file of results, for charts: null is NaN, a gap. */
export const drawn = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? Number.NaN)

export const percent = (share: number, places = 1): string => `${(100 * share).toFixed(places)} %`

/** `97.7 ± 0.5 %`. */
export const percents = (shares: readonly number[], places = 1): string =>
  shares.length === 1
    ? percent(shares[0], places)
    : `${(100 * mean(shares)).toFixed(places)} ± ${(100 * deviation(shares)).toFixed(places)} %`

/** Three digits, with an exponent where the number is far from 1. */
export function short(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'not finite'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-3 || size >= 1e5) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
  return String(Number(value.toPrecision(3)))
}

/** `0.31 ± 0.04`, each to three digits at most. */
export const shorts = (values: readonly number[]): string =>
  values.length === 1 ? short(values[0]) : `${short(mean(values))} ± ${short(deviation(values))}`
