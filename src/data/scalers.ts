/** Scalers: x' = (x - offset) / scale by column, learned from training rows. */
import { checkNumber, checkOptions, show } from '../lib/check.ts'
import { ColumnScaler, Columns, type Kind, type Scaler } from './scaling.ts'

export type { Scaler, ScalerJson } from './scaling.ts'

/** x' = (x - mean) / standardDeviation */
export interface StandardScaler extends Scaler {
  /** By column; empty before `fit`. */
  readonly mean: Float64Array
  /** Population standard deviation by column, 1 where a column is constant; empty before `fit`. */
  readonly standardDeviation: Float64Array
}

/** x' = low + (x - minimum) / (maximum - minimum) · (high - low) */
export interface MinMaxScaler extends Scaler {
  /** By column; empty before `fit`. */
  readonly minimum: Float64Array
  readonly maximum: Float64Array
}

interface ScalerOptions {
  /** The only columns to scale; the others pass as they are. Default: all. */
  columns?: readonly number[]
  /** As `toJSON` gives it. */
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
    // what rounding leaves of a constant column counts as none
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
 * Scales every column to mean 0 and population standard deviation 1; constant columns are only centred. The same as
 * scikit-learn's StandardScaler. Pass `{ mean, standardDeviation }`, or what `toJSON` gave, for one that has learned.
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
 * Scales every column's training values onto `range`; constant columns go to its lower end. The same as scikit-learn's
 * MinMaxScaler. Pass `{ minimum, maximum }`, or what `toJSON` gave, for one that has learned.
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
