/** One-hot encoding, shuffling and splitting of data sets. */
import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { checkArray } from './arrays.ts'
import { type Features, readFeatures } from './features.ts'
import { columnsOf } from './scaling.ts'
import { readTargets, type Targets } from './targets.ts'

/** Length of the largest Float32Array that all engines support. */
const LONGEST = 2 ** 30

/**
 * One-hot encoding of class indices: [labels.length, classes], row-major. Keras' to_categorical.
 * @throws RangeError for a label that is not an integer from 0 to classes - 1 (default: the largest label + 1 classes).
 */
export function oneHot(labels: ArrayLike<number>, classes?: number): Float32Array {
  checkArray('oneHot', 'labels', labels)
  let width = classes === undefined ? 0 : checkInteger('oneHot', 'classes', classes, 1)
  if (classes === undefined)
    for (let i = 0; i < labels.length; i++) width = Math.max(width, Math.floor(labels[i]) + 1 || 0, 1)
  const outputs = width
  const indices = readTargets('oneHot', 'labels', labels, {
    kind: 'classes',
    outputs,
    rows: labels.length,
    rowsOf: 'labels',
  })
  if (indices.length * outputs > LONGEST) {
    throw new RangeError(
      `oneHot: ${indices.length} rows of ${outputs} classes are too many for one array; use sparseCategoricalCrossentropy, which takes class indices`,
    )
  }
  const out = new Float32Array(indices.length * outputs)
  indices.forEach((label, row) => {
    out[row * outputs + label] = 1
  })
  return out
}

/** The shape of a data set given as x and y. */
interface Pair<Y> {
  readonly values: Float32Array
  readonly rows: number
  readonly cols: number
  readonly y: Y
}

function readPair<Y extends Targets>(where: string, x: Features, y: Y, columns: number | undefined): Pair<Y> {
  const cols = columnsOf(where, x, columns)
  const { values, rows } = readFeatures(where, 'x', x, cols)
  if (typeof y !== 'object' || y === null || typeof y.length !== 'number') {
    throw new TypeError(`${where}: "y" must be an array, got ${show(y)}`)
  }
  if (y.length === 0 || y.length % rows !== 0) {
    throw new RangeError(`${where}: "y" has ${y.length} values, but "x" has ${rows} rows`)
  }
  return { values, rows, cols, y }
}

/** The chosen rows of x and y; y keeps its array type. */
function take<Y extends Targets>({ values, rows, cols, y }: Pair<Y>, order: Int32Array): { x: Float32Array; y: Y } {
  const x = new Float32Array(order.length * cols)
  order.forEach((row, i) => {
    x.set(values.subarray(row * cols, (row + 1) * cols), i * cols)
  })
  const width = y.length / rows
  const Kind = (ArrayBuffer.isView(y) ? y.constructor : Array) as new (length: number) => { [index: number]: unknown }
  const picked = new Kind(order.length * width)
  order.forEach((row, i) => {
    for (let c = 0; c < width; c++) picked[i * width + c] = y[row * width + c]
  })
  return { x, y: picked as unknown as Y }
}

/**
 * Copies of x and y in the same new random order.
 * @param options.columns columns of x, required unless x is an array of rows
 * @throws TypeError or RangeError naming the argument, for example if x and y have different numbers of rows.
 */
export function shuffle<Y extends Targets>(
  x: Features,
  y: Y,
  options: { seed?: number; columns?: number } = {},
): { x: Float32Array; y: Y; order: Int32Array } {
  checkOptions('shuffle', options, ['seed', 'columns'])
  const { seed = 0, columns } = options
  const random = new Random(seed)
  const pair = readPair('shuffle', x, y, columns)
  const order = Int32Array.from({ length: pair.rows }, (_, row) => row)
  random.shuffle(order)
  return { ...take(pair, order), order }
}

/**
 * Random split of a data set: ⌈testSize · rows⌉ test rows (testSize >= 1: that many), the others for training.
 * With `stratify`, y holds class indices and every class is split in the same proportion. Features become float32: if that
 * is too coarse, as for Unix timestamps, scale them first, or use `trainRows` and `testRows` with `takeRows`.
 * scikit-learn's train_test_split.
 * @throws RangeError if either part would be empty.
 */
export function trainTestSplit<Y extends Targets>(
  x: Features,
  y: Y,
  options: { columns?: number; testSize?: number; seed?: number; stratify?: boolean } = {},
): { xTrain: Float32Array; yTrain: Y; xTest: Float32Array; yTest: Y; trainRows: Int32Array; testRows: Int32Array } {
  const where = 'trainTestSplit'
  checkOptions(where, options, ['columns', 'testSize', 'seed', 'stratify'])
  const { columns, testSize = 0.25, seed = 0, stratify = false } = options
  checkNumber(where, 'testSize', testSize, { above: 0 })
  checkBoolean(where, 'stratify', stratify)
  const random = new Random(seed)
  const pair = readPair(where, x, y, columns)
  const { rows } = pair
  const test = testSize < 1 ? Math.ceil(testSize * rows - 1e-9) : checkInteger(where, 'testSize', testSize, 1)
  if (test >= rows) throw new RangeError(`${where}: "testSize" ${testSize} of ${rows} rows leaves none to train on`)

  const order = Int32Array.from({ length: rows }, (_, row) => row)
  random.shuffle(order)
  const isTest = stratify ? stratified(labelsOf(where, pair), order, test) : new Set(order.subarray(0, test))
  const testRows = order.filter((row) => isTest.has(row))
  const trainRows = order.filter((row) => !isTest.has(row))
  const trained = take(pair, trainRows)
  const tested = take(pair, testRows)
  return { xTrain: trained.x, yTrain: trained.y, xTest: tested.x, yTest: tested.y, trainRows, testRows }
}

function labelsOf(where: string, { y, rows }: Pair<Targets>): (row: number) => number {
  const labels = readTargets(where, 'y', y, { kind: 'classes', outputs: 2 ** 31 - 1, rows })
  return (row) => labels[row]
}

/** The first rows of the order, stratified: each class gets its share of `count`, by the largest remainder method. */
export function stratified(labelOf: (row: number) => number, order: Int32Array, count: number): Set<number> {
  const groups = new Map<number, number[]>()
  for (const row of order) {
    const label = labelOf(row)
    const group = groups.get(label)
    if (group) group.push(row)
    else groups.set(label, [row])
  }
  const shares = [...groups.values()].map((members) => {
    const exact = (members.length * count) / order.length
    return { members, count: Math.floor(exact), remainder: exact - Math.floor(exact) }
  })
  let missing = count - shares.reduce((sum, share) => sum + share.count, 0)
  for (const share of [...shares].sort((a, b) => b.remainder - a.remainder)) {
    if (missing-- > 0) share.count++
  }
  return new Set(shares.flatMap((share) => share.members.slice(0, share.count)))
}
