/** Tables in blocks: together they are what readTable reads, however the bytes are cut. */
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readTable, streamTable, type Table, type TableColumn } from '../../src/entries/table.ts'
import { Random } from '../../src/lib/random.ts'
import { rejects } from '../support/refuses.ts'

const random = new Random(3)
const LINES = Array.from({ length: 400 }, (_, i) => {
  const quoted = i % 7 === 0 ? `"a ""${i % 3}""\nb"` : `w${i % 5}`
  return [
    random.normal().toFixed(4),
    quoted,
    i % 11 === 0 ? '' : `${2000 + (i % 20)}-0${1 + (i % 9)}`,
    `free ${i}`,
  ].join()
})
const TEXT = ['number,word,date,text', ...LINES].join('\n')
const TYPES = { number: 'number', word: 'category', date: 'date' } as const

/** A column's cells as texts. */
const cells = (column: TableColumn): string[] => {
  if (column.type === 'text') return []
  if (column.type === 'category') return Array.from(column.codes, (code) => column.categories[code] ?? 'missing')
  return Array.from(column.values, String)
}
async function joined(tables: AsyncIterable<Table>): Promise<{ blocks: number; cells: Record<string, string[]> }> {
  const found: Record<string, string[]> = {}
  let blocks = 0
  for await (const { columns } of tables) {
    blocks++
    for (const column of columns) found[column.name] = [...(found[column.name] ?? []), ...cells(column)]
  }
  return { blocks, cells: found }
}
function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

test('blocks are the rows of readTable, whatever the pieces', async () => {
  const whole = await readTable(TEXT, { types: TYPES })
  const expected = Object.fromEntries(whole.columns.map((column) => [column.name, cells(column)]))
  const bytes = new TextEncoder().encode(TEXT)
  for (const size of [1, 7, 100, 4096, 1e6]) {
    const { blocks, cells: found } = await joined(streamTable(pieces(bytes, size), { types: TYPES }))
    assert.equal(found, { ...expected, text: [] }, `${size}`)
    assert.ok(size >= 1e6 ? blocks <= 2 : blocks > 3)
  }
  const packed = new Uint8Array(gzipSync(bytes))
  assert.equal((await joined(streamTable(packed, { types: TYPES }))).cells, { ...expected, text: [] })
  const marked = new TextEncoder().encode(`\ufeff${TEXT.replaceAll('\n', '\r\n')}`)
  assert.equal(
    (await joined(streamTable(pieces(marked, 5), { types: { number: 'number' } }))).cells.number,
    expected.number,
  )
})

test('a row is there as soon as its line is', async () => {
  const waiting: (() => void)[] = []
  async function* lines() {
    for (const line of ['a,b\n', '1,x\n', '2,"y\n', 'z"\n3,', 'w']) {
      if (line !== 'a,b\n') await new Promise<void>((resolve) => waiting.push(resolve))
      yield new TextEncoder().encode(line)
    }
  }
  const tables = streamTable(lines(), { types: { a: 'number' } })
  const seen: number[][] = []
  const next = async () => {
    const { value } = await tables.next()
    if (value) seen.push([...(value.columns[0] as { values: Float64Array }).values])
  }
  const first = next()
  await new Promise((resolve) => setTimeout(resolve, 5))
  waiting.shift()?.()
  await first
  assert.equal(seen, [[1]])
  const rest = Promise.all([next(), next()])
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    waiting.shift()?.()
  }
  await rest
  assert.equal(seen.flat(), [1, 2, 3])
})

test('without a header, columns are those of types', async () => {
  const { cells: found } = await joined(
    streamTable('1,x\n2,y\n', { types: { b: 'number', a: 'category' }, header: false }),
  )
  assert.equal(found, { b: ['1', '2'], a: ['x', 'y'] })
})

test('errors name the line', async () => {
  const read = (source: string | Uint8Array, options: object = {}) =>
    joined(streamTable(source, { types: TYPES, ...options }))
  await rejects(() => read('number,word\n1,a\n'), RangeError, 'streamTable: the table has no column "date"')
  await rejects(() => read(`${TEXT}\n1,a,2020-01\n`), RangeError, /streamTable: line \d+ has 3 columns, expected 4/)
  await rejects(
    () => read('number,word,date\n1,a,2020-01\nold,a,2020-01\n'),
    RangeError,
    'streamTable: line 3, column 1 ("number") holds "old", expected a number',
  )
  await rejects(() => read(new Uint8Array(0)), RangeError, 'streamTable: the table is empty')
  await rejects(() => read(new Uint8Array([0x50, 0x41, 0x52, 0x31, 0])), RangeError, 'use readTable')
  await rejects(() => read(new Uint8Array([0x50, 0x4b, 3, 4, 0])), RangeError, 'a zip file or a workbook')
  await rejects(() => read(TEXT, { types: {} }), RangeError, '"types" names no column')
  await rejects(() => read(TEXT, { delimiter: ',,' }), RangeError, '"delimiter" must be one ASCII character')
  await rejects(() => read(TEXT, { tpyes: TYPES }), TypeError, 'unknown option "tpyes"')
})

test.run()
