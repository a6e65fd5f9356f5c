// prepare against the slow encoder of test/oracles: real tables, and small ones of every kind.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { type PrepareOptions, prepare, type ReadTableOptions, readTable } from '../../src/entries/table.ts'
import { cutRows } from '../oracles/delimited.ts'
import { encodeSlowly } from '../oracles/tables.ts'

/** A fifth of the rows, spread evenly. */
const isTest = (row: number): boolean => (Math.imul(row, 2654435761) >>> 0) / 2 ** 32 < 0.2

/** Every encoded value against the slow oracle's, in float32. */
async function compare(
  text: string,
  target: string,
  options: Omit<PrepareOptions, 'target'> = {},
  types: ReadTableOptions['types'] = {},
): Promise<void> {
  const table = await readTable(text, { types })
  const { x, y, rows, encoder, test: tested } = prepare(table, { target, test: isTest, ...options })
  const [names, ...cells] = cutRows(text, ',')
  const missing = new Set(table.missing)
  const known = cells.map((row) => row.map((cell) => (missing.has(cell.trim()) ? '' : cell)))
  const t = names.indexOf(target)
  const labelled = (row: number) => known[row][t] !== ''
  const expected = encodeSlowly(names, known, target, (row) => labelled(row) && !isTest(row), options.oneHotLimit ?? 8)
  assert.equal(
    encoder.outputs.map(({ name }) => name),
    expected.map(({ name }) => name),
  )
  const all = known.map((_, row) => row).filter(labelled)
  assert.equal(
    [...rows],
    all.filter((row) => !isTest(row)),
  )
  assert.equal([...(tested?.rows ?? [])], all.filter(isTest))
  for (const part of [{ x, rows }, tested]) {
    if (!part) throw new Error('no rows to test with')
    for (const [c, { name, values }] of expected.entries()) {
      part.rows.forEach((row, i) => {
        const got = part.x[i * expected.length + c]
        assert.ok(Math.abs(got - values[row]) < 1e-6, `${name}, row ${row}: ${got}, expected ${values[row]}`)
      })
    }
  }
  const column = all.map((row) => known[row][t].trim())
  if (encoder.target.task === 'classification') {
    assert.equal(
      encoder.decode(y),
      Array.from(rows, (row) => known[row][t].trim()),
    )
    assert.equal(new Set(encoder.target.classes), new Set(column))
  } else {
    const train = [...rows].map((row) => Number(known[row][t]))
    const mean = train.reduce((sum, value) => sum + value, 0) / train.length
    const deviation = Math.sqrt(train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / train.length)
    train.forEach((value, i) => {
      assert.ok(Math.abs(y[i] - (value - mean) / deviation) < 1e-6)
    })
  }
}

interface Known {
  readonly name: string
  readonly target: string
  readonly task: string
  readonly file: string
  /** Columns by type, the target among them. */
  readonly types: string
  readonly width: number
}

const KNOWN: readonly Known[] = [
  {
    name: 'penguins',
    target: 'species',
    task: 'classification',
    file: 'penguins.csv',
    types: 'category 3, number 5',
    width: 13,
  },
  {
    name: 'house_votes',
    target: 'Class',
    task: 'classification',
    file: 'house_votes.csv',
    types: 'category 17',
    width: 16,
  },
  { name: 'iris', target: 'target', task: 'classification', file: 'iris.csv', types: 'number 5', width: 4 },
  { name: 'wine', target: 'target', task: 'classification', file: 'wine.csv', types: 'number 14', width: 13 },
  {
    name: 'breast_cancer',
    target: 'target',
    task: 'classification',
    file: 'breast_cancer.csv',
    types: 'number 31',
    width: 30,
  },
]

/** Those that FOURLANE_DATA has: in `tables` beside that folder, or in its `tabular`. */
const FURTHER: readonly Known[] = [
  {
    name: 'credit',
    target: 'Status',
    task: 'classification',
    file: '../tables/credit.csv',
    types: 'category 5, number 9',
    width: 28,
  },
  {
    name: 'telco_churn',
    target: 'churn',
    task: 'classification',
    file: '../tables/telco_churn.csv',
    types: 'category 11, number 9',
    width: 41,
  },
  {
    name: 'attrition',
    target: 'Attrition',
    task: 'classification',
    file: '../tables/attrition.csv',
    types: 'category 15, number 16',
    width: 60,
  },
  {
    name: 'ames',
    target: 'Sale_Price',
    task: 'regression',
    file: '../tables/ames.csv',
    types: 'category 40, number 34',
    width: 210,
  },
  {
    name: 'diamonds',
    target: 'price',
    task: 'regression',
    file: '../tables/diamonds.csv.gz',
    types: 'category 3, number 7',
    width: 26,
  },
  {
    name: 'diabetes',
    target: 'target',
    task: 'regression',
    file: 'tabular/diabetes_raw.csv',
    types: 'number 11',
    width: 10,
  },
  {
    name: 'satellite',
    target: 'target',
    task: 'classification',
    file: 'tabular/satellite.csv.gz',
    types: 'number 37',
    width: 36,
  },
  {
    name: 'letter',
    target: 'target',
    task: 'classification',
    file: 'tabular/letter.csv.gz',
    types: 'number 17',
    width: 16,
  },
  {
    name: 'shuttle',
    target: 'target',
    task: 'classification',
    file: 'tabular/shuttle.csv.gz',
    types: 'number 10',
    width: 9,
  },
]

const folder = process.env.FOURLANE_DATA
const tables = [
  ...KNOWN.map((known) => ({ ...known, path: dataFile(known.file) })),
  ...(folder ? FURTHER.map((known) => ({ ...known, path: join(folder, known.file) })) : []),
].filter(({ path }) => existsSync(path))

for (const { name, target, task, path, types, width } of tables) {
  test(`prepare: ${name} as the slow encoder has it`, async () => {
    const table = await readTable(path)
    const counts = new Map<string, number>()
    for (const { type } of table.columns) counts.set(type, (counts.get(type) ?? 0) + 1)
    assert.is(
      [...counts]
        .map(([type, count]) => `${type} ${count}`)
        .sort()
        .join(', '),
      types,
    )
    const { encoder } = prepare(table, { target, test: isTest })
    assert.is(encoder.target.task, task)
    assert.is(encoder.width, width)
    const bytes = readFileSync(path)
    await compare((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(), target)
  })
}

test('prepare: small tables of every kind as the slow encoder has them', async () => {
  const cell = {
    number: fc.oneof(
      fc.constantFrom('', 'NA', ' 7 ', '-1e3'),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
    ),
    pair: fc.constantFrom('yes', 'no', 'yes', '?', ''),
    few: fc.constantFrom('a', 'b', 'c', 'd', ''),
    many: fc.constantFrom(...'abcdefghijklmnop', ''),
  }
  const row = fc.tuple(cell.number, cell.pair, cell.few, cell.many, cell.number)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 30, maxLength: 60 }), async (rows) => {
      const fixed = ['1', 'yes', 'a', 'a', '0.5']
      // all categories occur, and the target varies
      const lines = [fixed, ['2', 'no', 'b', 'b', '3.5'], fixed, ['2', 'no', 'c', 'c', '1'], ...rows]
      const text = ['n,pair,few,many,y', ...lines.map((cells) => cells.join())].join('\n')
      // in so few rows, letters may look like text that differs from row to row
      await compare(text, 'y', { oneHotLimit: 5, task: 'regression' }, { many: 'category' })
    }),
    { numRuns: 100 },
  )
})

test.run()
