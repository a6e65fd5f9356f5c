/** Builds a table from cells, independent of the file format. */
import { Markers } from '../data/table/bytes.ts'
import { ColumnReader, type ColumnSettings } from '../data/table/columnReader.ts'
import type { ColumnType, Table } from '../data/table/table.ts'
import { trimCell } from '../data/table/values.ts'
import type { Cells } from '../formats/delimited.ts'
import { cut, quote, show } from '../lib/check.ts'
import { nearest } from './names.ts'
import { nameOf } from './rowCells.ts'

/** A limit, since a table as wide as its file is long would take hundreds of times the file's size. */
const MOST_COLUMNS = 2 ** 14
const MOST_ROWS = 2 ** 31 - 1

export interface BuilderOptions {
  readonly where: string
  readonly unit: ColumnSettings['unit']
  /** Known types, by column. */
  readonly types: ReadonlyMap<string, ColumnType>
  readonly missing: readonly string[]
}

export class TableBuilder implements Cells {
  columns: ColumnReader[] = []
  rows = 0
  readonly #options: BuilderOptions
  readonly #settings: ColumnSettings
  /** Whether the first row contains the column names. */
  #header: boolean
  #names: string[] = []
  readonly #decoder = new TextDecoder()

  constructor(options: BuilderOptions, header: boolean) {
    this.#options = options
    this.#header = header
    this.#settings = { where: options.where, unit: options.unit, markers: new Markers(options.missing) }
  }

  cell(bytes: Uint8Array, from: number, to: number, column: number, line: number): void {
    if (column < this.columns.length) this.columns[column].cell(bytes, from, to, line)
    else if (this.#header) this.#addName(trimCell(this.#decoder.decode(bytes.subarray(from, to))), line)
    else if (this.rows === 0) this.#addColumn(`${column + 1}`, line).cell(bytes, from, to, line)
    // a row that is too long is rejected at its end
  }

  row(columns: number, line: number): void {
    if (this.#header) {
      this.#header = false
      this.start(this.#names)
      return
    }
    const { where, unit } = this.#options
    if (columns !== this.columns.length) {
      throw new RangeError(`${where}: ${unit} ${line} has ${columns} columns, expected ${this.columns.length}`)
    }
    this.addRows(1)
  }

  addRows(count: number): void {
    this.rows += count
    if (this.rows > MOST_ROWS) throw new RangeError(`${this.#options.where}: the table has more than ${MOST_ROWS} rows`)
  }

  #addName(name: string, line: number): void {
    this.#checkWidth(this.#names.length, line)
    this.#names.push(nameOf(name, this.#names.length))
  }

  #checkWidth(columns: number, line: number): void {
    if (columns < MOST_COLUMNS) return
    const { where, unit } = this.#options
    throw new RangeError(`${where}: ${unit} ${line} has more than ${MOST_COLUMNS} columns; is "delimiter" right?`)
  }

  #addColumn(name: string, line: number): ColumnReader {
    this.#checkWidth(this.columns.length, line)
    const type = this.#options.types.get(name)
    const column = new ColumnReader(name, this.columns.length, type, this.#settings)
    this.columns.push(column)
    return column
  }

  /** @throws RangeError for a duplicate name, or a type for a column that does not exist. */
  start(names: readonly string[]): void {
    const { where } = this.#options
    const places = new Map<string, number>()
    for (const [i, name] of names.entries()) {
      const before = places.get(name)
      if (before !== undefined) {
        throw new RangeError(`${where}: columns ${before + 1} and ${i + 1} are both named ${show(name)}; rename one`)
      }
      places.set(name, i)
      this.#addColumn(name, 1)
    }
  }

  /** @throws RangeError for a table without columns or rows. */
  finish(): Table {
    const { where, types, missing } = this.#options
    if (this.#header) this.row(0, 1)
    if (this.columns.length === 0) throw new RangeError(`${where}: the table is empty`)
    if (this.rows === 0) {
      const names = this.columns.slice(0, 5).map(({ name }) => cut(name))
      throw new RangeError(`${where}: the table has a header (${names.join(', ')}) and no rows`)
    }
    const names = new Set(this.columns.map(({ name }) => name))
    for (const name of types.keys()) {
      if (names.has(name)) continue
      throw new RangeError(
        `${where}: "types" names ${quote(name)}, a column that there is not${nearest(name, [...names])}`,
      )
    }
    const { rows } = this
    const columns = []
    const notes: string[] = []
    for (let i = 0; i < this.columns.length; i++) {
      const finished = this.columns[i].finish()
      // free each column's chunks before joining the next: they are as large as the result
      delete this.columns[i]
      columns.push(finished.column)
      notes.push(...finished.notes)
    }
    return { columns, rows, missing, notes }
  }
}
