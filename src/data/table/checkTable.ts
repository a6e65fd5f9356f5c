/** Validation of user-made tables. */
import { quote, show } from '../../lib/check.ts'
import { COLUMN_TYPES, type Table } from './table.ts'

/** The latest time that a Date can represent. */
const MOST_MILLISECONDS = 8.64e15

/** Whether a value may be a table; `checkTable` validates it. */
export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'columns' in value && 'rows' in value

const isCodes = (value: unknown): value is Int8Array | Int16Array | Int32Array =>
  value instanceof Int8Array || value instanceof Int16Array || value instanceof Int32Array

/**
 * Validates a table from any source.
 * @throws TypeError or RangeError naming the column at fault.
 */
export function checkTable(where: string, table: unknown): asserts table is Table {
  if (!isTable(table) || !Array.isArray(table.columns)) {
    throw new TypeError(`${where}: "table" must be a table, as readTable gives it, got ${show(table)}`)
  }
  const { rows, missing } = table
  if (!Array.isArray(missing) || !missing.every((text) => typeof text === 'string')) {
    throw new TypeError(`${where}: "table.missing" must be an array of texts, got ${show(missing)}`)
  }
  if (!Number.isInteger(rows) || rows < 1) {
    throw new RangeError(`${where}: "table.rows" must be a whole number of at least 1, got ${show(rows)}`)
  }
  const names = new Set<string>()
  for (const [i, column] of table.columns.entries()) {
    if (typeof column !== 'object' || column === null || typeof column.name !== 'string') {
      throw new TypeError(`${where}: "table.columns[${i}]" must be a column with a name, got ${show(column)}`)
    }
    const fail = (what: string) => new TypeError(`${where}: column ${quote(column.name)} of "table" ${what}`)
    if (names.has(column.name)) throw fail('occurs twice')
    names.add(column.name)
    if (!COLUMN_TYPES.includes(column.type))
      throw fail(`is of type ${show(column.type)}, not ${COLUMN_TYPES.join(', ')}`)
    if (column.type === 'text') continue
    if (column.type === 'category') {
      const { categories, codes } = column
      if (!Array.isArray(categories) || !categories.every((text) => typeof text === 'string')) {
        throw fail('must have "categories", an array of texts')
      }
      if (new Set(categories).size < categories.length) throw fail('has a category twice')
      if (!isCodes(codes) || codes.length !== rows) throw fail(`must have "codes", ${rows} in an Int32Array`)
      const bad = codes.findIndex((code) => code < -1 || code >= categories.length)
      if (bad >= 0) throw fail(`has code ${codes[bad]} in row ${bad}, and ${categories.length} categories`)
      continue
    }
    const { values } = column
    if (!(values instanceof Float64Array) || values.length !== rows) {
      throw fail(`must have "values", ${rows} in a Float64Array`)
    }
    const isDate = column.type === 'date'
    const most = isDate ? MOST_MILLISECONDS : Number.MAX_VALUE
    const bad = values.findIndex((value) => Math.abs(value) > most)
    if (bad >= 0) throw fail(isDate ? `is ${values[bad]} in row ${bad}, no date` : `is infinite in row ${bad}`)
  }
}
