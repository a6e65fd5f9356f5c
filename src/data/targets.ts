/** User-supplied targets in the machine's format: packed rows, checked by row and column. */
import {
  type AreFinite,
  checkArray,
  checkEntry,
  checkFloats,
  isNested,
  type NumberArray,
  packRows,
  place,
} from './arrays.ts'

/** Row-major values or class indices, or an array of rows (values or one-hot). */
export type Targets = ArrayLike<number> | ArrayLike<ArrayLike<number>>
/** What `readTargets` needs to know about the loss. */
export interface TargetSpec {
  /** `classes`: one index per row, for sparse losses. `values`: `outputs` floats per row. */
  readonly kind: 'classes' | 'values'
  readonly outputs: number
  /** Number of rows of the features. */
  readonly rows: number
  /** With `values`: accepts one class index per row and makes it one-hot, for categorical losses. */
  readonly categorical?: boolean
  /** With `values`: the range on which the loss is defined. */
  readonly minimum?: number
  readonly maximum?: number
  /** The name of the features in messages. */
  readonly rowsOf?: string
  /** With `values`: a metric that interprets them as classes. */
  readonly classTargets?: ClassTargets
  /** The faster implementation, if there is one. */
  readonly areFinite?: AreFinite
}

/** Requirements of a metric of classes or labels: values 0 and 1 (or -1 and 1), with a single 1 per row if `oneHot`. */
export interface ClassTargets {
  /** Its name, for messages. */
  readonly metric: string
  readonly oneHot: boolean
}

/**
 * Targets in the loss's format: class indices (Int32Array, one per row) or values (Float32Array, `outputs` per row).
 * Classes may be given as indices or one-hot; an Int32Array of classes and a Float32Array of values are not copied.
 * @throws TypeError or RangeError naming the row if the number of rows differs from the features', a class is fractional or out of
 * range, a row is not one-hot, or a value is NaN, infinite or outside of the loss's range.
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

/** Values per row: 1 or `outputs`, whichever matches the number of rows. */
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

/** Flattens nested rows; typed arrays are returned unchanged, others checked entry by entry. */
function flatten(where: string, name: string, given: ArrayLike<unknown>, cols: number): NumberArray {
  if (isNested(given)) return packRows(where, name, given, cols, `${cols}`)
  if (given instanceof Float32Array || given instanceof Int32Array || given instanceof Uint8Array) return given
  // float64, since float32 would round a fractional class to an integer
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
  if (values instanceof Float32Array && spec.minimum === undefined && spec.maximum === undefined) {
    checkFloats(where, name, values, outputs, spec.areFinite)
    return values
  }
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

/** @throws RangeError if a metric of classes or labels would be applied to quantities, or one of classes to labels. */
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
