import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import {
  encoderFromJSON,
  type PrepareOptions,
  prepare,
  type ReadTableOptions,
  readTable,
} from '../../src/entries/table.ts'
import { cutRows } from '../oracles/delimited.ts'
import { encodeSlowly } from '../oracles/tables.ts'
import { refuses } from '../support/refuses.ts'

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

test('prepare: dates become year, month, day of week and seconds', async () => {
  const days = ['2024-01-01', '2024-02-04', '2025-12-31T12:00:00+01:00', '', '1969-12-31']
  const table = await readTable(`d,y\n${days.map((day, i) => `${day},${i}.5`).join('\n')}`)
  const { x, encoder } = prepare(table, { target: 'y' })
  assert.equal(
    encoder.outputs.map(({ name, kind }) => `${name}: ${kind}`),
    ['d year: year', 'd month: month', 'd dayOfWeek: dayOfWeek', 'd seconds: seconds', 'd missing: missing'],
  )
  const parts = [
    [2024, 1, 1, Date.UTC(2024, 0, 1) / 1000],
    [2024, 2, 7, Date.UTC(2024, 1, 4) / 1000],
    [2025, 12, 3, Date.UTC(2025, 11, 31, 11) / 1000],
    [1969, 12, 3, -86400],
  ]
  // a table of numbers with the same parts
  const numbers = await readTable(
    `year,month,dayOfWeek,seconds,y\n${[...parts.slice(0, 3), ['', '', '', ''], parts[3]].map((row, i) => `${row.join()},${i}.5`).join('\n')}`,
  )
  const same = prepare(numbers, { target: 'y' })
  const columns = [0, 2, 4, 6, 1]
  for (let row = 0; row < 5; row++) {
    assert.equal(
      [...x.subarray(row * 5, row * 5 + 5)],
      columns.map((c) => same.x[row * 8 + c]),
    )
  }
  const again = encoder.transform([{ d: new Date('2024-02-04') }, { d: '2024-02-04' }, { d: null }])
  assert.equal([...again.subarray(0, 5)], [...x.subarray(5, 10)])
  assert.equal([...again.subarray(5, 10)], [...x.subarray(5, 10)])
  assert.equal([...again.subarray(10)], [...x.subarray(15, 20)])
})

test('prepare: columns that say nothing', async () => {
  const table = await readTable('same,none,one,id,n,y\n7,,a,i0,1,p\n7,,a,i1,2,q\n7,NA,,i2,3,p\n7,,a,i3,4,q\n', {
    types: { id: 'text' },
  })
  const { x, encoder, notes } = prepare(table, { target: 'y' })
  assert.equal(encoder.columns, ['same', 'one', 'n'])
  assert.equal(notes, ['"none" is left out: it has no values in the training rows'])
  assert.equal(
    Array.from({ length: 4 }, (_, row) => x[3 * row]),
    [0, 0, 0, 0],
  )
  refuses(() => prepare(table, { target: 'none' }), RangeError, 'prepare: the target "none" has no values')
})

test('prepare: what is classes and what is a number', async () => {
  const task = async (cells: readonly (string | number)[], options = {}) => {
    const table = await readTable(`x,y\n${cells.map((cell, i) => `${i},${cell}`).join('\n')}`)
    const { target } = prepare(table, { target: 'y', ...options }).encoder
    return target.task === 'classification' ? target.classes.join(' ') : 'a number'
  }
  assert.is(await task(['b', 'a', 'b']), 'a b')
  assert.is(await task([0, 1, 1, 0]), '0 1')
  assert.is(await task([-1, 1, 1, -1]), '-1 1')
  assert.is(await task([1, 2, 3, 1, 2, 3]), '1 2 3')
  assert.is(await task([10, 9, 8, 10, 9, 8]), 'a number')
  assert.is(await task([0, 1, 2, 3]), 'a number')
  assert.is(await task([0.5, 1.5, 0.5, 1.5]), 'a number')
  assert.is(await task([10, 9, 8, 10], { task: 'classification' }), '8 9 10')
  assert.is(await task([0, 1, 1, 0], { task: 'regression' }), 'a number')
})

test('prepare: rows to test with', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 5 === 0 ? 'rare' : i % 7 === 0 ? '' : 'often'}`)
  const table = await readTable(`x,y\n${rows.join('\n')}`)
  const whole = prepare(table, { target: 'y' })
  assert.is(whole.test, undefined)
  assert.is(whole.dropped, 12)
  assert.is(whole.rows.length, 88)
  const { x, y, test: tested, encoder, rows: trained } = prepare(table, { target: 'y', test: 0.25, seed: 3 })
  assert.is(tested?.rows.length, 22)
  // in proportion: 20 of 88 are rare
  assert.is([...(tested?.y ?? [])].filter((label) => label === 1).length, 5)
  assert.equal(
    [...trained, ...(tested?.rows ?? [])].sort((a, b) => a - b),
    [...whole.rows],
  )
  assert.is(encoder.rows, 66)
  assert.equal([x.length, y.length], [66, 66])
  const same = prepare(table, { target: 'y', test: 0.25, seed: 3 })
  assert.equal(same.test?.rows, tested?.rows)
  assert.not.equal(prepare(table, { target: 'y', test: 0.25 }).test?.rows, tested?.rows)
  assert.is(prepare(table, { target: 'y', test: 7 }).test?.rows.length, 7)
  // the encoder knows nothing of rows to test with
  const far = await readTable(`x,y\n${rows.slice(0, 50).join('\n')}\n1e9,often\n`)
  const { encoder: narrow } = prepare(far, { target: 'y', test: (row) => row === 50 })
  assert.is(narrow.schema.columns[0].type === 'number' && narrow.schema.columns[0].maximum, 48)
})

test('prepare: extremes stay finite', async () => {
  const cells = ['1.7e308', '-1.7e308', '5e-324', '0', '1e300', '-1e-300', '1', '2']
  const table = await readTable(`a,b,y\n${cells.map((cell, i) => `${cell},${i < 7 ? 0 : 5e-324},${i}.5`).join('\n')}`)
  const { x, encoder } = prepare(table, { target: 'y' })
  assert.ok(x.every(Number.isFinite))
  const rows = cells.map((a) => ({ a, b: a }))
  assert.ok(encoder.transform(rows).every((value) => Number.isFinite(value) && Math.abs(value) <= 3))
  assert.equal(encoderFromJSON(JSON.parse(JSON.stringify(encoder))).transform(rows), encoder.transform(rows))
})

test('prepare: a file of categories that a model file cannot hold', async () => {
  const long = (row: number) => `${'x'.repeat(5000)}${row % 200}`
  const table = await readTable(
    `a,b,y\n${Array.from({ length: 500 }, (_, row) => `${long(row)},${row},${row}.5`).join('\n')}`,
  )
  assert.is(table.columns[0].type, 'category')
  const { encoder, notes } = prepare(table, { target: 'y' })
  assert.equal(encoder.columns, ['b'])
  assert.equal(notes, [`"a" is left out: its categories are too long for a model's file`])
})

test('prepare: errors', async () => {
  const table = await readTable('age,kind,born,name,y\n1,a,2020-01-01,p,1\n2,b,2021-01-01,q,2\n3,a,2022-01-01,r,4\n', {
    types: { name: 'text' },
  })
  const refused = (options: object, message: string, kind: typeof TypeError | typeof RangeError = RangeError) =>
    refuses(() => prepare(table, options as PrepareOptions), kind, `prepare: ${message}`)
  refused({ target: 'agee' }, 'the table has no column "agee" for a target; did you mean "age"?')
  refused({}, '"target" must be the name of a column, got undefined', TypeError)
  refused({ target: 'born' }, 'the target "born" is a date, not numbers or categories')
  refused({ target: 'name' }, 'the target "name" is a text, not numbers or categories; to take it as classes')
  refused({ target: 'kind', task: 'regression' }, 'the target "kind" holds "a", and a regression is for numbers')
  refused({ target: 'y', task: 'auot' }, 'unknown task "auot"; did you mean "auto"?')
  refused({ target: 'y', test: 3 }, '"test" 3 of 3 rows leaves none to train on')
  refused({ target: 'y', test: () => true }, '"test" leaves no rows to train on')
  refused({ target: 'y', test: () => 1 }, '"test" must say true or false, got 1 for row 0', TypeError)
  refused({ target: 'y', test: -1 }, '"test" must be a finite number at least 0')
  refused({ target: 'y', targets: 1 }, 'unknown option "targets"; did you mean "target"?', TypeError)
  refused(
    { target: 'y', test: (row: number) => row > 0 },
    'the target "y" is 1 in every training row: nothing to learn',
  )
  const single = await readTable('a,y\n1,p\n2,p\n')
  refuses(
    () => prepare(single, { target: 'y' }),
    RangeError,
    'the target "y" has one class only, "p": nothing to learn',
  )
  const narrow = await readTable('a,y\n1,1e-200\n2,2e-200\n')
  refuses(
    () => prepare(narrow, { target: 'y' }),
    RangeError,
    'the target "y" is too narrow for float64; scale its values up first',
  )
  const alone = await readTable('y\n1.5\n2\n')
  refuses(() => prepare(alone, { target: 'y' }), RangeError, 'no column to learn from beside the target')
  refuses(() => prepare([] as never, { target: 'y' }), TypeError, '"table" must be a table, as readTable gives it')
})

test('prepare: tables that users make', async () => {
  const values = Float64Array.of(1, 2, Number.NaN)
  const column = { name: 'a', type: 'number', values, missing: 1 } as const
  const kind = {
    name: 'k',
    type: 'category',
    categories: ['p', 'q'],
    codes: Int32Array.of(0, 1, -1),
    missing: 1,
  } as const
  const table = { columns: [column, kind], rows: 3, missing: [], notes: [] }
  assert.is(prepare(table, { target: 'k' }).dropped, 1)
  const more = { ...kind, categories: ['p', 'no row has it', 'q'], codes: Int32Array.of(0, 2, -1) }
  const learned = prepare({ ...table, columns: [column, more] }, { target: 'k' })
  assert.equal(learned.encoder.target, { task: 'classification', name: 'k', classes: ['p', 'q'], numeric: false })
  assert.equal([...learned.y], [0, 1])
  const refused = (change: object, message: string) =>
    refuses(() => prepare({ ...table, ...change } as never, { target: 'k' }), Error, message)
  refused({ rows: 4 }, 'column "a" of "table" must have "values", 4 in a Float64Array')
  refused({ missing: undefined }, '"table.missing" must be an array of texts, got undefined')
  refused({ missing: ['NA', 0] }, '"table.missing" must be an array of texts')
  refused({ rows: 0 }, '"table.rows" must be a whole number of at least 1')
  refused({ columns: [column, column] }, 'column "a" of "table" occurs twice')
  refused({ columns: [{ ...kind, codes: Int32Array.of(0, 1, 2) }] }, 'has code 2 in row 2, and 2 categories')
  refused({ columns: [{ ...kind, categories: ['p', 'p'] }] }, 'has a category twice')
  refused({ columns: [{ ...column, values: Float64Array.of(1, 2, 1 / 0) }] }, 'is infinite in row 2')
  refused(
    { columns: [{ ...column, type: 'date', values: Float64Array.of(1, 1e16, 2) }] },
    'column "a" of "table" is 10000000000000000 in row 1, no date',
  )
  refused({ columns: [{ ...column, type: 'int' }] }, 'is of type "int", not number, category, date, text')
})

test.run()
