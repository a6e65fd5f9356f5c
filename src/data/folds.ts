/** Cross-validation folds, and selection of rows by number. */
import { checkInteger, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { checkArray, isNested } from './arrays.ts'

export interface FoldOptions {
  /** Number of folds, each of which is the test set once. Default 5. */
  folds?: number
  /** One class per row: every fold gets the same share of every class. scikit-learn's StratifiedKFold. */
  stratify?: ArrayLike<number>
  /** One group per row: rows of a group stay in one fold. scikit-learn's GroupKFold. */
  groups?: ArrayLike<number | string>
  /** Assigns rows to folds at random; default in order. */
  seed?: number
}

/**
 * For each fold the training rows and the test rows, both ascending: every row is in exactly one test set.
 * scikit-learn's KFold.
 * @throws TypeError or RangeError naming the option; RangeError for more folds than rows or groups.
 */
export function kFold(rows: number, options: FoldOptions = {}): [trainRows: Int32Array, testRows: Int32Array][] {
  const where = 'kFold'
  checkInteger(where, 'rows', rows, 2)
  checkOptions(where, options, ['folds', 'stratify', 'groups', 'seed'])
  const { folds = 5, stratify, groups, seed } = options
  checkInteger(where, 'folds', folds, 2)
  if (folds > rows) throw new RangeError(`${where}: "folds" is ${folds}, more than the ${rows} rows`)
  if (stratify !== undefined && groups !== undefined) {
    throw new TypeError(`${where}: give either "stratify" or "groups", not both`)
  }
  const random = seed === undefined ? undefined : new Random(seed)
  let foldOf: Int32Array
  if (stratify !== undefined) foldOf = stratifiedFolds(readKeys(where, 'stratify', stratify, rows), folds, random)
  else if (groups !== undefined) foldOf = groupedFolds(readKeys(where, 'groups', groups, rows), folds, random)
  else foldOf = plainFolds(rows, folds, random)
  const all = Int32Array.from({ length: rows }, (_, row) => row)
  return Array.from({ length: folds }, (_, fold) => [
    all.filter((row) => foldOf[row] !== fold),
    all.filter((row) => foldOf[row] === fold),
  ])
}

/** The key of every row as an integer, numbered by first occurrence. */
function readKeys(where: string, name: string, given: unknown, rows: number): Int32Array {
  const keys = checkArray(where, name, given)
  if (keys.length !== rows) throw new RangeError(`${where}: "${name}" has ${keys.length} entries, expected ${rows}`)
  const numbers = new Map<unknown, number>()
  return Int32Array.from(keys, (key, row) => {
    if (typeof key !== 'number' && typeof key !== 'string') {
      throw new TypeError(`${where}: "${name}[${row}]" must be a number or a string, got ${show(key)}`)
    }
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size)
    return numbers.size - 1
  })
}

/** Contiguous blocks of rows; the first ones have one more row if the division is not exact. */
function plainFolds(rows: number, folds: number, random: Random | undefined): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row)
  random?.shuffle(order)
  const foldOf = new Int32Array(rows)
  const [size, longer] = [Math.floor(rows / folds), rows % folds]
  let at = 0
  for (let fold = 0; fold < folds; fold++) {
    for (let i = 0; i < size + Number(fold < longer); i++) foldOf[order[at++]] = fold
  }
  return foldOf
}

/** Dealing out the rows sorted by class gives each fold's number of rows per class; its rows then fill the folds in order. */
function stratifiedFolds(classOf: Int32Array, folds: number, random: Random | undefined): Int32Array {
  const foldOf = new Int32Array(classOf.length)
  let dealt = 0
  const members = rowsByKey(classOf)
  for (const rows of members) {
    random?.shuffle(rows)
    const counts = new Int32Array(folds)
    for (let i = 0; i < rows.length; i++) counts[dealt++ % folds]++
    let at = 0
    counts.forEach((count, fold) => {
      for (let i = 0; i < count; i++) foldOf[rows[at++]] = fold
    })
  }
  return foldOf
}

/** Assigns the largest groups first, each to the fold with the fewest rows. */
function groupedFolds(groupOf: Int32Array, folds: number, random: Random | undefined): Int32Array {
  const members = rowsByKey(groupOf)
  if (folds > members.length) {
    throw new RangeError(`kFold: "folds" is ${folds}, more than the ${members.length} groups`)
  }
  const order = Int32Array.from(members, (_, group) => group)
  random?.shuffle(order)
  const sizes = new Float64Array(folds)
  const foldOf = new Int32Array(groupOf.length)
  for (const group of Array.from(order).sort((a, b) => members[b].length - members[a].length)) {
    const fold = sizes.indexOf(Math.min(...sizes))
    sizes[fold] += members[group].length
    for (const row of members[group]) foldOf[row] = fold
  }
  return foldOf
}

function rowsByKey(keys: Int32Array): Int32Array[] {
  const counts: number[] = []
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  const rows = counts.map((count) => new Int32Array(count))
  const filled = counts.map(() => 0)
  keys.forEach((key, row) => {
    rows[key][filled[key]++] = row
  })
  return rows
}

/**
 * The rows with the given numbers, in that order, in the same type of array: nested rows, or a flat
 * array with `columns` values per row.
 * @throws TypeError or RangeError for an array that does not consist of whole rows, or a row that does not exist.
 */
export function takeRows<T extends ArrayLike<number> | ArrayLike<ArrayLike<number>>>(
  x: T,
  columns: number,
  rows: ArrayLike<number>,
): T {
  const where = 'takeRows'
  const given = checkArray(where, 'x', x)
  checkInteger(where, 'columns', columns, 1)
  const chosen = typeof rows === 'object' && rows !== null && rows.length === 0 ? [] : checkArray(where, 'rows', rows)
  const width = isNested(given) ? 1 : columns
  if (given.length % width !== 0) {
    throw new RangeError(`${where}: "x" has ${given.length} values, not a multiple of ${columns} columns`)
  }
  const last = given.length / width - 1
  const Kind = (ArrayBuffer.isView(given) ? given.constructor : Array) as new (
    length: number,
  ) => { [index: number]: unknown }
  const out = new Kind(chosen.length * width)
  for (let i = 0; i < chosen.length; i++) {
    const row = checkInteger(where, `rows[${i}]`, chosen[i], 0, last)
    for (let c = 0; c < width; c++) out[i * width + c] = given[row * width + c]
  }
  return out as unknown as T
}
