/** Scalers based on quantiles, which are robust to outliers. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { normalCdf, normalQuantile } from '../lib/normal.ts'
import { isArrayLike } from './arrays.ts'
import { ColumnScaler, Columns, type Kind, type Scaler } from './scaling.ts'

/** x' = (x - median) / interquartileRange */
export interface RobustScaler extends Scaler {
  /** By column; empty before `fit`. */
  readonly median: Float64Array
  /** Interquartile range by column, 1 if it is 0; empty before `fit`. */
  readonly interquartileRange: Float64Array
}

/** x' is the share of training values below x, or the normal quantile of that. */
export interface QuantileScaler extends Scaler {}

interface ColumnOptions {
  /** The columns to scale; others are unchanged. Default: all. */
  columns?: readonly number[]
  /** From `toJSON`. */
  kind?: string
}

/** The quantile of sorted values with linear interpolation: NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** @throws RangeError if the difference of two values overflows float64. */
function checkRange(where: string, range: number): void {
  if (Number.isFinite(range)) return
  throw new RangeError(`${where}: a column is too wide for float64; scale its values down first`)
}

interface Spread {
  readonly median: number
  readonly interquartileRange: number
}

/** Smaller ranges are rounding errors of 0. */
const NO_RANGE = 10 * 2 ** -52

const robust = (clip: number | undefined): Kind<Spread> => ({
  kind: 'robustScaler',
  options: clip === undefined ? {} : { clip },
  fields: ['median', 'interquartileRange'],
  learn(values) {
    const sorted = values.slice().sort()
    const range = quantile(sorted, 0.75) - quantile(sorted, 0.25)
    checkRange('robustScaler.fit', range)
    return { median: quantile(sorted, 0.5), interquartileRange: range < NO_RANGE ? 1 : range }
  },
  check: (where, { median, interquartileRange }) => ({
    median: checkNumber(where, 'median', median),
    interquartileRange: checkNumber(where, 'interquartileRange', interquartileRange, { above: 0 }),
  }),
  scale: ({ median, interquartileRange }) => ({
    forward(value) {
      const z = (value - median) / interquartileRange
      return clip === undefined ? z : z / Math.hypot(1, z / clip)
    },
    inverse(value) {
      const z = clip === undefined ? value : value / Math.sqrt(1 - (value / clip) ** 2)
      return z * interquartileRange + median
    },
  }),
})

class Robust extends ColumnScaler<Spread> implements RobustScaler {
  get median(): Float64Array {
    return this.field('median')
  }

  get interquartileRange(): Float64Array {
    return this.field('interquartileRange')
  }
}

function readRobust(json: unknown): Columns<Spread> {
  checkOptions('robustScaler', json, ['kind', 'columns', 'clip', 'median', 'interquartileRange'])
  const { clip }: { readonly clip?: unknown } = json
  if (clip === undefined) return new Columns(robust(undefined), json)
  return new Columns(robust(checkNumber('robustScaler', 'clip', clip, { above: 0 })), json)
}

/**
 * Scales every column to median 0 and interquartile range 1; a column whose quartiles are equal is only
 * centred. scikit-learn's RobustScaler. With `clip` c outliers are compressed: z / √(1 + (z / c)²), which stays
 * between -c and c (Holzmüller et al. 2024, arXiv:2407.04491, with c = 3). Defaults: no clipping, all columns.
 * Pass `{ median, interquartileRange }`, or the result of `toJSON`, to restore a fitted one.
 * @throws TypeError or RangeError naming the option.
 */
export function robustScaler(
  options: ColumnOptions & {
    clip?: number
    median?: ArrayLike<number>
    interquartileRange?: ArrayLike<number>
  } = {},
): RobustScaler {
  return new Robust(readRobust, options)
}

interface Quantiles {
  readonly quantiles: readonly number[]
}

const OUTPUTS = ['uniform', 'normal'] as const

/** Shares are clamped to this distance from 0 and 1, where the normal quantile is infinite. */
const BOUND = 1e-7
const FARTHEST = normalQuantile(1 - (BOUND - 2 ** -52))

/** The share of values below, counting half of the equal ones; interpolated linearly between quantiles. */
function shareOf(value: number, quantiles: readonly number[]): number {
  const last = quantiles.length - 1
  if (value >= quantiles[last] || last === 0) return value <= quantiles[0] ? 0 : 1
  if (value <= quantiles[0]) return 0
  /** The first quantile for which `isBeyond` is true; they are sorted. */
  const first = (isBeyond: (quantile: number) => boolean) => {
    let [low, high] = [0, last]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBeyond(quantiles[middle])) high = middle
      else low = middle + 1
    }
    return low
  }
  const above = first((quantile) => quantile > value)
  const from = first((quantile) => quantile >= value)
  if (from < above) return (from + above - 1) / 2 / last
  const below = above - 1
  return (below + (value - quantiles[below]) / (quantiles[above] - quantiles[below])) / last
}

function valueAt(share: number, quantiles: readonly number[]): number {
  const last = quantiles.length - 1
  const at = Math.min(Math.max(share, 0), 1) * last
  const below = Math.min(Math.floor(at), Math.max(last - 1, 0))
  const above = Math.min(below + 1, last)
  return quantiles[below] + (quantiles[above] - quantiles[below]) * (at - below)
}

const byQuantiles = (count: number, output: (typeof OUTPUTS)[number]): Kind<Quantiles> => ({
  kind: 'quantileScaler',
  options: { count, output },
  fields: ['quantiles'],
  learn(values) {
    const sorted = values.slice().sort()
    checkRange('quantileScaler.fit', sorted[sorted.length - 1] - sorted[0])
    const last = Math.min(count, sorted.length) - 1
    const quantiles = Array.from({ length: last + 1 }, (_, i) => quantile(sorted, last === 0 ? 0 : i / last))
    // restore the order that rounding may have broken
    for (let i = 1; i <= last; i++) quantiles[i] = Math.max(quantiles[i], quantiles[i - 1])
    return { quantiles: Object.freeze(quantiles) }
  },
  check(where, { quantiles }) {
    if (!isArrayLike(quantiles) || quantiles.length === 0) {
      throw new TypeError(`${where}: "quantiles" of a column must be an array of numbers, got ${show(quantiles)}`)
    }
    let minimum = -Number.MAX_VALUE
    const checked = Array.from(quantiles, (value, i) => {
      minimum = checkNumber(where, `quantiles[${i}]`, value, { minimum })
      return minimum
    })
    checkRange(where, minimum - checked[0])
    return { quantiles: Object.freeze(checked) }
  },
  scale: ({ quantiles }) => ({
    forward(value) {
      if (output === 'uniform') return shareOf(value, quantiles)
      if (value - BOUND < quantiles[0]) return -FARTHEST
      if (value + BOUND > quantiles[quantiles.length - 1]) return FARTHEST
      return Math.min(Math.max(normalQuantile(shareOf(value, quantiles)), -FARTHEST), FARTHEST)
    },
    inverse(value) {
      if (output === 'uniform') return valueAt(value, quantiles)
      const share = normalCdf(value)
      if (share - BOUND < 0) return quantiles[0]
      if (share + BOUND > 1) return quantiles[quantiles.length - 1]
      return valueAt(share, quantiles)
    },
  }),
})

function readQuantiles(json: unknown): Columns<Quantiles> {
  const where = 'quantileScaler'
  checkOptions(where, json, ['kind', 'columns', 'count', 'output', 'quantiles'])
  const { count = 1000, output = 'uniform' }: { readonly count?: unknown; readonly output?: unknown } = json
  return new Columns(
    byQuantiles(checkInteger(where, 'count', count, 1), checkOneOf(where, 'output', output, OUTPUTS)),
    json,
  )
}

/**
 * Maps every column's training values to a uniform distribution on [0, 1], or with `output: 'normal'` to a normal distribution, by rank;
 * values outside the range of the training rows map to the ends, ±5.2 for the normal. scikit-learn's QuantileTransformer with `count`
 * quantiles (at most the number of rows), of all rows (scikit-learn samples 10,000). Defaults: count 1000, output 'uniform'.
 * Pass the result of `toJSON` to restore a fitted one.
 * @throws TypeError or RangeError naming the option.
 */
export function quantileScaler(
  options: ColumnOptions & {
    count?: number
    output?: 'uniform' | 'normal'
    quantiles?: readonly (readonly number[])[]
  } = {},
): QuantileScaler {
  return new ColumnScaler(readQuantiles, options)
}
