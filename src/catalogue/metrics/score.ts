/** Metrics of arrays, without a model. */
import { isArrayLike } from '../../data/arrays.ts'
import { checkBoolean, checkInteger, checkOptions, show } from '../../lib/check.ts'
import { type Metric, type MetricName, measuresDistance } from './metric.ts'
import { createMetric, resolveMetric } from './metrics.ts'
import type { MetricValue } from './rule.ts'

export interface ScoreOptions {
  /** Number of rows. Default: that of nested outputs or targets, else the number of targets. */
  rows?: number
  /** One weight per row. Default 1. */
  sampleWeight?: ArrayLike<number>
  /**
   * Whether several outputs are independent labels, as opposed to one class of many. Default: whether some row of targets is not
   * one-hot, or the metric has a threshold.
   */
  independent?: boolean
}

/** Row-major numbers, and the number of rows if they were nested. */
interface Flat {
  readonly values: ArrayLike<number>
  readonly rows: number | undefined
}

/** @throws TypeError unless all entries are numbers; RangeError for rows of different lengths. */
function flatten(name: string, given: unknown): Flat {
  if (!isArrayLike(given))
    throw new TypeError(`score: "${name}" must be an array of numbers or of rows, got ${show(given)}`)
  if (ArrayBuffer.isView(given)) return { values: given as unknown as ArrayLike<number>, rows: undefined }
  const nested = given.length > 0 && isArrayLike(given[0])
  const cols = nested ? (given[0] as ArrayLike<unknown>).length : 1
  // a growing list: an object that is not an array may claim any length
  const values: number[] = []
  for (let r = 0; r < given.length; r++) {
    const row = nested ? given[r] : given
    if (!isArrayLike(row))
      throw new TypeError(`score: "${name}" row ${r} must be an array of ${cols} numbers, got ${show(row)}`)
    if (nested && row.length !== cols) {
      throw new RangeError(`score: "${name}" row ${r} has ${row.length} values, expected ${cols} as in row 0`)
    }
    for (let c = 0; c < cols; c++) {
      const value = nested ? row[c] : row[r]
      const place = nested ? `row ${r}, column ${c}` : `row ${r}`
      if (typeof value !== 'number') {
        throw new TypeError(`score: "${name}" must hold only numbers, got ${show(value)} at ${place}`)
      }
      values.push(value)
    }
  }
  return { values, rows: nested ? given.length : undefined }
}

/** @throws RangeError unless there is one weight per row, all finite and >= 0. */
function readWeights(given: unknown, rows: number): ArrayLike<number> | undefined {
  if (given === undefined) return undefined
  const { values } = flatten('sampleWeight', given)
  if (values.length !== rows) {
    throw new RangeError(`score: "sampleWeight" must have ${rows} values, got ${values.length}`)
  }
  for (let r = 0; r < rows; r++) {
    if (!(values[r] >= 0 && values[r] < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`score: "sampleWeight" is ${values[r]} at row ${r}; weights must be finite and at least 0`)
    }
  }
  if (Array.prototype.every.call(values, (weight) => weight === 0)) {
    throw new RangeError(`score: the weights of all ${rows} rows are 0`)
  }
  return values
}

/** Whether every row is one-hot, or a distribution over the classes. */
function areShares(values: ArrayLike<number>, cols: number): boolean {
  for (let r = 0; r < values.length; r += cols) {
    let sum = 0
    for (let c = 0; c < cols; c++) {
      if (values[r + c] < 0) return false
      sum += values[r + c]
    }
    if (Math.abs(sum - 1) > 1e-6) return false
  }
  return true
}

/** @throws RangeError for an index that is not a class. */
function checkClasses(values: ArrayLike<number>, cols: number): void {
  for (let r = 0; r < values.length; r++) {
    const label = values[r]
    if (Number.isInteger(label) && label >= 0 && label < cols) continue
    throw new RangeError(`score: "targets" row ${r} is ${label}, not a class index from 0 to ${cols - 1}`)
  }
}

/** @throws RangeError for a target that is not finite or, for metrics of classes or labels, is a quantity. */
function checkValues(values: ArrayLike<number>, cols: number, metric: Metric): void {
  const quantities = measuresDistance(metric)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const place = cols === 1 ? `row ${i}` : `row ${Math.floor(i / cols)}, column ${i % cols}`
    if (!Number.isFinite(value)) throw new RangeError(`score: "targets" has ${value} at ${place}`)
    if (quantities || value === 0 || value === 1 || value === -1) continue
    if (metric.kind === 'logLoss' && value >= 0 && value <= 1) continue
    throw new RangeError(
      `score: metric "${metric.kind}" judges classes or labels, but "targets" has ${value} at ${place}; for quantities use "meanAbsoluteError" or "r2Score"`,
    )
  }
}

/**
 * A metric of given outputs against their targets, both row-major or nested. NaN if an output of a row with nonzero weight is NaN.
 * Several outputs with one target per row are one class of many; with one target per output, they are that if every row is
 * one-hot, and otherwise independent labels.
 * @throws TypeError for entries that are not numbers; RangeError for lengths that do not match, or for a target that is not a
 * class or, for metrics of classes, is a quantity.
 */
export function score(
  metric: MetricName | Metric,
  targets: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
  outputs: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
  options: ScoreOptions = {},
): MetricValue {
  const spec = resolveMetric('score', metric)
  checkOptions('score', options, ['rows', 'sampleWeight', 'independent'])
  const wanted = flatten('targets', targets)
  const given = flatten('outputs', outputs)
  const rows = checkInteger('score', 'rows', options.rows ?? given.rows ?? wanted.rows ?? wanted.values.length, 1)
  for (const [name, { rows: nested }] of [['outputs', given] as const, ['targets', wanted] as const]) {
    if (nested !== undefined && nested !== rows) {
      throw new RangeError(`score: "${name}" has ${nested} rows, expected ${rows}`)
    }
  }
  const cols = given.values.length / rows
  if (!Number.isInteger(cols) || cols < 1) {
    throw new RangeError(`score: "outputs" has ${given.values.length} values, not a multiple of the ${rows} rows`)
  }
  const { length } = wanted.values
  if (length !== rows && length !== rows * cols) {
    throw new RangeError(`score: "targets" must have ${rows} classes or ${rows * cols} values, got ${length}`)
  }
  const weights = readWeights(options.sampleWeight, rows)
  const independent =
    options.independent === undefined ? undefined : checkBoolean('score', 'independent', options.independent)

  const classes = cols > 1 && length === rows
  if (classes && independent) {
    throw new RangeError('score: "independent" outputs need a target each, but "targets" has one class a row')
  }
  if (classes) checkClasses(wanted.values, cols)
  else checkValues(wanted.values, cols, spec)
  const labels = independent ?? (spec.threshold !== undefined || !(classes || areShares(wanted.values, cols)))
  const stream = createMetric(spec, { outputs: cols, targets: classes ? 'classes' : 'values', independent: labels })
  stream.update(given.values, wanted.values, rows, weights)
  return stream.result()
}
