import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { readTable, type Table, type TableColumn } from '../../src/entries/table.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rejects } from '../support/refuses.ts'

const folder = temporaryFolder()

/** A column's cells as anyone would write them. */
function cellsOf(column: TableColumn): (string | number | null)[] {
  if (column.type === 'text') return []
  if (column.type === 'category') {
    return Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]))
  }
  return Array.from(column.values, (value) =>
    Number.isNaN(value) ? null : column.type === 'date' ? new Date(value).toISOString() : value,
  )
}

/** A table that can be compared: NaN is not what it is. */
const plain = ({ columns, ...table }: Table) => ({
  ...table,
  columns: columns.map((column) => [column.name, column.type, column.missing, cellsOf(column)]),
})

const typesOf = ({ columns }: Table) => Object.fromEntries(columns.map(({ name, type }) => [name, type]))

const TEXT = `name;age;born;sex;note
Ann; 31 ;1990-05-01;f;x1
Bob;?;1980-01-02;m;"x;2"
Eve;2.50;NA;;x3
Ida;-1e3;1970-01-01;f;x4
Joe;.5;1999-12-31;f;x5
Kim;7;1999-12-31;f;x6
Lea;7;1999-12-31;m;x7
Max;7;1999-12-31;m;x8
Ned;7;1999-12-31;m;x9
`

test('readTable: types, missing cells, blanks and quotes', async () => {
  const table = await readTable(TEXT)
  assert.is(table.rows, 9)
  assert.equal(typesOf(table), { name: 'text', age: 'number', born: 'date', sex: 'category', note: 'text' })
  const [name, age, born, sex] = table.columns
  assert.equal(name, { name: 'name', missing: 0, type: 'text' })
  assert.equal(cellsOf(age).slice(0, 5), [31, null, 2.5, -1000, 0.5])
  assert.is(age.missing, 1)
  assert.equal(cellsOf(born).slice(0, 3), ['1990-05-01T00:00:00.000Z', '1980-01-02T00:00:00.000Z', null])
  assert.equal(cellsOf(sex), ['f', 'm', null, 'f', 'f', 'f', 'm', 'm', 'm'])
  if (sex.type !== 'category') throw new Error('no categories')
  assert.equal(sex.categories, ['f', 'm'])
  assert.instance(sex.codes, Int8Array)
  assert.equal(table.notes, [
    `"name" is left out: it is text of which 9 of 9 values are different; to keep it, say types: { "name": 'category' }`,
    `"note" is left out: it is text of which 9 of 9 values are different; to keep it, say types: { "note": 'category' }`,
  ])
  assert.equal(table.missing, ['', 'NA', 'N/A', 'NaN', 'null', '?'])
})

test('readTable: the same from a path, a URL, bytes, a packed file and every stream', async () => {
  const expected = plain(await readTable(TEXT))
  const path = join(folder, 'people.csv')
  writeFileSync(path, TEXT)
  const bytes = new TextEncoder().encode(TEXT)
  const packed = new Uint8Array(gzipSync(bytes))
  writeFileSync(`${path}.gz`, packed)
  const small = (given: Uint8Array) =>
    Array.from({ length: Math.ceil(given.length / 7) }, (_, i) => given.slice(7 * i, 7 * i + 7))
  const letters = [...TEXT]
  async function* slowly<T>(parts: readonly T[]) {
    for (const part of parts) {
      await new Promise((resolve) => setImmediate(resolve))
      yield part
    }
  }
  const sources = [
    path,
    pathToFileURL(path),
    `${path}.gz`,
    bytes,
    Buffer.from(bytes),
    bytes.buffer,
    new DataView(bytes.buffer),
    packed,
    new Blob([bytes]),
    new Blob([packed]),
    new Response(TEXT),
    Readable.from(small(bytes)),
    Readable.from(small(packed)),
    Readable.from(letters),
    new Blob([packed]).stream(),
    slowly(small(packed)),
    slowly(letters),
    letters.values(),
    `\ufeff${TEXT}`.replaceAll('\n', '\r\n'),
    TEXT.replaceAll('\n', '\r'),
    TEXT.replaceAll(';', '\t').replace('"x\t2"', '"x;2"'),
  ]
  for (const [i, source] of sources.entries()) assert.equal(plain(await readTable(source)), expected, `source ${i}`)
})

test('readTable: letters that are cut between pieces', async () => {
  const text = 'a,b\n😀é,1\n日本,2\n😀é,3\n'
  const bytes = new TextEncoder().encode(text)
  const expected = ['😀é', '日本', '😀é']
  for (const size of [1, 2, 3, 5]) {
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.slice(size * i, size * i + size),
    )
    assert.equal(cellsOf((await readTable(parts.values())).columns[0]), expected)
    // halves of a character too
    const texts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(size * i, size * i + size))
    assert.equal(cellsOf((await readTable(texts.values())).columns[0]), expected)
  }
  const long = `a\n${'😀'.repeat(2 ** 17)}\n1\n`
  assert.is((await readTable(long, { types: { a: 'category' } })).columns[0].missing, 0)
})

test('readTable: a column of numbers that turns out to be text keeps its spelling', async () => {
  const cells = [
    '007',
    '1.50',
    '7',
    '+3',
    '-0',
    '1e5',
    '123456789012345678901',
    '0.30000000000000004',
    '',
    'x',
    '7',
    '1.50',
    '7',
  ]
  const { columns, notes } = await readTable(`id,n\n${cells.map((cell) => `${cell},1`).join('\n')}\n`, {
    types: { n: 'number' },
  })
  assert.is(columns[0].type, 'text')
  assert.is(notes.length, 2)
  assert.is(
    notes[0],
    'readTable: line 11, column 1 ("id") holds "x" where all before are numbers, so that the column is no column of numbers; if that means a missing value, name it in "missing"',
  )
  const twice = [...cells, ...cells]
  const table = await readTable(`id,n\n${twice.map((cell) => `${cell},1`).join('\n')}\n`)
  assert.equal(
    cellsOf(table.columns[0]),
    twice.map((cell) => cell || null),
  )
})

test('readTable: what is written comes back, whatever stands where', async () => {
  const cell = fc.oneof(
    fc.constantFrom('', 'NA', '1', '2', '01', 'x', 'y', '2020-01-01', '2020-01-01T00:00Z', 'a,b', '"'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  )
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      const line = (row: readonly string[]) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join()
      const table = await readTable(['p,q', ...given.map(line), ''].join('\n'))
      for (const [i, column] of table.columns.entries()) {
        const texts = given.map((row) => (row[i] === '' || row[i] === 'NA' ? null : row[i]))
        const present = texts.filter((text) => text !== null)
        assert.is(column.missing, texts.length - present.length)
        const different = new Set(present).size
        const type = present.every((text) => Number.isFinite(Number(text)))
          ? 'number'
          : present.every((text) => /^\d{4}-/.test(text))
            ? 'date'
            : different > 8 && different > present.length / 2
              ? 'text'
              : 'category'
        assert.is(column.type, type)
        if (type === 'number')
          assert.equal(
            cellsOf(column),
            texts.map((text) => (text === null ? null : Number(text) + 0)),
          )
        if (type === 'category') assert.equal(cellsOf(column), texts)
        if (type === 'date') {
          const iso = texts.map((text) => (text === null ? null : new Date(text).toISOString()))
          assert.equal(cellsOf(column), iso)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('readTable: options', async () => {
  const text = '1|x|-9\n2|y|4\n'
  const table = await readTable(text, {
    delimiter: '|',
    header: false,
    missing: ['-9', ' x '],
    types: { 1: 'category' },
  })
  assert.equal(table.columns.map(cellsOf), [
    ['1', '2'],
    [null, 'y'],
    [null, 4],
  ])
  assert.equal(typesOf(table), { 1: 'category', 2: 'category', 3: 'number' })
  const dated = await readTable('d,t\n2020-01,a\nNA,b\n', { types: { d: 'date', t: 'text' } })
  assert.equal(typesOf(dated), { d: 'date', t: 'text' })
  assert.equal(dated.notes, [])
  const empty = await readTable('a,b\nNA,1\n,2\n')
  assert.equal(typesOf(empty), { a: 'number', b: 'number' })
  assert.equal(empty.notes, ['"a" has no values'])
})

test('readTable: more categories than are kept, and more dates than that', async () => {
  const rows = 2 ** 16 + 10
  const lines = (cell: (row: number) => string) =>
    `a,b\n${Array.from({ length: rows }, (_, row) => `${cell(row)},1`).join('\n')}\n`
  const names = lines((row) => `user${row}`)
  const { columns, notes } = await readTable(names)
  assert.is(columns[0].type, 'text')
  assert.match(notes[0], /"a" is left out: it is text of which more than 65536 of 65546 values are different/)
  await rejects(
    readTable(names, { types: { a: 'category' } }),
    RangeError,
    'readTable: line 65538, column 1 ("a") is the 65537th category, and 65536 are the most',
  )
  const moment = (row: number) => new Date(row * 1000).toISOString()
  const dates = await readTable(lines(moment))
  assert.equal(cellsOf(dates.columns[0]).slice(-2), [moment(rows - 2), moment(rows - 1)])
  assert.is(columnType(await readTable(lines((row) => (row === rows - 1 ? 'x' : moment(row))))), 'text')
  assert.is(columnType(await readTable(lines((row) => (row === rows - 1 ? 'x' : `${row}`)))), 'text')
  const many = await readTable(
    lines((row) => `c${row % 40_000}`),
    { types: { a: 'category' } },
  )
  assert.is(cellsOf(many.columns[0])[rows - 1], `c${(rows - 1) % 40_000}`)
})

const columnType = ({ columns }: Table) => columns[0].type

test('readTable: names that objects have', async () => {
  const { columns } = await readTable('__proto__,constructor,toString\n1,2,3\n', {
    types: JSON.parse('{"constructor":"category"}'),
  })
  assert.equal(
    columns.map(({ name, type }) => `${name} ${type}`),
    ['__proto__ number', 'constructor category', 'toString number'],
  )
  assert.equal(
    (await readTable(',a,\n1,2,3\n')).columns.map(({ name }) => name),
    ['column 1', 'a', 'column 3'],
  )
})

test('readTable: real tables', async () => {
  const penguins = await readTable(dataFile('penguins.csv'))
  assert.is(penguins.rows, 344)
  assert.equal(typesOf(penguins), {
    island: 'category',
    bill_length_mm: 'number',
    bill_depth_mm: 'number',
    flipper_length_mm: 'number',
    body_mass_g: 'number',
    sex: 'category',
    year: 'number',
    species: 'category',
  })
  assert.equal(
    penguins.columns.map(({ missing }) => missing),
    [0, 2, 2, 2, 2, 11, 0, 0],
  )
})

test.run()
