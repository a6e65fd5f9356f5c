import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Hyparquet, type ParquetFile, readTable } from '../../src/entries/table.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rejects } from '../support/refuses.ts'

/** What every Parquet file begins and ends with. */
const BYTES = new TextEncoder().encode('PAR1 a file of which only the stand-in below knows PAR1')

/** Stands in for hyparquet: columns by name, each a list of values, in groups of two rows. */
function standIn(columns: Readonly<Record<string, readonly unknown[]>>, nested: readonly string[] = []): Hyparquet {
  const rows = Object.values(columns)[0].length
  const groups = Array.from({ length: Math.ceil(rows / 2) }, (_, i) => ({
    num_rows: BigInt(Math.min(2, rows - 2 * i)),
  }))
  const read = async (file: ParquetFile) => {
    assert.equal(new Uint8Array(await file.slice(0, 4)), BYTES.slice(0, 4))
    assert.equal(new Uint8Array(await file.slice(file.byteLength - 4)), BYTES.slice(0, 4))
  }
  return {
    async parquetMetadataAsync(file) {
      await read(file)
      return { row_groups: groups, schema: [] }
    },
    parquetSchema: () => ({
      element: { name: 'schema' },
      children: Object.keys(columns).map((name) => ({
        element: { name, repetition_type: nested.includes(name) ? 'REPEATED' : 'OPTIONAL' },
        children: [],
      })),
    }),
    async parquetRead({ file, columns: [name] = [], rowStart, rowEnd, onChunk }) {
      await read(file)
      onChunk?.({ columnData: columns[name].slice(rowStart, rowEnd) })
    },
  }
}

const COLUMNS = {
  n: [1.5, null, 3],
  big: [1n, 2n, 9007199254740993n],
  kind: ['a', 'NA', ' b '],
  yes: [true, false, null],
  day: [new Date('2024-01-02T03:04:05Z'), null, new Date(0)],
}

test('parquet: columns of numbers, texts, booleans and dates', async () => {
  const path = join(temporaryFolder(), 'x.parquet')
  writeFileSync(path, BYTES)
  for (const source of [BYTES, path, new Blob([BYTES])]) {
    const { columns, rows } = await readTable(source, { hyparquet: standIn(COLUMNS) })
    assert.is(rows, 3)
    assert.equal(
      columns.map(({ name, type, missing }) => [name, type, missing]),
      [
        ['n', 'number', 1],
        ['big', 'number', 0],
        ['kind', 'category', 1],
        ['yes', 'category', 1],
        ['day', 'date', 1],
      ],
    )
    assert.equal(
      columns.map((column) =>
        'codes' in column ? [...column.codes] : [...('values' in column ? column.values : [])].map(String),
      ),
      [
        ['1.5', 'NaN', '3'],
        ['1', '2', '9007199254740992'],
        [0, -1, 1],
        [0, 1, -1],
        ['1704164645000', 'NaN', '0'],
      ],
    )
  }
})

test('parquet: a file is closed', async () => {
  const path = join(temporaryFolder(), 'closed.parquet')
  // longer than what tells the format
  writeFileSync(path, Buffer.concat([BYTES, Buffer.alloc(100_000), BYTES]))
  /** How many files this process has open, where there is a list of them. */
  const openFiles = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
  await readTable(path, { hyparquet: standIn(COLUMNS) })
  const before = openFiles()
  for (let i = 0; i < 5; i++) await readTable(path, { hyparquet: standIn(COLUMNS) })
  assert.is(openFiles(), before)
})

test('parquet: errors', async () => {
  const refused = (hyparquet: Hyparquet, message: string) =>
    rejects(readTable(BYTES, { hyparquet }), RangeError, `readTable: ${message}`)
  await refused(standIn(COLUMNS, ['kind']), 'column "kind" holds lists or records, not numbers or texts')
  await refused(standIn({ a: [1, {}] }), 'row 2, column 1 ("a") holds an object, not a number or a text')
  const failing = { ...standIn(COLUMNS), parquetRead: () => Promise.reject(new Error('no such codec')) }
  await refused(failing, 'hyparquet cannot read the file: no such codec')
  const silent = { ...standIn(COLUMNS), parquetRead: () => Promise.resolve() }
  await refused(silent, 'column "n" has 0 values where there are 2 rows')
  for (const hyparquet of [5, null, {}, { default: standIn(COLUMNS) }]) {
    const message = 'readTable: "hyparquet" must be the module, await import'
    await rejects(readTable('a\n1\n', { hyparquet } as never), TypeError, message)
  }
})

test('parquet: without hyparquet', async () => {
  try {
    await readTable(BYTES)
    assert.unreachable()
  } catch (error) {
    const { message } = error as Error
    // where it is installed, it finds that this is no file of its own
    assert.match(message, /npm install hyparquet; in a bundle, pass it|hyparquet cannot read the file/)
  }
})

test.run()
