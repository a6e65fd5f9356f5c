/** Cells of raw rows and of tables as an encoder reads them: numbers, timestamps, and category indices. */
import { checkTable, isTable } from '../data/table/checkTable.ts'
import type { Table, TableColumn } from '../data/table/table.ts'
import { dateOf, numberOf, trimCell } from '../data/table/values.ts'
import { quote, show } from '../lib/check.ts'
import { nearest } from './names.ts'

/** A value in a raw row: text is parsed like that of files, null is missing. */
export type RawCell = string | number | bigint | boolean | Date | null

/** Cells by column name, in an object that may have further properties, or in the order of the columns. */
export type RawRow = object | readonly RawCell[]

/** Reads a row's cell: NaN or -1 if missing. */
export type CellReader = (row: number) => number

/** Rows of any form, read one column at a time. */
export interface Rows {
  readonly count: number
  numbers(name: string, index: number): CellReader
  dates(name: string, index: number): CellReader
  /** @param codeOf the index of a category, -1 if unknown */
  categories(name: string, index: number, codeOf: (text: string) => number): CellReader
}

/**
 * @param columns column names in the order of array rows
 * @param missing texts that stand for a missing value
 */
export function readRows(where: string, given: unknown, columns: readonly string[], missing: readonly string[]): Rows {
  if (Array.isArray(given)) return new RawRows(where, given, columns, missing)
  if (isTable(given)) {
    checkTable(where, given)
    return new TableRows(where, given)
  }
  throw new TypeError(
    `${where}: "rows" must be an array of rows (objects by column, or arrays) or a table, got ${show(given)}`,
  )
}

class RawRows implements Rows {
  readonly count: number
  readonly #where: string
  readonly #rows: readonly unknown[]
  readonly #missing: ReadonlySet<string>

  constructor(where: string, rows: readonly unknown[], columns: readonly string[], missing: readonly string[]) {
    this.#where = where
    this.#rows = rows
    this.#missing = new Set(missing)
    this.count = rows.length
    for (let row = 0; row < rows.length; row++) {
      const given = rows[row]
      if (typeof given !== 'object' || given === null) {
        throw new TypeError(`${where}: row ${row} must be an object by column or an array, got ${show(given)}`)
      }
      if (Array.isArray(given) && given.length !== columns.length) {
        const names = columns.slice(0, 5).map(quote).join(', ')
        throw new RangeError(
          `${where}: row ${row} has ${given.length} values, expected ${columns.length}: ${names}${columns.length > 5 ? ', ...' : ''}`,
        )
      }
    }
  }

  /** A cell, text trimmed; undefined if missing. @throws RangeError for a row without that column. */
  #cell(row: number, name: string, index: number): unknown {
    const given = this.#rows[row] as Readonly<Record<string, unknown>> | readonly unknown[]
    let value: unknown
    if (Array.isArray(given)) value = given[index]
    // own properties only
    else if (Object.hasOwn(given, name)) value = (given as Readonly<Record<string, unknown>>)[name]
    if (value === undefined) {
      const fix = Array.isArray(given) ? '' : nearest(name, Object.keys(given))
      throw new RangeError(`${this.#where}: row ${row} has no ${quote(name)}; a value that is not known is null${fix}`)
    }
    if (value === null) return undefined
    if (typeof value !== 'string') return value
    const text = trimCell(value)
    return this.#missing.has(text) ? undefined : text
  }

  #refuse(row: number, name: string, value: unknown, expected: string): Error {
    const Kind = typeof value === 'string' || typeof value === 'number' ? RangeError : TypeError
    return new Kind(`${this.#where}: row ${row}: ${quote(name)} is ${show(value)}, expected ${expected}`)
  }

  numbers(name: string, index: number): CellReader {
    return (row) => {
      const value = this.#cell(row, name, index)
      if (value === undefined) return Number.NaN
      const number =
        typeof value === 'number' || typeof value === 'bigint'
          ? Number(value)
          : typeof value === 'string'
            ? numberOf(value)
            : Number.NaN
      if (Number.isFinite(number)) return number
      // JSON has no NaN, but arrays of numbers may
      if (typeof value === 'number' && Number.isNaN(value)) return value
      throw this.#refuse(row, name, value, 'a number')
    }
  }

  dates(name: string, index: number): CellReader {
    return (row) => {
      const value = this.#cell(row, name, index)
      if (value === undefined) return Number.NaN
      const date = value instanceof Date ? value.getTime() : typeof value === 'string' ? dateOf(value) : Number.NaN
      if (Number.isNaN(date))
        throw this.#refuse(row, name, value, 'a date such as "2026-11-30" or "2026-11-30T12:00:00Z"')
      return date
    }
  }

  categories(name: string, index: number, codeOf: (text: string) => number): CellReader {
    return (row) => {
      const value = this.#cell(row, name, index)
      if (value === undefined || (typeof value === 'number' && Number.isNaN(value))) return -1
      if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
        throw this.#refuse(row, name, value, 'a category')
      }
      return codeOf(String(value))
    }
  }
}

class TableRows implements Rows {
  readonly count: number
  readonly #where: string
  readonly #columns: ReadonlyMap<string, TableColumn>

  constructor(where: string, table: Table) {
    this.#where = where
    this.#columns = new Map(table.columns.map((column) => [column.name, column]))
    this.count = table.rows
  }

  #column(name: string): TableColumn {
    const column = this.#columns.get(name)
    if (column) return column
    const fix = nearest(name, [...this.#columns.keys()])
    throw new RangeError(`${this.#where}: the table has no column ${quote(name)}${fix}`)
  }

  #refuse(name: string, column: TableColumn, wanted: string): Error {
    return new RangeError(
      `${this.#where}: column ${quote(name)} was read as ${column.type}, but the encoder wants a ${wanted}; read the table with types: encoder.types`,
    )
  }

  numbers(name: string): CellReader {
    const column = this.#column(name)
    if (column.type === 'number' || isEmpty(column, this.count)) return (row) => cellOf(column, row)
    if (column.type === 'category') {
      const bad = column.categories.findIndex((text) => Number.isNaN(numberOf(text)))
      const row = column.codes.indexOf(bad)
      if (bad >= 0 && row >= 0) {
        throw new RangeError(
          `${this.#where}: row ${row}: ${quote(name)} is ${show(column.categories[bad])}, expected a number`,
        )
      }
    }
    throw this.#refuse(name, column, 'number')
  }

  dates(name: string): CellReader {
    const column = this.#column(name)
    if (column.type === 'date' || isEmpty(column, this.count)) return (row) => cellOf(column, row)
    throw this.#refuse(name, column, 'date')
  }

  categories(name: string, _index: number, codeOf: (text: string) => number): CellReader {
    const column = this.#column(name)
    if (isEmpty(column, this.count)) return () => -1
    if (column.type !== 'category') throw this.#refuse(name, column, 'category')
    // only those that occur: a user-made table may list more
    const codes = new Array<number | undefined>(column.categories.length)
    return (row) => {
      const code = column.codes[row]
      if (code < 0) return -1
      codes[code] ??= codeOf(column.categories[code])
      return codes[code]
    }
  }
}

/** A column without values is compatible with any type. */
const isEmpty = (column: TableColumn, rows: number): boolean => column.missing === rows

const cellOf = (column: TableColumn, row: number): number => ('values' in column ? column.values[row] : Number.NaN)
