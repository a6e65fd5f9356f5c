/** Scalers x' = (x - offset) / scale by column, fitted on training rows. */
import { checkNumber, checkOptions, show } from '../lib/check.ts'
import { ColumnScaler, Columns, type Kind, type Scaler } from './scaling.ts'

export type { Scaler, ScalerJson } from './scaling.ts'

/** x' = (x - mean) / standardDeviation */
export interface StandardScaler extends Scaler {
  /** By column; empty before `fit`. */
  readonly mean: Float64Array
  /** Population standard deviation by column, 1 if it is 0; empty before `fit`. */
  readonly standardDeviation: Float64Array
}

/** x' = low + (x - minimum) / (maximum - minimum) · (high - low) */
export interface MinMaxScaler extends Scaler {
  /** By column; empty before `fit`. */
  readonly minimum: Float64Array
  readonly maximum: Float64Array
}

interface ScalerOptions {
  /** The columns to scale; others are unchanged. Default: all. */
  columns?: readonly number[]
  /** From `toJSON`. */
  kind?: string
}

interface Moments {
  readonly mean: number
  readonly standardDeviation: number
}

const standard: Kind<Moments> = {
  kind: 'standardScaler',
  options: {},
  fields: ['mean', 'standardDeviation'],
  learn(values) {
    let mean = 0
    for (const value of values) mean += value / values.length
    let squares = 0
    for (const value of values) squares += (value - mean) ** 2
    const deviation = Math.sqrt(squares / values.length)
    if (!Number.isFinite(deviation)) {
      throw new RangeError('standardScaler.fit: a column is too wide for float64; scale its values down first')
    }
    // smaller deviations are rounding errors of a constant column
    return { mean, standardDeviation: deviation > 1e-12 * Math.abs(mean) ? deviation : 1 }
  },
  check: (where, { mean, standardDeviation }) => ({
    mean: checkNumber(where, 'mean', mean),
    standardDeviation: checkNumber(where, 'standardDeviation', standardDeviation, { above: 0 }),
  }),
  scale: ({ mean, standardDeviation }) => ({
    forward: (value) => (value - mean) / standardDeviation,
    inverse: (value) => value * standardDeviation + mean,
  }),
}

class Standard extends ColumnScaler<Moments> implements StandardScaler {
  get mean(): Float64Array {
    return this.field('mean')
  }

  get standardDeviation(): Float64Array {
    return this.field('standardDeviation')
  }
}

function readStandard(json: unknown): Columns<Moments> {
  checkOptions('standardScaler', json, ['kind', 'columns', 'mean', 'standardDeviation'])
  return new Columns(standard, json)
}

/**
 * Scales every column to mean 0 and population standard deviation 1; constant columns are only centred.
 * scikit-learn's StandardScaler. Pass `{ mean, standardDeviation }`, or the result of `toJSON`, to restore a fitted one.
 * @throws TypeError or RangeError naming the option.
 */
export function standardScaler(
  saved: ScalerOptions & { mean?: ArrayLike<number>; standardDeviation?: ArrayLike<number> } = {},
): StandardScaler {
  return new Standard(readStandard, saved)
}

interface Extremes {
  readonly minimum: number
  readonly maximum: number
}

const minMax = (low: number, high: number): Kind<Extremes> => ({
  kind: 'minMaxScaler',
  options: { range: [low, high] },
  fields: ['minimum', 'maximum'],
  learn(values) {
    let minimum = Number.POSITIVE_INFINITY
    let maximum = Number.NEGATIVE_INFINITY
    for (const value of values) {
      if (value < minimum) minimum = value
      if (value > maximum) maximum = value
    }
    return { minimum, maximum }
  },
  check(where, learned) {
    const minimum = checkNumber(where, 'minimum', learned.minimum)
    return { minimum, maximum: checkNumber(where, 'maximum', learned.maximum, { minimum }) }
  },
  scale({ minimum, maximum }) {
    const span = (maximum - minimum || 1) / (high - low)
    return {
      forward: (value) => low + (value - minimum) / span,
      inverse: (value) => (value - low) * span + minimum,
    }
  },
})

class MinMax extends ColumnScaler<Extremes> implements MinMaxScaler {
  get minimum(): Float64Array {
    return this.field('minimum')
  }

  get maximum(): Float64Array {
    return this.field('maximum')
  }
}

function readMinMax(json: unknown): Columns<Extremes> {
  checkOptions('minMaxScaler', json, ['kind', 'columns', 'range', 'minimum', 'maximum'])
  const { range = [0, 1] }: { readonly range?: unknown } = json
  if (!Array.isArray(range) || range.length !== 2) {
    throw new TypeError(`minMaxScaler: "range" must be [low, high], got ${show(range)}`)
  }
  const low = checkNumber('minMaxScaler', 'range[0]', range[0])
  const high = checkNumber('minMaxScaler', 'range[1]', range[1], { above: low })
  return new Columns(minMax(low, high), json)
}

/**
 * Maps every column's training values to `range` (default [0, 1]); constant columns map to its lower end. scikit-learn's
 * MinMaxScaler. Pass `{ minimum, maximum }`, or the result of `toJSON`, to restore a fitted one.
 * @throws TypeError or RangeError naming the option.
 */
export function minMaxScaler(
  options: ScalerOptions & {
    range?: readonly [number, number]
    minimum?: ArrayLike<number>
    maximum?: ArrayLike<number>
  } = {},
): MinMaxScaler {
  return new MinMax(readMinMax, options)
}
