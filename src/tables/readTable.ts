/** Tables as people have them: text between delimiters, perhaps packed, and Parquet. */
import { openFile, yieldToEventLoop } from '#runtime'
import { COLUMN_TYPES, type ColumnType, MISSING, type Table } from '../data/table/table.ts'
import { trimCell } from '../data/table/values.ts'
import { DelimitedReader, guessDelimiter } from '../formats/delimited.ts'
import { checkBoolean, checkInteger, checkOneOf, checkOptions, isA, quote, show } from '../lib/check.ts'
import { checkHyparquet, type Hyparquet, type ParquetFile, readParquet } from './parquet.ts'
import { type ByteStream, bytesOfSource, peek, type TableSource, unpacked } from './source.ts'
import { type BuilderOptions, TableBuilder } from './tableBuilder.ts'

export interface ReadTableOptions {
  /** One ASCII character, such as ',' or '\t'; by default the one of comma, semicolon and tab that the first lines suggest. */
  readonly delimiter?: string
  /** Whether the first line names the columns (default true); if not, they are named 1, 2, ... */
  readonly header?: boolean
  /** Types of columns, by name, that shall not be found out. */
  readonly types?: Readonly<Record<string, ColumnType>>
  /** Cells that stand for a missing value. */
  readonly missing?: readonly string[]
  /** What a gzip file may unpack to at most (default 1 GiB). */
  readonly maximumBytes?: number
  /** The module `hyparquet`, where it cannot be imported by its name, as in bundles. */
  readonly hyparquet?: Hyparquet
}

const WHERE = 'readTable'
const MAXIMUM_BYTES = 2 ** 30
/** Bytes that tell what a file is, and which its delimiter. */
const SNIFFED = 2 ** 16
/** Longest time between turns of the event loop. */
const MILLISECONDS = 50

export const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte)

/**
 * Reads a table: text of cells between delimiters (RFC 4180: quotes, any line ends, a byte order mark), as it is or packed by
 * gzip, or Parquet. Blanks around cells are dropped and empty lines skipped. A column is of type
 *
 *   number    when every cell that is not missing is one, and finite
 *   date      when every one is a date of ISO 8601; without a zone it is UTC
 *   category  when it is other text
 *   text      when more than half of its values, and more than 8, are different, or more than 65536: nothing of it is kept
 *
 * which takes all rows into account. A stream is read piece by piece, so that memory holds the columns, 8 bytes a number and
 * 1 to 4 a category, and not the file.
 * @param source a string with a line break is the text itself, any other a path or a URL
 * @throws TypeError for options that are none; RangeError naming line and column for rows of different length, open quotes, text
 * in a column that was said to be of numbers, names that occur twice, more than 16384 columns; for an empty table.
 */
export async function readTable(source: TableSource, options: ReadTableOptions = {}): Promise<Table> {
  checkOptions(WHERE, options, ['delimiter', 'header', 'types', 'missing', 'maximumBytes', 'hyparquet'])
  const { delimiter, header = true, types = {}, missing = MISSING, maximumBytes = MAXIMUM_BYTES } = options
  const { hyparquet } = options
  checkHyparquet(WHERE, hyparquet)
  checkBoolean(WHERE, 'header', header)
  checkInteger(WHERE, 'maximumBytes', maximumBytes, 0, Number.MAX_SAFE_INTEGER)
  const code = delimiter === undefined ? undefined : readDelimiter(WHERE, delimiter)
  const settings = { where: WHERE, types: readTypes(WHERE, types), missing: readMissing(WHERE, missing) }

  const stream = bytesOfSource(WHERE, source)
  try {
    const { first, all } = await peek(stream, SNIFFED)
    if (startsWith(first, 0x50, 0x41, 0x52, 0x31)) {
      const parquet = { ...settings, unit: 'row' } as const
      if (typeof source !== 'string' && !isA(source, 'URL')) return await readParquetBytes(all, parquet, hyparquet)
      await stream.return()
      return await readParquetFile(source, parquet, hyparquet)
    }
    const text = { ...settings, unit: 'line' } as const
    if (!startsWith(first, 0x1f, 0x8b)) return await readText(first, all, text, header, code)
    const plain = unpacked(WHERE, all, maximumBytes)
    try {
      const peeked = await peek(plain, SNIFFED)
      return await readText(peeked.first, peeked.all, text, header, code)
    } finally {
      await plain.return()
    }
  } finally {
    await stream.return()
  }
}

async function readText(
  first: Uint8Array,
  all: ByteStream,
  options: BuilderOptions,
  header: boolean,
  delimiter: number | undefined,
): Promise<Table> {
  refuseBinary(WHERE, first)
  const marked = startsWith(first, 0xef, 0xbb, 0xbf) ? 3 : 0
  const builder = new TableBuilder(options, header)
  const reader = new DelimitedReader(WHERE, delimiter ?? guessDelimiter(first.subarray(marked)), builder)
  let isFirst = true
  let turn = performance.now()
  for await (const bytes of all) {
    reader.push(isFirst ? bytes.subarray(marked) : bytes)
    isFirst = false
    if (performance.now() - turn > MILLISECONDS) {
      await yieldToEventLoop()
      turn = performance.now()
    }
  }
  reader.end()
  return builder.finish()
}

/** @throws RangeError for files that people take for tables of text. */
export function refuseBinary(where: string, bytes: Uint8Array): void {
  const wrong = startsWith(bytes, 0x50, 0x4b, 0x03, 0x04)
    ? 'a zip file or a workbook; save it as CSV'
    : startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)
      ? 'text in UTF-16; save it as UTF-8'
      : bytes.subarray(0, 1024).includes(0)
        ? 'no text: there are zero bytes in it'
        : undefined
  if (wrong) throw new RangeError(`${where}: the file is ${wrong}`)
}

async function readParquetFile(
  path: string | URL,
  options: BuilderOptions,
  hyparquet: Hyparquet | undefined,
): Promise<Table> {
  const file = await openFile(path)
  try {
    // a copy of its own: Node's slice would be a view
    const slice = (start: number, end = file.size) => new Uint8Array(file.read(start, end)).buffer
    return await readParquet({ byteLength: file.size, slice }, options, hyparquet)
  } finally {
    file.close()
  }
}

async function readParquetBytes(
  all: ByteStream,
  options: BuilderOptions,
  hyparquet: Hyparquet | undefined,
): Promise<Table> {
  const whole: Uint8Array[] = []
  for await (const bytes of all) whole.push(bytes)
  const bytes = new Uint8Array(await new Blob(whole as BlobPart[]).arrayBuffer())
  const file: ParquetFile = { byteLength: bytes.length, slice: (start, end) => bytes.slice(start, end).buffer }
  return readParquet(file, options, hyparquet)
}

export function readDelimiter(where: string, delimiter: unknown): number {
  const code = typeof delimiter === 'string' && delimiter.length === 1 ? delimiter.charCodeAt(0) : 128
  if (code >= 128 || code === 0 || code === 10 || code === 13 || code === 34) {
    throw new RangeError(
      `${where}: "delimiter" must be one ASCII character, not a quote or a line break, got ${show(delimiter)}`,
    )
  }
  return code
}

export function readTypes(where: string, types: unknown): ReadonlyMap<string, ColumnType> {
  if (typeof types !== 'object' || types === null || Array.isArray(types)) {
    throw new TypeError(`${where}: "types" must be an object of types by column, got ${show(types)}`)
  }
  return new Map(
    Object.entries(types).map(([name, type]) => [name, checkOneOf(where, `types[${quote(name)}]`, type, COLUMN_TYPES)]),
  )
}

export function readMissing(where: string, missing: unknown): readonly string[] {
  if (!Array.isArray(missing))
    throw new TypeError(`${where}: "missing" must be an array of texts, got ${show(missing)}`)
  const odd = missing.find((text) => typeof text !== 'string')
  if (odd !== undefined) throw new TypeError(`${where}: "missing" must hold texts, got ${show(odd)}`)
  return Object.freeze(missing.map(trimCell))
}
