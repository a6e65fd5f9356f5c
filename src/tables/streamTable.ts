/** Tables that are never entirely in memory: blocks of rows, each a table. */
import type { ColumnType, Table } from '../data/table/table.ts'
import { MISSING } from '../data/table/table.ts'
import { type Cells, DelimitedReader, guessDelimiter } from '../formats/delimited.ts'
import { checkBoolean, checkInteger, checkOptions, quote } from '../lib/check.ts'
import { nearest } from './names.ts'
import { readDelimiter, readMissing, readTypes, refuseBinary, startsWith } from './readTable.ts'
import { RowCells } from './rowCells.ts'
import { type ByteStream, bytesOfSource, peek, type TableSource, unpacked } from './source.ts'
import { TableBuilder } from './tableBuilder.ts'

export interface StreamTableOptions {
  /** Types of the columns to read; others are skipped. */
  readonly types: Readonly<Record<string, ColumnType>>
  /** As for `readTable`. */
  readonly delimiter?: string
  /** Whether the first line contains the column names (default true); otherwise they are those of `types`, in that order. */
  readonly header?: boolean
  readonly missing?: readonly string[]
  /** Maximum unpacked size of a gzip file in bytes. Default: no limit, since it does not affect the block size. */
  readonly maximumBytes?: number
}

const WHERE = 'streamTable'
/** Bytes used to detect the format; few, since a peer that sends one line may wait for its answer. */
const SNIFFED = 4

/**
 * Yields the rows of delimited text, as `readTable` reads it, in tables of as many rows as each chunk of the source completes:
 * 256 KiB of a file, or single lines from an interactive peer.
 * @throws as `readTable` does, when it reaches the line; RangeError for Parquet, and for a column that does not exist.
 */
export async function* streamTable(
  source: TableSource,
  options: StreamTableOptions,
): AsyncGenerator<Table, void, undefined> {
  checkOptions(WHERE, options, ['types', 'delimiter', 'header', 'missing', 'maximumBytes'])
  const { delimiter, header = true, missing = MISSING, maximumBytes = Number.MAX_SAFE_INTEGER } = options
  checkBoolean(WHERE, 'header', header)
  checkInteger(WHERE, 'maximumBytes', maximumBytes, 0, Number.MAX_SAFE_INTEGER)
  const code = delimiter === undefined ? undefined : readDelimiter(WHERE, delimiter)
  const blocks = new Blocks(readTypes(WHERE, options.types), readMissing(WHERE, missing), header)
  for await (const isLast of rowsOf(WHERE, source, blocks, code, maximumBytes)) {
    const table = blocks.take(isLast)
    if (table) yield table
  }
}

/**
 * Feeds the cells of a text's rows to `cells`; yields after every chunk, with true at the end.
 * @throws RangeError for input that is not text, and as `DelimitedReader` does.
 */
export async function* rowsOf(
  where: string,
  source: TableSource,
  cells: Cells,
  delimiter: number | undefined,
  maximumBytes: number,
): AsyncGenerator<boolean, void, undefined> {
  const stream = bytesOfSource(where, source)
  try {
    const { first, all } = await peek(stream, SNIFFED)
    if (startsWith(first, 0x50, 0x41, 0x52, 0x31)) {
      throw new RangeError(`${where}: the file is Parquet, which does not come in order; use readTable`)
    }
    const plain = startsWith(first, 0x1f, 0x8b) ? unpacked(where, all, maximumBytes) : all
    try {
      yield* textRows(where, plain, cells, delimiter)
    } finally {
      await plain.return()
    }
  } finally {
    await stream.return()
  }
}

async function* textRows(
  where: string,
  all: ByteStream,
  cells: Cells,
  delimiter: number | undefined,
): AsyncGenerator<boolean, void, undefined> {
  const { first, rest } = await firstLine(all)
  refuseBinary(where, first)
  const text = startsWith(first, 0xef, 0xbb, 0xbf) ? first.subarray(3) : first
  const reader = new DelimitedReader(where, delimiter ?? guessDelimiter(text), cells, 1)
  reader.push(text)
  yield false
  for await (const bytes of rest) {
    reader.push(bytes)
    yield false
  }
  reader.end()
  yield true
}

const LF = 10
const CR = 13
/** Maximum length of the first line. */
const LONGEST_LINE = 2 ** 20

/** Bytes that include the whole first line, and the rest. */
async function firstLine(all: ByteStream): Promise<{ first: Uint8Array; rest: ByteStream }> {
  let first = new Uint8Array(0)
  while (first.length < LONGEST_LINE && !first.includes(LF) && !first.includes(CR)) {
    const { done, value } = await all.next()
    if (done) break
    const longer = new Uint8Array(first.length + value.length)
    longer.set(first)
    longer.set(value, first.length)
    first = longer
  }
  return { first, rest: all }
}

/** Turns cells into tables. */
class Blocks implements Cells {
  readonly #types: ReadonlyMap<string, ColumnType>
  readonly #missing: readonly string[]
  readonly #row = new RowCells()
  #header: boolean
  #names: readonly string[]
  #builder: TableBuilder | undefined

  constructor(types: ReadonlyMap<string, ColumnType>, missing: readonly string[], header: boolean) {
    this.#types = types
    this.#missing = missing
    this.#header = header
    this.#names = header ? [] : [...types.keys()]
    if (types.size === 0) throw new RangeError(`${WHERE}: "types" names no column to read`)
  }

  cell(bytes: Uint8Array, from: number, to: number): void {
    this.#row.add(bytes, from, to)
  }

  row(columns: number, line: number): void {
    if (this.#header) {
      this.#header = false
      this.#names = this.#row.texts()
      const absent = [...this.#types.keys()].find((name) => !this.#names.includes(name))
      if (absent !== undefined) {
        throw new RangeError(`${WHERE}: the table has no column ${quote(absent)}${nearest(absent, this.#names)}`)
      }
    } else {
      this.#builder ??= this.#start()
      this.#row.replay(this.#builder, line)
      this.#builder.row(columns, line)
    }
    this.#row.clear()
  }

  #start(): TableBuilder {
    const types = new Map(this.#names.map((name) => [name, this.#types.get(name) ?? 'text']))
    const builder = new TableBuilder({ where: WHERE, unit: 'line', types, missing: this.#missing }, false)
    builder.start(this.#names)
    return builder
  }

  /** The rows since the last call, if any. @throws RangeError if there was not a single line. */
  take(isLast: boolean): Table | undefined {
    if (isLast && this.#header) throw new RangeError(`${WHERE}: the table is empty`)
    const table = this.#builder?.finish()
    this.#builder = undefined
    return table
  }
}
