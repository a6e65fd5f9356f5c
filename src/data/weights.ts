/** Row weights from sample and class weights. */
import { checkFloat, show } from '../lib/check.ts'
import { checkArray, checkEntry, isArrayLike } from './arrays.ts'

/** By class index, only those that differ from 1, or 'balanced': rows / (number of classes that occur · rows of the class). */
export type ClassWeight =
  | 'balanced'
  | ArrayLike<number>
  | Readonly<Record<number, number>>
  | ReadonlyMap<number, number>

/** How a row of values determines its class: not at all for quantities, by the single 1 of labels, by the argmax of several. */
export type RowClasses = 'none' | 'label' | 'largest'

/** The input of `readWeights`: the user's weights, and targets from `readTargets`. */
export interface WeightSpec {
  readonly sampleWeight?: unknown
  readonly classWeight?: unknown
  readonly targets: Int32Array | Float32Array
  readonly outputs: number
  readonly rows: number
  /** Default 'largest'. */
  readonly rowClasses?: RowClasses
  /** Whether the rows are one batch of several, whose total weight may be 0. */
  readonly batch?: boolean
  /** Turns class counts of these rows into those of all ranks' rows. Default: these are all rows. */
  readonly sums?: (counts: Float64Array) => Float64Array
}

/**
 * Row weights sampleWeight · classWeight[class], or undefined if neither is given. Default weight of a class: 1.
 * With a single output, targets of at least 0.5 are class 1, others class 0.
 * @throws TypeError or RangeError unless weights are finite in float32, >= 0 and, except for a batch, not all 0, one per
 * row or class; for class weights if rows have no class.
 */
export function readWeights(where: string, spec: WeightSpec): Float32Array | undefined {
  const { sampleWeight, classWeight, targets, outputs, rows, rowClasses = 'largest', batch = false, sums } = spec
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
    const classes = classesOf(where, targets, outputs, rows, rowClasses)
    const perClass = readClassWeight(where, classWeight, Math.max(outputs, 2), classes, sums)
    for (let row = 0; row < rows; row++) {
      const weight = weights[row] * perClass[classes[row]]
      weights[row] = weight
      if (!Number.isFinite(weights[row])) {
        throw new RangeError(
          `${where}: "sampleWeight" times "classWeight" is ${weight} at row ${row}, beyond the range of float32 (3.4e38)`,
        )
      }
    }
  }
  if (!batch && weights.every((weight) => weight === 0)) {
    throw new RangeError(`${where}: the weights of all ${rows} rows are 0`)
  }
  return weights
}

const EXPECTED = `an object, a Map or an array of weights by class, or 'balanced'`

/** One weight per class. */
function readClassWeight(
  where: string,
  classWeight: unknown,
  classes: number,
  rows: Int32Array,
  sums: WeightSpec['sums'],
): Float64Array {
  if (classWeight === 'balanced') return balanced(classes, rows, sums)
  if (typeof classWeight !== 'object' || classWeight === null) {
    throw new TypeError(`${where}: "classWeight" must be ${EXPECTED}, got ${show(classWeight)}`)
  }
  if (isArrayLike(classWeight) && classWeight.length !== classes) {
    throw new RangeError(`${where}: "classWeight" has ${classWeight.length} weights, expected ${classes}, one a class`)
  }
  const perClass = new Float64Array(classes).fill(1)
  for (const [key, weight] of entriesOf(where, classWeight)) {
    const label = typeof key === 'string' && key !== '' ? Number(key) : key
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`${where}: "classWeight" names class ${show(key)}; the classes are 0 to ${classes - 1}`)
    }
    perClass[label] = checkFloat(where, `classWeight[${label}]`, weight, { minimum: 0 })
  }
  return perClass
}

function entriesOf(where: string, classWeight: object): Iterable<readonly [unknown, unknown]> {
  if (Object.prototype.toString.call(classWeight) === '[object Map]') return classWeight as Map<unknown, unknown>
  const prototype = Object.getPrototypeOf(classWeight)
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (plain || isArrayLike(classWeight)) return Object.entries(classWeight)
  throw new TypeError(`${where}: "classWeight" must be ${EXPECTED}, got ${show(classWeight)}`)
}

/** scikit-learn's class_weight='balanced'. */
function balanced(classes: number, rows: Int32Array, sums: WeightSpec['sums'] = (counts) => counts): Float64Array {
  const own = new Float64Array(classes)
  for (const label of rows) own[label]++
  const counts = sums(own)
  const all = counts.reduce((sum, count) => sum + count, 0)
  const occurring = counts.reduce((sum, count) => sum + Number(count > 0), 0)
  return counts.map((count) => (count > 0 ? all / (occurring * count) : 1))
}

/** The class of a row: its index, the argmax of its values (the first on ties), or 0 or 1 for a single output. */
export function classOf(targets: Int32Array | Float32Array, outputs: number, row: number): number {
  if (targets instanceof Int32Array) return targets[row]
  const first = row * outputs
  if (outputs === 1) return targets[first] >= 0.5 ? 1 : 0
  let label = 0
  for (let c = 1; c < outputs; c++) if (targets[first + c] > targets[first + label]) label = c
  return label
}

/**
 * The class of every row.
 * @throws TypeError if targets are quantities; RangeError for a row with several classes or none.
 */
function classesOf(
  where: string,
  targets: Int32Array | Float32Array,
  outputs: number,
  rows: number,
  rowClasses: RowClasses,
): Int32Array {
  if (targets instanceof Int32Array) return targets
  if (rowClasses === 'none') {
    throw new TypeError(`${where}: "classWeight" needs classes, but the loss is of quantities; use "sampleWeight"`)
  }
  const classes = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    const first = row * outputs
    const label = classOf(targets, outputs, row)
    classes[row] = label
    if (outputs === 1) continue
    const largest = targets[first + label]
    // labels must have no other value above 0, distributions no other value as large
    let alone = true
    for (let c = 0; c < outputs; c++) {
      const other = targets[first + c]
      if (c !== label) alone &&= rowClasses === 'label' ? other <= 0 : other < largest
    }
    if (!alone || (rowClasses === 'label' && largest !== 1)) {
      throw new RangeError(
        `${where}: "classWeight" needs one class a row, but row ${row} of "y" has several or none; use "sampleWeight"`,
      )
    }
  }
  return classes
}
