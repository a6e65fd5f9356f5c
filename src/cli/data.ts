/** Tables that commands read, streamed if possible, and the files they write. */
import { writePieces } from '#runtime'
import { readTable, streamTable, type Table } from '../entries/table.ts'
import type { Encoder } from '../entries/tablePredictor.ts'
import { type Io, quoted, UsageError } from './command.ts'

/** Denotes standard input in place of a file. */
const STDIN = '-'

export const isStdin = (path: string | undefined): boolean => path === undefined || path === STDIN

/**
 * Streams the rows of a table for an encoder: from a file, standard input, or a URL.
 * @param withTarget whether the target column is needed too
 */
export async function* tablesFor(
  encoder: Encoder,
  path: string | undefined,
  { input }: Io,
  { withTarget = false, header = true } = {},
): AsyncGenerator<Table, void, undefined> {
  const types = { ...encoder.types, ...(withTarget && { [encoder.target.name]: encoder.targetType }) }
  const { missing } = encoder.toJSON()
  if (path !== undefined && !isStdin(path) && /\.(parquet|pq)$/i.test(path)) {
    yield await readTable(path, { types, missing })
  } else yield* streamTable(isStdin(path) ? input : (path ?? ''), { types, missing, header })
}

/** Prefixes of error messages from the functions that read tables. */
const FUNCTIONS = /^(readTable|streamTable|encoder\.transform|encoder\.examples|prepare|prepareStream): /

/** Replaces the function's name in a message by the file's. */
export function told(path: string | undefined, message: string): string {
  return message.replace(FUNCTIONS, `${isStdin(path) ? 'standard input' : quoted(path ?? '')}: `)
}

/** Adds the file's name to errors while reading. */
export async function reading<T>(path: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error
    const { message } = error
    if (!FUNCTIONS.test(message)) throw error
    throw new Error(told(path, message), { cause: error })
  }
}

const encoder = new TextEncoder()

async function* bytesOf(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const text of texts) yield encoder.encode(text)
}

/** Writes chunks to a file atomically, or to standard output as they arrive. */
export async function write(texts: AsyncIterable<string>, path: string | undefined, { out }: Io): Promise<void> {
  if (path !== undefined && path !== STDIN) return writePieces(path, bytesOf(texts))
  for await (const text of texts) await out(text)
}

/** A cell of a CSV file. */
export const cellOf = (text: string): string =>
  /[",\r\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

/** The shortest text that identifies a float32 among its neighbours: 9 significant digits. */
export const numberText = (value: number): string => String(Number(value.toPrecision(9)))

/** Rows [from, to) of a table; a view, not a copy. */
export const slice = (table: Table, from: number, to: number): Table => ({
  ...table,
  rows: to - from,
  columns: table.columns.map((column) => {
    if (column.type === 'text') return column
    if (column.type === 'category') {
      const codes = column.codes.subarray(from, to)
      return { ...column, codes, missing: countOf(codes, (code) => code < 0) }
    }
    const values = column.values.subarray(from, to)
    return { ...column, values, missing: countOf(values, Number.isNaN) }
  }),
})

function countOf(values: ArrayLike<number>, isCounted: (value: number) => boolean): number {
  let count = 0
  for (let i = 0; i < values.length; i++) if (isCounted(values[i])) count++
  return count
}
