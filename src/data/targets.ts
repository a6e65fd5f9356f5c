/** From what users pass to what the machine reads: packed rows, checked by row and column. */
import { checkNumber, show } from '../lib/check.ts'
import { checkArray, checkEntry, isArrayLike, isNested, type NumberArray, packRows, place } from './arrays.ts'

/** Values or class indices row after row, or an array of rows (values or one-hot). */
export type Targets = ArrayLike<number> | ArrayLike<ArrayLike<number>>
/** Per class: by index, or only those that differ from 1. */
export type ClassWeight = ArrayLike<number> | Readonly<Record<number, number>>

/** What `readTargets` has to know of the loss. */
export interface TargetSpec {
  /** `classes`: one index a row, for sparse losses. `values`: `outputs` floats a row. */
  readonly kind: 'classes' | 'values'
  readonly outputs: number
  /** Rows of the features. */
  readonly rows: number
  /** With `values`: one class index a row is taken too and made one-hot, as for categorical losses. */
  readonly categorical?: boolean
  /** With `values`: the range the loss is defined on. */
  readonly minimum?: number
  readonly maximum?: number
  /** What the features are called in messages. */
  readonly rowsOf?: string
  /** With `values`: a metric that takes them for classes. */
  readonly classTargets?: ClassTargets
}

/** What a metric of classes or labels wants targets to be: values 0 and 1 (or -1 and 1), of which each row has a single 1 if `oneHot`. */
export interface ClassTargets {
  /** Its name, for messages. */
  readonly metric: string
  readonly oneHot: boolean
}

/**
 * Targets as the loss reads them: class indices (Int32Array, one a row) or values (Float32Array, `outputs` a row).
 * Classes may come as integers or one-hot; an Int32Array of classes and a Float32Array of values are not copied.
 * @throws TypeError or RangeError naming the row when rows differ from the features', a class is fractional or out of
 * range, a row is not one-hot, or a value is NaN, infinite or outside the loss's range.
 */
export function readTargets(
  where: string,
  name: string,
  y: unknown,
  spec: TargetSpec & { readonly kind: 'classes' },
): Int32Array
export function readTargets(
  where: string,
  name: string,
  y: unknown,
  spec: TargetSpec & { readonly kind: 'values' },
): Float32Array
export function readTargets(where: string, name: string, y: unknown, spec: TargetSpec): Int32Array | Float32Array
export function readTargets(where: string, name: string, y: unknown, spec: TargetSpec): Int32Array | Float32Array {
  const given = checkArray(where, name, y)
  const cols = columnsOf(where, name, given, spec)
  if (spec.kind === 'classes') {
    if (cols === 1) return toClasses(where, name, flatten(where, name, given, 1), spec.outputs)
    return fromOneHot(where, name, flatten(where, name, given, cols), spec.outputs)
  }
  if (cols === spec.outputs) {
    const values = checkRange(where, name, flatten(where, name, given, cols), spec)
    if (spec.classTargets) checkClassTargets(where, name, values, spec.outputs, spec.classTargets)
    return values
  }
  const classes = toClasses(where, name, flatten(where, name, given, 1), spec.outputs)
  const out = new Float32Array(spec.rows * spec.outputs)
  classes.forEach((label, row) => {
    out[row * spec.outputs + label] = 1
  })
  return out
}

/** Values a row: 1 or `outputs`, whichever fits the rows. */
function columnsOf(where: string, name: string, given: ArrayLike<unknown>, spec: TargetSpec): number {
  const { kind, outputs, rows, categorical = false, rowsOf = 'x' } = spec
  const single = kind === 'classes' || categorical || outputs === 1
  if (isNested(given)) {
    const cols = given[0].length
    if (given.length !== rows) {
      throw new RangeError(`${where}: "${name}" has ${given.length} rows, but "${rowsOf}" has ${rows}`)
    }
    if (cols !== outputs && !(single && cols === 1)) {
      throw new RangeError(`${where}: "${name}" row 0 has ${cols} values, expected the model's ${outputs} outputs`)
    }
    return cols
  }
  if (single && given.length === rows) return 1
  if (given.length === rows * outputs) return outputs
  const expected = single ? `${rows}` : `${rows * outputs} (${rows} rows of ${outputs})`
  const oneHot = single && outputs > 1 ? ` (or ${rows * outputs}, one-hot)` : ''
  throw new RangeError(
    `${where}: "${name}" has ${given.length} values, but "${rowsOf}" has ${rows} rows: expected ${expected}${oneHot}`,
  )
}

/** The same numbers without nesting; typed arrays are passed on, others checked entry by entry. */
function flatten(where: string, name: string, given: ArrayLike<unknown>, cols: number): NumberArray {
  if (isNested(given)) return packRows(where, name, given, cols, `${cols}`)
  if (given instanceof Float32Array || given instanceof Int32Array || given instanceof Uint8Array) return given
  // float64, as float32 would round a fractional class into a whole one
  const numbers = new Float64Array(given.length)
  for (let i = 0; i < numbers.length; i++) numbers[i] = checkEntry(where, name, given[i], i, cols)
  return numbers
}

function toClasses(where: string, name: string, values: NumberArray, outputs: number): Int32Array {
  for (let row = 0; row < values.length; row++) {
    const label = values[row]
    if (label >= 0 && label < outputs && Number.isInteger(label)) continue
    if (!Number.isInteger(label)) {
      throw new RangeError(`${where}: "${name}" row ${row} is ${label}, not a class index from 0 to ${outputs - 1}`)
    }
    throw new RangeError(
      `${where}: "${name}" row ${row} is class ${label}, but the model's ${outputs} outputs stand for classes 0 to ${outputs - 1}`,
    )
  }
  return values instanceof Int32Array ? values : Int32Array.from(values)
}

function fromOneHot(where: string, name: string, values: NumberArray, outputs: number): Int32Array {
  const classes = new Int32Array(values.length / outputs)
  for (let row = 0; row < classes.length; row++) {
    let label = -1
    for (let c = 0; c < outputs; c++) {
      const value = values[row * outputs + c]
      if (value === 0) continue
      if (value !== 1 || label >= 0) {
        throw new RangeError(
          `${where}: "${name}" row ${row} is not one-hot: ${value === 1 ? 'it has more than one 1' : `it holds ${value}`}; for soft labels use categoricalCrossentropy`,
        )
      }
      label = c
    }
    if (label < 0) throw new RangeError(`${where}: "${name}" row ${row} is not one-hot: all its values are 0`)
    classes[row] = label
  }
  return classes
}

function checkRange(where: string, name: string, values: NumberArray, spec: TargetSpec): Float32Array {
  const { outputs, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = spec
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value - value !== 0) checkEntry(where, name, value, i, outputs)
    if (value < minimum || value > maximum) {
      const range = maximum === Number.POSITIVE_INFINITY ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
      throw new RangeError(`${where}: "${name}" is ${value} at ${place(i, outputs)}; the loss takes targets ${range}`)
    }
  }
  return values instanceof Float32Array ? values : Float32Array.from(values)
}

/** @throws RangeError where a metric of classes or labels would judge quantities, or labels as classes. */
function checkClassTargets(
  where: string,
  name: string,
  values: Float32Array,
  outputs: number,
  { metric, oneHot }: ClassTargets,
): void {
  let ones = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value !== 0 && value !== 1 && value !== -1) {
      throw new RangeError(
        `${where}: metric "${metric}" judges classes or labels, but "${name}" is ${value} at ${place(i, outputs)}; for quantities use "meanAbsoluteError" or "r2Score"`,
      )
    }
    if (value === 1) ones++
    if (oneHot && (i + 1) % outputs === 0) {
      if (ones !== 1) {
        throw new RangeError(
          `${where}: metric "${metric}" judges one class of many, but "${name}" row ${Math.floor(i / outputs)} has ${ones} ones; for labels of their own use binaryCrossentropy, or give the metric a "threshold"`,
        )
      }
      ones = 0
    }
  }
}

/** What `readWeights` takes: the user's weights, and the targets as `readTargets` read them. */
export interface WeightSpec {
  readonly sampleWeight?: unknown
  readonly classWeight?: unknown
  readonly targets: Int32Array | Float32Array
  readonly outputs: number
  readonly rows: number
}

/**
 * One weight a row, sampleWeight · classWeight[class], or undefined when neither is given. Classes without a weight
 * have 1. The class of a row of values is its largest; with one output, classes 0 and 1 part at 0.5.
 * @throws TypeError or RangeError unless weights are finite, at least 0 and not all 0, one a row or a class.
 */
export function readWeights(where: string, spec: WeightSpec): Float32Array | undefined {
  const { sampleWeight, classWeight, targets, outputs, rows } = spec
  if (sampleWeight === undefined && classWeight === undefined) return undefined
  const weights = new Float32Array(rows).fill(1)
  if (sampleWeight !== undefined) {
    const given = checkArray(where, 'sampleWeight', sampleWeight)
    if (given.length !== rows) {
      throw new RangeError(`${where}: "sampleWeight" has ${given.length} values, but "x" has ${rows} rows`)
    }
    for (let row = 0; row < rows; row++) {
      weights[row] = checkEntry(where, 'sampleWeight', given[row], row, 1)
      if (weights[row] < 0)
        throw new RangeError(`${where}: "sampleWeight" is ${given[row]} at row ${row}; weights must be at least 0`)
    }
  }
  if (classWeight !== undefined) {
    const perClass = readClassWeight(where, classWeight, Math.max(outputs, 2))
    for (let row = 0; row < rows; row++) weights[row] *= perClass[classOf(targets, outputs, row)]
  }
  if (weights.every((weight) => weight === 0)) throw new RangeError(`${where}: the weights of all ${rows} rows are 0`)
  return weights
}

function readClassWeight(where: string, classWeight: unknown, classes: number): Float64Array {
  if (typeof classWeight !== 'object' || classWeight === null) {
    throw new TypeError(
      `${where}: "classWeight" must be an object or an array of weights by class, got ${show(classWeight)}`,
    )
  }
  if (isArrayLike(classWeight) && classWeight.length !== classes) {
    throw new RangeError(`${where}: "classWeight" has ${classWeight.length} weights, expected ${classes}, one a class`)
  }
  const perClass = new Float64Array(classes).fill(1)
  for (const [key, weight] of Object.entries(classWeight)) {
    const label = Number(key)
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`${where}: "classWeight" names class ${show(key)}; the classes are 0 to ${classes - 1}`)
    }
    perClass[label] = checkNumber(where, `classWeight[${label}]`, weight, { minimum: 0 })
  }
  return perClass
}

function classOf(targets: Int32Array | Float32Array, outputs: number, row: number): number {
  if (targets instanceof Int32Array) return targets[row]
  if (outputs === 1) return targets[row] >= 0.5 ? 1 : 0
  let best = 0
  for (let c = 1; c < outputs; c++) if (targets[row * outputs + c] > targets[row * outputs + best]) best = c
  return best
}

/**
 * How many of the rows to train on: all but the LAST `fraction` of them, which are validated on. As in Keras they are
 * taken before any shuffling.
 * @throws TypeError or RangeError unless fraction is in (0, 1) and leaves rows on both sides.
 */
export function splitRows(where: string, rows: number, fraction: unknown): number {
  const share = checkNumber(where, 'validationSplit', fraction, { above: 0, below: 1 })
  // the summand undoes the rounding of 1 - share: 100 rows split at 0.9 are 10 and 90
  const trained = Math.floor(rows * (1 - share) + rows * 1e-12)
  if (trained === 0 || trained === rows) {
    throw new RangeError(
      `${where}: "validationSplit" ${share} of ${rows} rows leaves ${trained} to train on and ${rows - trained} to validate on`,
    )
  }
  return trained
}
