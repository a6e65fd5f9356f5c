/** One pass over a table that is not kept in memory: infers column types, counts rows, and samples some. */
import { Markers, NumberReader } from '../data/table/bytes.ts'
import type { ColumnType, Table } from '../data/table/table.ts'
import { dateOf } from '../data/table/values.ts'
import type { Cells } from '../formats/delimited.ts'
import { quote } from '../lib/check.ts'
import type { Random } from '../lib/random.ts'
import { nearest } from './names.ts'
import { type KeptRow, RowCells, replayRow } from './rowCells.ts'
import { TableBuilder } from './tableBuilder.ts'

export interface ScanOptions {
  readonly where: string
  readonly target: string
  readonly missing: readonly string[]
  readonly random: Random
  /** Maximum number of sampled rows for a table with that many columns, not counting those of rare classes. */
  readonly most: (columns: number) => number
  /** Whether a row may be sampled, by its number. */
  readonly isOpen: (row: number) => boolean
}

/** Distinct targets of which one row each is kept, so that no class is missing. */
const MOST_CLASSES = 1000

interface Sampled extends KeptRow {
  /** From 0. */
  readonly row: number
}

/** The types that a column can still have. */
interface ColumnState {
  number: boolean
  date: boolean
  isEmpty: boolean
}

const numbers = new NumberReader()
const decoder = new TextDecoder()

export class Scan implements Cells {
  rows = 0
  /** Samplable rows that have a target. */
  usable = 0
  /** Rows without a target. */
  dropped = 0
  names: readonly string[] = []
  readonly #options: ScanOptions
  readonly #markers: Markers
  readonly #row = new RowCells()
  #columns: ColumnState[] = []
  #target = -1
  #most = 0
  #kept: Sampled[] = []
  #firsts: Map<string, Sampled> | undefined = new Map()

  constructor(options: ScanOptions) {
    this.#options = options
    this.#markers = new Markers(options.missing)
  }

  cell(bytes: Uint8Array, from: number, to: number, column: number): void {
    this.#row.add(bytes, from, to)
    const state = this.#columns[column]
    if (state) this.#look(state, bytes, from, to)
  }

  #look(state: ColumnState, bytes: Uint8Array, first: number, end: number): void {
    if (!(state.number || state.date) && !state.isEmpty) return
    let from = first
    let to = end
    while (from < to && bytes[from] <= 32) from++
    while (to > from && bytes[to - 1] <= 32) to--
    if (this.#markers.has(bytes, from, to)) return
    state.isEmpty = false
    if (state.number && Number.isNaN(numbers.read(bytes, from, to))) state.number = false
    // a number is never a date
    if (state.date && (state.number || Number.isNaN(dateOf(decoder.decode(bytes.subarray(from, to))))))
      state.date = false
  }

  row(columns: number, line: number): void {
    const { where, target, isOpen } = this.#options
    if (this.names.length === 0) this.#start()
    else {
      if (columns !== this.names.length) {
        throw new RangeError(`${where}: line ${line} has ${columns} columns, expected ${this.names.length}`)
      }
      const row = this.rows++
      const text = this.#row.text(this.#target)
      if (this.#options.missing.includes(text)) this.dropped++
      else if (isOpen(row)) this.#sample(row, line, text)
    }
    this.#row.clear()
    if (this.#target < 0) {
      throw new RangeError(
        `${where}: the table has no column ${quote(target)} for a target${nearest(target, this.names)}`,
      )
    }
  }

  #start(): void {
    this.names = this.#row.texts()
    this.#target = this.names.indexOf(this.#options.target)
    this.#most = this.#options.most(this.names.length)
    this.#columns = this.names.map(() => ({ number: true, date: true, isEmpty: true }))
  }

  /** Reservoir sampling: every row is equally likely (algorithm R; Vitter 1985). */
  #sample(row: number, line: number, text: string): void {
    const { random } = this.#options
    const most = this.#most
    const place = this.usable < most ? this.usable : random.integer(this.usable + 1)
    this.usable++
    if (place < most) this.#kept[place] = { ...this.#row.keep(line), row }
    const firsts = this.#firsts
    if (!firsts || firsts.has(text)) return
    firsts.set(text, { ...this.#row.keep(line), row })
    // too many distinct values: numbers, not classes
    if (firsts.size > MOST_CLASSES) this.#firsts = undefined
  }

  /** The sampled rows, in order, as a table, with their numbers. */
  sample(): { table: Table; rows: Int32Array } {
    const { where, missing } = this.#options
    if (this.names.length === 0) throw new RangeError(`${where}: the table is empty`)
    const byRow = new Map([...this.#kept, ...(this.#firsts?.values() ?? [])].map((kept) => [kept.row, kept]))
    const kept = [...byRow.values()].sort((a, b) => a.row - b.row)
    const build = (types: ReadonlyMap<string, ColumnType>) => {
      const builder = new TableBuilder({ where, unit: 'line', types, missing }, false)
      builder.start(this.names)
      for (const row of kept) {
        replayRow(row, builder)
        builder.row(row.ends.length, row.line)
      }
      return builder.finish()
    }
    const types = new Map<string, ColumnType>()
    for (const [i, { number, date, isEmpty }] of this.#columns.entries()) {
      if (!isEmpty && (number || date)) types.set(this.names[i], number ? 'number' : 'date')
    }
    let table = build(types)
    // numeric in the sampled rows, but not in all rows
    const odd = table.columns.filter(({ name, type }) => !types.has(name) && (type === 'number' || type === 'date'))
    if (odd.some(({ missing: absent }) => absent < table.rows)) {
      for (const { name } of odd) types.set(name, 'category')
      table = build(types)
    }
    return { table, rows: Int32Array.from(kept, ({ row }) => row) }
  }
}
