/** Tables that commands read, row by row where that is possible, and what they write. */
import { writePieces } from '#runtime'
import { readTable, streamTable, type Table } from '../entries/table.ts'
import type { Encoder } from '../entries/tablePredictor.ts'
import { type Io, quoted, UsageError } from './command.ts'

/** What stands for standard input where a file is expected. */
const STDIN = '-'

export const isStdin = (path: string | undefined): boolean => path === undefined || path === STDIN

/**
 * The rows of a table for an encoder, as they come: of a file, of standard input, or of a URL.
 * @param withTarget whether the column to predict is needed too
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

/** What functions of reading say begins with their names. */
const FUNCTIONS = /^(readTable|streamTable|encoder\.transform|encoder\.examples|prepare|prepareStream): /

/** What one of them says, with the file's name for its own. */
export function told(path: string | undefined, message: string): string {
  return message.replace(FUNCTIONS, `${isStdin(path) ? 'standard input' : quoted(path ?? '')}: `)
}

/** An error of reading says where. */
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

/** Writes texts to a file, all or nothing, or to standard output as they come. */
export async function write(texts: AsyncIterable<string>, path: string | undefined, { out }: Io): Promise<void> {
  if (path !== undefined && path !== STDIN) return writePieces(path, bytesOf(texts))
  for await (const text of texts) await out(text)
}

/** A cell of a CSV file. */
export const cellOf = (text: string): string =>
  /[",\r\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

/** A float32, by as many digits as tell it from its neighbours. */
export const numberText = (value: number): string => String(Number(value.toPrecision(9)))

/** Rows [from, to) of a table, which they share. */
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
