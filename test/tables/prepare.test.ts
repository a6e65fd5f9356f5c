import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encoderFromJSON, type PrepareOptions, prepare, readTable } from '../../src/entries/table.ts'
import { refuses } from '../support/refuses.ts'

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
