/** What users do to their data before training: scale, encode, shuffle, split. */
import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { type Features, readFeatures } from './features.ts'
import { readTargets, type Targets } from './targets.ts'

/** x' = (x - offset) / scale by column, learned from training rows. */
export interface Scaler {
  /** Learns the columns of x; returns the scaler. `cols` may be left out for an array of rows. */
  fit(x: Features, cols?: number): this
  /** Scaled float32 rows. */
  transform(x: Features): Float32Array
  fitTransform(x: Features, cols?: number): Float32Array
  /** Back from scaled rows. */
  inverseTransform(x: Features): Float32Array
}

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

/** Columns of x as the user gave them: said, or those of the first row. */
function columnsOf(where: string, x: unknown, cols: number | undefined): number {
  if (cols !== undefined) return checkInteger(where, 'cols', cols, 1)
  const first: unknown = Array.isArray(x) ? x[0] : undefined
  if (typeof first === 'object' && first !== null && 'length' in first)
    return checkInteger(where, 'columns of x', first.length, 1)
  throw new TypeError(`${where}: say how many columns "x" has; it is not an array of rows`)
}

/** Applies `map` to every value of x, its column beside it. */
function mapColumns(
  where: string,
  x: Features,
  cols: number,
  map: (value: number, column: number) => number,
): Float32Array {
  if (cols === 0) throw new Error(`${where}: call fit(x, cols) first`)
  const { values } = readFeatures(where, 'x', x, cols)
  const out = new Float32Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = map(values[i], i % cols)
  return out
}

/**
 * Scales every column to mean 0 and population standard deviation 1; constant columns are only centred. The same as
 * scikit-learn's StandardScaler. Pass a saved `{ mean, standardDeviation }` to restore one.
 */
export function standardScaler(
  saved: { mean?: ArrayLike<number>; standardDeviation?: ArrayLike<number> } = {},
): StandardScaler {
  checkOptions('standardScaler', saved, ['mean', 'standardDeviation'])
  let mean = Float64Array.from(saved.mean ?? [])
  let deviation = Float64Array.from(saved.standardDeviation ?? [])
  if (mean.length !== deviation.length) {
    throw new RangeError(`standardScaler: "mean" has ${mean.length} columns, "standardDeviation" ${deviation.length}`)
  }
  for (const value of mean) checkNumber('standardScaler', 'mean', value)
  for (const value of deviation) checkNumber('standardScaler', 'standardDeviation', value, { above: 0 })
  return {
    get mean() {
      return mean
    },
    get standardDeviation() {
      return deviation
    },
    fit(x, cols) {
      const width = columnsOf('standardScaler.fit', x, cols)
      const { values, rows } = readFeatures('standardScaler.fit', 'x', x, width)
      const means = new Float64Array(width)
      const squares = new Float64Array(width)
      for (let i = 0; i < values.length; i++) means[i % width] += values[i] / rows
      for (let i = 0; i < values.length; i++) squares[i % width] += (values[i] - means[i % width]) ** 2
      mean = means
      // what rounding leaves of a constant column counts as none
      deviation = squares.map((sum, c) => {
        const sd = Math.sqrt(sum / rows)
        return sd > 1e-12 * Math.abs(means[c]) ? sd : 1
      })
      return this
    },
    transform: (x) =>
      mapColumns('standardScaler.transform', x, mean.length, (value, c) => (value - mean[c]) / deviation[c]),
    fitTransform(x, cols) {
      return this.fit(x, cols).transform(x)
    },
    inverseTransform: (x) =>
      mapColumns('standardScaler.inverseTransform', x, mean.length, (value, c) => value * deviation[c] + mean[c]),
  }
}

/**
 * Scales every column's training values onto `range`; constant columns go to its lower end. The same as scikit-learn's
 * MinMaxScaler. Pass a saved `{ minimum, maximum }` to restore one.
 */
export function minMaxScaler(
  options: { range?: readonly [number, number]; minimum?: ArrayLike<number>; maximum?: ArrayLike<number> } = {},
): MinMaxScaler {
  checkOptions('minMaxScaler', options, ['range', 'minimum', 'maximum'])
  const { range = [0, 1] } = options
  if (!Array.isArray(range) || range.length !== 2) {
    throw new TypeError(`minMaxScaler: "range" must be [low, high], got ${show(range)}`)
  }
  const low = checkNumber('minMaxScaler', 'range[0]', range[0])
  const high = checkNumber('minMaxScaler', 'range[1]', range[1], { above: low })
  let minimum = Float64Array.from(options.minimum ?? [])
  let maximum = Float64Array.from(options.maximum ?? [])
  if (minimum.length !== maximum.length) {
    throw new RangeError(`minMaxScaler: "minimum" has ${minimum.length} columns, "maximum" ${maximum.length}`)
  }
  minimum.forEach((value, c) => {
    checkNumber('minMaxScaler', 'minimum', value)
    checkNumber('minMaxScaler', 'maximum', maximum[c], { minimum: value })
  })
  const span = (c: number) => (maximum[c] - minimum[c] || 1) / (high - low)
  return {
    get minimum() {
      return minimum
    },
    get maximum() {
      return maximum
    },
    fit(x, cols) {
      const width = columnsOf('minMaxScaler.fit', x, cols)
      const { values } = readFeatures('minMaxScaler.fit', 'x', x, width)
      const least = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
      const most = new Float64Array(width).fill(Number.NEGATIVE_INFINITY)
      for (let i = 0; i < values.length; i++) {
        const c = i % width
        if (values[i] < least[c]) least[c] = values[i]
        if (values[i] > most[c]) most[c] = values[i]
      }
      minimum = least
      maximum = most
      return this
    },
    transform: (x) =>
      mapColumns('minMaxScaler.transform', x, minimum.length, (value, c) => low + (value - minimum[c]) / span(c)),
    fitTransform(x, cols) {
      return this.fit(x, cols).transform(x)
    },
    inverseTransform: (x) =>
      mapColumns(
        'minMaxScaler.inverseTransform',
        x,
        minimum.length,
        (value, c) => (value - low) * span(c) + minimum[c],
      ),
  }
}

/**
 * Class indices as rows of zeros with a one: [labels.length, classes], row-major.
 * @throws RangeError for a label that is not a whole number from 0 to classes - 1 (default: the largest label).
 */
export function oneHot(labels: ArrayLike<number>, classes?: number): Float32Array {
  let width = classes ?? 0
  if (classes !== undefined) checkInteger('oneHot', 'classes', classes, 1)
  else for (let i = 0; i < labels.length; i++) width = Math.max(width, Math.floor(labels[i]) + 1 || 0, 1)
  const outputs = width
  const indices = readTargets('oneHot', 'labels', labels, {
    kind: 'classes',
    outputs,
    rows: labels.length,
    rowsOf: 'labels',
  })
  const out = new Float32Array(indices.length * outputs)
  indices.forEach((label, row) => {
    out[row * outputs + label] = 1
  })
  return out
}

/** Row order and shape of a data set given as x and y. */
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

/** The chosen rows of x and y; y keeps its type of array. */
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
 * x and y in a new random order, the same for both; the originals stay as they are.
 * @param options.columns columns of x, needed unless x is an array of rows
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
 * Parts a data set at random: ⌈testSize · rows⌉ rows to test with (testSize at least 1: that many), the others to train on.
 * With `stratify`, y holds class indices and every class is parted in the same proportion.
 * @throws RangeError when either part would be empty.
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
  const isTest = stratify ? stratified(where, pair, order, test) : new Set(order.subarray(0, test))
  const testRows = order.filter((row) => isTest.has(row))
  const trainRows = order.filter((row) => !isTest.has(row))
  const trained = take(pair, trainRows)
  const tested = take(pair, testRows)
  return { xTrain: trained.x, yTrain: trained.y, xTest: tested.x, yTest: tested.y, trainRows, testRows }
}

/** `test` rows, from every class its share; what shares leave over goes to the largest remainders. */
function stratified(where: string, { y, rows }: Pair<Targets>, order: Int32Array, test: number): Set<number> {
  const labels = readTargets(where, 'y', y, { kind: 'classes', outputs: 2 ** 31 - 1, rows })
  const groups = new Map<number, number[]>()
  for (const row of order) {
    const group = groups.get(labels[row])
    if (group) group.push(row)
    else groups.set(labels[row], [row])
  }
  const shares = [...groups.values()].map((members) => {
    const exact = (members.length * test) / rows
    return { members, count: Math.floor(exact), remainder: exact - Math.floor(exact) }
  })
  let missing = test - shares.reduce((sum, { count }) => sum + count, 0)
  for (const share of [...shares].sort((a, b) => b.remainder - a.remainder)) {
    if (missing-- > 0) share.count++
  }
  return new Set(shares.flatMap(({ members, count }) => members.slice(0, count)))
}
