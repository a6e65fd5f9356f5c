/** Reads tables from delimited text, optionally gzipped, and from Parquet. */
import { openFile, yieldToEventLoop } from '#runtime'
import { COLUMN_TYPES, type ColumnType, MISSING, type Table } from '../data/table/table.ts'
import { trimCell } from '../data/table/values.ts'
import { DelimitedReader, guessDelimiter } from '../formats/delimited.ts'
import { checkBoolean, checkInteger, checkOneOf, checkOptions, isA, quote, show } from '../lib/check.ts'
import { checkHyparquet, type Hyparquet, type ParquetFile, readParquet } from './parquet.ts'
import { type ByteStream, bytesOfSource, peek, type TableSource, unpacked } from './source.ts'
import { type BuilderOptions, TableBuilder } from './tableBuilder.ts'

export interface ReadTableOptions {
  /** One ASCII character, such as ',' or '\t'. Default: detected among comma, semicolon and tab from the first lines. */
  readonly delimiter?: string
  /** Whether the first line contains the column names (default true); otherwise they are 1, 2, ... */
  readonly header?: boolean
  /** Column types, by name, that are not to be inferred. */
  readonly types?: Readonly<Record<string, ColumnType>>
  /** Cells that stand for a missing value. */
  readonly missing?: readonly string[]
  /** Maximum unpacked size of a gzip file in bytes (default 1 GiB). */
  readonly maximumBytes?: number
  /** The module `hyparquet`, if it cannot be imported by name, as in bundles. */
  readonly hyparquet?: Hyparquet
}

const WHERE = 'readTable'
const MAXIMUM_BYTES = 2 ** 30
/** Bytes used to detect the format and the delimiter. */
const SNIFFED = 2 ** 16
/** Maximum time between yields to the event loop. */
const MILLISECONDS = 50

export const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte)

/**
 * Reads a table: delimited text (RFC 4180: quotes, any line ending, a byte order mark), plain or gzipped,
 * or Parquet. Cells are trimmed and empty lines skipped. A column has the type
 *
 *   number    if every non-missing cell is a finite number
 *   date      if every non-missing cell is an ISO 8601 date; without a time zone it is UTC
 *   category  if it is any other text
 *   text      if more than half of its values, and more than 8, or more than 65536 are distinct: its contents are not kept
 *
 * taking all rows into account. Streams are read piecewise: memory holds the columns, 8 bytes per number and
 * 1 to 4 per category, not the file.
 * @param source a string with a line break is the text itself, any other string a path or a URL
 * @throws TypeError for invalid options; RangeError naming line and column for rows of different length, unclosed quotes, text
 * in a column declared as numeric, duplicate names, or more than 16384 columns; and for an empty table.
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

/** @throws RangeError for binary files that are mistaken for text tables. */
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
    // a copy: the slice method of Node's Buffer would return a view
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
