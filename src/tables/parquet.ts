/** Parquet files, read with hyparquet, an optional peer dependency. */
import type { Table } from '../data/table/table.ts'
import { show } from '../lib/check.ts'
import { type BuilderOptions, TableBuilder } from './tableBuilder.ts'

/** A file with random access. */
export interface ParquetFile {
  readonly byteLength: number
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>
}

interface Element {
  readonly name: string
  readonly repetition_type?: string | undefined
}

interface Metadata {
  readonly row_groups: readonly { readonly num_rows: bigint }[]
  readonly schema: readonly Element[]
}

interface Schema {
  readonly children: readonly Schema[]
  readonly element: Element
}

/** The functions of `hyparquet` that are used, typed here because its types may not be installed. */
export interface Hyparquet {
  parquetMetadataAsync(file: ParquetFile): Promise<Metadata>
  parquetSchema(metadata: { readonly schema: readonly Element[] }): Schema
  parquetRead(options: {
    file: ParquetFile
    metadata?: Metadata
    columns?: string[]
    rowStart?: number
    rowEnd?: number
    onChunk?(chunk: { readonly columnData: ArrayLike<unknown> }): void
  }): Promise<void>
}

/** @throws TypeError for anything but the module. */
export function checkHyparquet(where: string, given: unknown): asserts given is Hyparquet | undefined {
  if (given === undefined) return
  const { parquetMetadataAsync, parquetSchema, parquetRead } = Object(given)
  if ([parquetMetadataAsync, parquetSchema, parquetRead].every((each) => typeof each === 'function')) return
  throw new TypeError(`${where}: "hyparquet" must be the module, await import('hyparquet'), got ${show(given)}`)
}

/** @throws Error if it is not installed. */
async function importHyparquet(where: string): Promise<Hyparquet> {
  try {
    // bundlers accept an import that may be missing inside of try and catch, or need these hints
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ 'hyparquet')
  } catch (cause) {
    throw new Error(
      `${where}: Parquet files are read by hyparquet: npm install hyparquet; in a bundle, pass it: { hyparquet: await import('hyparquet') }`,
      { cause },
    )
  }
}

/**
 * Reads a Parquet file's table, one row group and column at a time.
 * @throws RangeError for a damaged file, or columns of lists or records.
 */
export async function readParquet(file: ParquetFile, options: BuilderOptions, given?: Hyparquet): Promise<Table> {
  const { where } = options
  const hyparquet = given ?? (await importHyparquet(where))
  const reading = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (cause) {
      throw new RangeError(`${where}: hyparquet cannot read the file: ${(cause as Error).message}`, { cause })
    }
  }
  const metadata = await reading(() => hyparquet.parquetMetadataAsync(file))
  const { children } = await reading(() => hyparquet.parquetSchema(metadata))
  const names = children.map(({ children: parts, element: { name, repetition_type } }) => {
    if (parts.length > 0 || repetition_type === 'REPEATED') {
      throw new RangeError(`${where}: column ${show(name)} holds lists or records, not numbers or texts`)
    }
    return name
  })
  const builder = new TableBuilder(options, false)
  builder.start(names)
  for (const { num_rows } of metadata.row_groups) {
    const rowStart = builder.rows
    const rowEnd = rowStart + Number(num_rows)
    for (const [index, name] of names.entries()) {
      const parts: ArrayLike<unknown>[] = []
      const onChunk = ({ columnData }: { readonly columnData: ArrayLike<unknown> }) => void parts.push(columnData)
      await reading(() => hyparquet.parquetRead({ file, metadata, columns: [name], rowStart, rowEnd, onChunk }))
      const count = parts.reduce((sum, { length }) => sum + length, 0)
      if (count !== rowEnd - rowStart) {
        throw new RangeError(
          `${where}: column ${show(name)} has ${count} values where there are ${rowEnd - rowStart} rows`,
        )
      }
      let row = rowStart
      for (const part of parts) for (let i = 0; i < part.length; i++) addValue(builder, index, part[i], ++row, where)
    }
    builder.addRows(rowEnd - rowStart)
  }
  return builder.finish()
}

const encoder = new TextEncoder()

function addValue(builder: TableBuilder, index: number, value: unknown, row: number, where: string): void {
  const column = builder.columns[index]
  if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) column.missing()
  else if (typeof value === 'number') column.number(value, row)
  else {
    const text = textOf(value)
    if (text === undefined) {
      throw new RangeError(
        `${where}: row ${row}, column ${index + 1} (${show(column.name)}) holds ${show(value)}, not a number or a text`,
      )
    }
    const bytes = encoder.encode(text)
    column.cell(bytes, 0, bytes.length, row)
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  return undefined
}
