/** From a table to training rows and the encoder for all later rows. */
import { stratified } from '../data/split.ts'
import { checkTable } from '../data/table/checkTable.ts'
import type { CategoryColumn, NumberColumn, Table, TableColumn } from '../data/table/table.ts'
import { checkInteger, checkNumber, checkOneOf, checkOptions, quote, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { Encoder, type Examples } from './encoder.ts'
import type { Feature } from './features.ts'
import { learnCategories, learnDate, learnNumber } from './learn.ts'
import { nearest } from './names.ts'
import type { ClassTarget, NumberTarget, Target } from './target.ts'

export type Task = 'classification' | 'regression'

export interface PrepareOptions {
  /** Name of the column to predict. */
  readonly target: string
  /** Default 'auto': classes if the target is text, has two distinct integers, or consecutive integers from 0 or 1 on. */
  readonly task?: 'auto' | Task
  /**
   * Rows to hold out for testing, from which the encoder does not learn: a fraction below 1 (stratified for classes), a number of
   * rows, or a predicate of the row's number in the table. Default: none.
   */
  readonly test?: number | ((row: number) => boolean)
  /** Seed for drawing the test rows (default 0). */
  readonly seed?: number
  /** Columns with up to this many categories are one-hot encoded; those with more become an index for an embedding (default 8). */
  readonly oneHotLimit?: number
}

export interface Prepared extends Examples {
  readonly encoder: Encoder
  /** The test rows, if requested. */
  readonly test?: Examples
  /** Number of rows without a target, which are in neither. */
  readonly dropped: number
  /** Decisions that the user may want to know about. */
  readonly notes: readonly string[]
}

const WHERE = 'prepare'
/** Maximum integer that may be a class. */
const MOST_NUMBERED = 100
const MOST_CLASSES = 2 ** 16
/** Maximum total length of category names, so that they fit into a model file's header. */
const MOST_LETTERS = 900_000

/**
 * Learns how to encode a table's rows, and encodes them.
 *
 * A number x becomes z / √(1 + (z/3)²), z = (x - median) / (q75 - q25); if the quartiles are equal, z = 2 (x - median) /
 * (maximum - minimum). A missing number becomes the median, plus an indicator column if training had missing values. Two
 * categories become 1 and -1, anything else 0; up to `oneHotLimit` are one-hot encoded, anything else as zeros; more become an
 * index for an embedding, anything else as -1. Dates become year, month, day of week and seconds since 1970. All columns except
 * indices are scaled like numbers. Targets become class indices, or are standardized.
 * @throws TypeError or RangeError for a missing target column, a single class, text targets for a regression, no feature columns,
 * or no training rows.
 */
export function prepare(table: Table, options: PrepareOptions): Prepared {
  checkTable(WHERE, table)
  checkOptions(WHERE, options, ['target', 'task', 'test', 'seed', 'oneHotLimit'])
  const { target: name, task = 'auto', test, seed = 0, oneHotLimit = 8 } = options
  checkOneOf(WHERE, 'task', task, ['auto', 'classification', 'regression'])
  checkInteger(WHERE, 'oneHotLimit', oneHotLimit, 2, MOST_CLASSES)
  const random = new Random(seed)
  const column = findTarget(table, name)
  const notes: string[] = []

  const rows = rowsWith(column, table.rows)
  if (rows.length === 0) throw new RangeError(`${WHERE}: the target ${quote(name)} has no values`)
  const chosen = task === 'auto' ? guessTask(column, rows) : task
  const classes = chosen === 'classification' ? classesOf(column, rows) : undefined
  if (task === 'auto' && classes?.numeric) {
    notes.push(
      `${quote(name)} holds ${classes.classes.length} whole numbers, taken as classes; if they are quantities, say task: 'regression'`,
    )
  }
  const parts = splitRows(rows, test, random, classes && classReader(column, classes))
  const target: Target = classes ?? learnRegression(column, parts.train)
  const features = learnFeatures(table, target.name, parts.train, oneHotLimit, notes)
  const json = {
    format: 'fourlane/encoder/1',
    rows: parts.train.length,
    // trimming may have merged texts that were distinct
    missing: [...new Set(table.missing)],
    features,
    target,
  } as const
  const encoder = new Encoder(json)
  const take = (taken: Int32Array): Examples => {
    const { x, y, rows: found } = encoder.examples(table, { rows: taken })
    return { x, y, rows: found }
  }
  return {
    ...take(parts.train),
    encoder,
    ...(test !== undefined && { test: take(parts.test) }),
    dropped: table.rows - rows.length,
    notes,
  }
}

function findTarget({ columns }: Table, name: unknown): NumberColumn | CategoryColumn {
  if (typeof name !== 'string')
    throw new TypeError(`${WHERE}: "target" must be the name of a column, got ${show(name)}`)
  const column = columns.find((candidate) => candidate.name === name)
  if (!column) {
    const known = columns.map((candidate) => candidate.name)
    throw new RangeError(`${WHERE}: the table has no column ${quote(name)} for a target${nearest(name, known)}`)
  }
  if (column.type === 'number' || column.type === 'category') return column
  const fix = column.type === 'text' ? "; to take it as classes, read it with types: { ...: 'category' }" : ''
  throw new RangeError(`${WHERE}: the target ${quote(name)} is a ${column.type}, not numbers or categories${fix}`)
}

function rowsWith(column: NumberColumn | CategoryColumn, rows: number): Int32Array {
  const out = new Int32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (column.type === 'number' ? !Number.isNaN(column.values[row]) : column.codes[row] >= 0) out[count++] = row
  }
  return out.slice(0, count)
}

/** The distinct numbers, sorted; undefined if there are more than `most`. */
function distinct({ values }: NumberColumn, rows: Int32Array, most: number): number[] | undefined {
  const found = new Set<number>()
  for (const row of rows) if (found.add(values[row]).size > most) return undefined
  return [...found].sort((a, b) => a - b)
}

/** Integers are classes if there are two, or if they are consecutive from 0 or 1 on and occur twice on average. */
function guessTask(column: NumberColumn | CategoryColumn, rows: Int32Array): Task {
  if (column.type === 'category') return 'classification'
  const found = distinct(column, rows, MOST_NUMBERED) ?? []
  const { length } = found
  const [first] = found
  const counts = (first === 0 || first === 1) && found.every((value, i) => value === first + i)
  const isPair = length === 2 && found.every(Number.isInteger)
  return length >= 2 && rows.length >= 2 * length && (isPair || counts) ? 'classification' : 'regression'
}

function classesOf(column: NumberColumn | CategoryColumn, rows: Int32Array): ClassTarget {
  const { name } = column
  let classes: string[]
  if (column.type === 'number') {
    const found = distinct(column, rows, MOST_CLASSES)
    if (!found) {
      throw new RangeError(
        `${WHERE}: the target ${quote(name)} has more than ${MOST_CLASSES} values, too many for classes`,
      )
    }
    classes = found.map(String)
  } else {
    const used = new Set<number>()
    for (const row of rows) used.add(column.codes[row])
    classes = column.categories.filter((_, code) => used.has(code)).sort((a, b) => (a < b ? -1 : 1))
  }
  if (classes.length < 2) {
    throw new RangeError(
      `${WHERE}: the target ${quote(name)} has one class only, ${show(classes[0])}: nothing to learn`,
    )
  }
  return { task: 'classification', name, classes, numeric: column.type === 'number' }
}

/** A reader for a row's class index. */
function classReader(column: NumberColumn | CategoryColumn, { classes }: ClassTarget): (row: number) => number {
  const indices = new Map(classes.map((text, i) => [text, i]))
  return column.type === 'number'
    ? (row) => indices.get(String(column.values[row])) ?? -1
    : (row) => indices.get(column.categories[column.codes[row]]) ?? -1
}

function splitRows(
  rows: Int32Array,
  test: unknown,
  random: Random,
  classOf: ((row: number) => number) | undefined,
): { train: Int32Array; test: Int32Array } {
  const isTest = chooseTest(rows, test, random, classOf)
  const parts = { train: rows.filter((row) => !isTest(row)), test: rows.filter(isTest) }
  if (parts.train.length === 0) throw new RangeError(`${WHERE}: "test" leaves no rows to train on`)
  return parts
}

function chooseTest(
  rows: Int32Array,
  test: unknown,
  random: Random,
  classOf: ((row: number) => number) | undefined,
): (row: number) => boolean {
  if (test === undefined) return () => false
  if (typeof test === 'function') {
    const chosen = new Set<number>()
    for (const row of rows) {
      const is: unknown = test(row)
      if (typeof is !== 'boolean') {
        throw new TypeError(`${WHERE}: "test" must say true or false, got ${show(is)} for row ${row}`)
      }
      if (is) chosen.add(row)
    }
    return (row) => chosen.has(row)
  }
  const size = checkNumber(WHERE, 'test', test, { minimum: 0 })
  const count = size < 1 ? Math.ceil(size * rows.length - 1e-9) : checkInteger(WHERE, 'test', size, 1)
  if (count >= rows.length)
    throw new RangeError(`${WHERE}: "test" ${size} of ${rows.length} rows leaves none to train on`)
  const order = rows.slice()
  random.shuffle(order)
  const chosen = classOf ? stratified(classOf, order, count) : new Set(order.subarray(0, count))
  return (row) => chosen.has(row)
}

/** @throws RangeError for a text target, or a constant one. */
function learnRegression(column: NumberColumn | CategoryColumn, rows: Int32Array): NumberTarget {
  const { name } = column
  if (column.type === 'category') {
    throw new RangeError(
      `${WHERE}: the target ${quote(name)} holds ${show(column.categories[column.codes[rows[0]]])}, and a regression is for numbers`,
    )
  }
  const values = Float64Array.from(rows, (row) => column.values[row])
  let mean = 0
  for (const value of values) mean += value / values.length
  let squares = 0
  let minimum = Number.POSITIVE_INFINITY
  let maximum = Number.NEGATIVE_INFINITY
  for (const value of values) {
    squares += (value - mean) ** 2
    minimum = Math.min(minimum, value)
    maximum = Math.max(maximum, value)
  }
  const standardDeviation = Math.sqrt(squares / values.length)
  if (!Number.isFinite(standardDeviation)) {
    throw new RangeError(`${WHERE}: the target ${quote(name)} is too wide for float64; scale its values down first`)
  }
  if (standardDeviation === 0 && minimum < maximum) {
    throw new RangeError(`${WHERE}: the target ${quote(name)} is too narrow for float64; scale its values up first`)
  }
  if (minimum === maximum) {
    throw new RangeError(`${WHERE}: the target ${quote(name)} is ${minimum} in every training row: nothing to learn`)
  }
  return { task: 'regression', name, mean, standardDeviation, minimum, maximum }
}

function learnFeatures(
  { columns }: Table,
  target: string,
  rows: Int32Array,
  oneHotLimit: number,
  notes: string[],
): Feature[] {
  let features: Feature[] = []
  for (const column of columns) {
    if (column.name === target || column.type === 'text') continue
    const feature = learnFeature(column, rows, oneHotLimit)
    if (feature) features.push(feature)
    else notes.push(`${quote(column.name)} is left out: it has no values in the training rows`)
  }
  const letters = (feature: Feature) =>
    feature.type === 'category' ? feature.categories.reduce((sum, text) => sum + JSON.stringify(text).length + 1, 0) : 0
  let total = features.reduce((sum, feature) => sum + letters(feature), 0)
  for (const largest of [...features].sort((a, b) => letters(b) - letters(a))) {
    if (total <= MOST_LETTERS) break
    total -= letters(largest)
    features = features.filter((feature) => feature !== largest)
    notes.push(`${quote(largest.name)} is left out: its categories are too long for a model's file`)
  }
  if (features.length === 0) throw new RangeError(`${WHERE}: the table has no column to learn from beside the target`)
  return features
}

function learnFeature(column: TableColumn, rows: Int32Array, oneHotLimit: number): Feature | undefined {
  if (column.type === 'number') return learnNumber(column, rows)
  if (column.type === 'date') return learnDate(column, rows)
  return column.type === 'category' ? learnCategories(column, rows, oneHotLimit) : undefined
}
