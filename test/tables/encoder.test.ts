import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { Encoder, encoderFromJSON, prepare, readTable } from '../../src/entries/table.ts'
import { refuses } from '../support/refuses.ts'

const KINDS = [...'abcdefghij']
const LINES = Array.from({ length: 40 }, (_, i) =>
  [
    i % 7 === 0 ? '' : i * 1.5,
    i % 2 ? 'yes' : 'no',
    ['red', 'green', 'blue'][i % 3],
    KINDS[i % 10],
    `2024-01-${10 + (i % 20)}`,
    i % 4 ? 'p' : 'q',
  ].join(),
)
const TEXT = ['age,smoker,colour,kind,seen,label', ...LINES].join('\n')
const table = await readTable(TEXT)
const { encoder, x, y } = prepare(table, { target: 'label' })

/** The lines as objects of texts. */
const objects = LINES.map((line) => {
  const [age, smoker, colour, kind, seen, label] = line.split(',')
  return { age, smoker, colour, kind, seen, label }
})

test('encoder: what it reads and what it gives', () => {
  assert.instance(encoder, Encoder)
  assert.equal(encoder.columns, ['age', 'smoker', 'colour', 'kind', 'seen'])
  assert.equal(
    encoder.outputs.map(({ name, kind }) => `${name} (${kind})`),
    [
      'age (number)',
      'age missing (missing)',
      'smoker (sign)',
      'colour=blue (oneHot)',
      'colour=green (oneHot)',
      'colour=red (oneHot)',
      'kind (index)',
      'seen year (year)',
      'seen month (month)',
      'seen dayOfWeek (dayOfWeek)',
      'seen seconds (seconds)',
    ],
  )
  assert.equal(encoder.outputs[6], { name: 'kind', column: 'kind', kind: 'index', categories: 10 })
  assert.equal(encoder.outputs[3], { name: 'colour=blue', column: 'colour', kind: 'oneHot', category: 'blue' })
  assert.is(encoder.width, 11)
  assert.is(encoder.rows, 40)
  assert.equal(encoder.types, {
    age: 'number',
    smoker: 'category',
    colour: 'category',
    kind: 'category',
    seen: 'date',
  })
  assert.is(encoder.targetType, 'category')
  assert.equal(encoder.schema, {
    columns: [
      { name: 'age', type: 'number', minimum: 1.5, maximum: 58.5 },
      { name: 'smoker', type: 'category', categories: ['no', 'yes'] },
      { name: 'colour', type: 'category', categories: ['blue', 'green', 'red'] },
      { name: 'kind', type: 'category', categories: KINDS },
      { name: 'seen', type: 'date' },
    ],
    target: { name: 'label', task: 'classification', classes: ['p', 'q'] },
  })
})

test('encoder: the same from objects, arrays, numbers and tables', () => {
  assert.equal(encoder.transform(table), x)
  assert.equal(encoder.transform(objects), x)
  assert.equal(encoder.transform(objects.map(({ label: _, ...row }) => Object.values(row))), x)
  assert.equal(
    encoder.transform(
      objects.map((row) => ({
        ...row,
        age: row.age === '' ? null : Number(row.age),
        seen: new Date(row.seen),
        extra: {},
      })),
    ),
    x,
  )
  assert.equal(encoder.transform(JSON.parse(JSON.stringify(objects))), x)
  assert.equal(
    encoder.transform(objects.map((row) => ({ ...row, age: row.age === '' ? Number.NaN : ` ${row.age} ` }))),
    x,
  )
  assert.equal(encoder.transform([]), new Float32Array(0))
  const { x: same, y: labels, rows } = encoder.examples(objects)
  assert.equal([same, labels], [x, y])
  assert.is(rows.length, 40)
  assert.equal(encoder.examples(table).x, x)
  assert.equal(
    [...encoder.examples(objects.map((row, i) => ({ ...row, label: i < 38 ? 'NA' : row.label }))).rows],
    [38, 39],
  )
  assert.equal(
    encoder.examples(table, { rows: [3, 1] }).x,
    Float32Array.of(...x.subarray(33, 44), ...x.subarray(11, 22)),
  )
  assert.equal(encoder.examples(objects.map((row) => Object.values(row))).y, y)
})

test('encoder: what training did not have is as good as missing', () => {
  const known = { age: 3, smoker: 'no', colour: 'red', kind: 'a', seen: '2024-01-20' }
  const row = (change: object) => [...encoder.transform([{ ...known, ...change }])]
  for (const column of ['smoker', 'colour', 'kind']) {
    assert.equal(row({ [column]: 'unheard of' }), row({ [column]: null }))
    assert.equal(row({ [column]: '' }), row({ [column]: null }))
  }
  assert.is(row({ kind: 'unheard of' })[6], -1)
  assert.is(row({ kind: 'c' })[6], 2)
  assert.is(row({ age: null })[0], 0)
  assert.not.equal(row({ age: null })[1], row({ age: 1 })[1])
  // booleans and numbers are the texts that they print
  assert.equal(row({ kind: true }), row({ kind: null }))
})

test('encoder: errors name row and column', () => {
  const good = { age: 3, smoker: 'no', colour: 'red', kind: 'a', seen: '2024-01-20' }
  const refused = (row: unknown, message: string, kind: typeof TypeError | typeof RangeError = RangeError) =>
    refuses(() => encoder.transform([good, row] as never), kind, `encoder.transform: ${message}`)
  refused({ ...good, age: 'old' }, 'row 1: "age" is "old", expected a number')
  refused({ ...good, age: true }, 'row 1: "age" is true, expected a number', TypeError)
  refused({ ...good, age: Number.POSITIVE_INFINITY }, 'row 1: "age" is Infinity, expected a number')
  refused({ ...good, seen: '20 January' }, 'row 1: "seen" is "20 January", expected a date such as')
  refused({ ...good, seen: 5 }, 'row 1: "seen" is 5, expected a date')
  refused({ ...good, kind: {} }, 'row 1: "kind" is an object, expected a category', TypeError)
  const { kind: _, ...short } = good
  refused(short, 'row 1 has no "kind"; a value that is not known is null')
  refused({ ...short, kynd: 'a' }, 'row 1 has no "kind"; a value that is not known is null; did you mean "kynd"?')
  refused([1, 2], 'row 1 has 2 values, expected 5: "age", "smoker", "colour", "kind", "seen"')
  refused(null, 'row 1 must be an object by column or an array, got null', TypeError)
  refuses(
    () => encoder.transform({} as never),
    TypeError,
    '"rows" must be an array of rows (objects by column, or arrays) or a table',
  )
  refuses(
    () => encoder.examples([{ ...good, label: 'z' }]),
    RangeError,
    'encoder.examples: "label" is "z", a class that training did not have',
  )
  refuses(
    () => encoder.examples([{ ...good, label: 'p' }], { rows: [1] }),
    RangeError,
    '"rows[0]" must be a whole number from 0 to 0',
  )
  for (const rows of [5, null, 'ab', () => 1, {}, { length: -1 }]) {
    refuses(
      () => encoder.examples([{ ...good, label: 'p' }], { rows } as never),
      TypeError,
      '"rows" must be an array of row numbers',
    )
  }
  const endless = { rows: { length: 2 ** 53 - 1 } } as never
  refuses(() => encoder.examples([{ ...good, label: 'p' }], endless), TypeError, '"rows[0]" must be a whole number')
})

test('encoder: tables that are read as something else', async () => {
  const refused = async (text: string, message: string) => {
    const other = await readTable(text)
    refuses(() => encoder.transform(other), RangeError, `encoder.transform: ${message}`)
  }
  const head = 'age,smoker,colour,kind,seen'
  await refused('age,smoker,colour,sort,seen\n1,no,red,a,2024-01-01', 'the table has no column "kind"')
  await refused(`${head}\n1,no,red,a,2024-01-01\nx,no,red,a,2024-01-01`, 'row 1: "age" is "x", expected a number')
  await refused(
    `${head}\n1,no,red,7,2024-01-01`,
    'column "kind" was read as number, but the encoder wants a category; read the table with types: encoder.types',
  )
  await refused(`${head}\n1,no,red,a,x`, 'column "seen" was read as category, but the encoder wants a date')
  const text = `${head}\n1,no,red,7,2024-01-01`
  const typed = await readTable(text, { types: encoder.types })
  assert.is(encoder.transform(typed)[6], -1)
  // what is missing throughout is of any type
  const gaps = await readTable(`${head}\n,,,,\nNA,NA,NA,NA,NA`)
  assert.equal(
    encoder.transform(gaps),
    encoder.transform([
      [null, null, null, null, null],
      ['', '', '', '', ''],
    ]),
  )
})

test('encoder: numbers back from a regression', async () => {
  const { encoder: numbers, y: targets } = prepare(await readTable('a,y\n1,10\n2,20\n3,60\n'), { target: 'y' })
  const decoded = numbers.decode(targets)
  assert.ok(decoded instanceof Float64Array)
  decoded.forEach((value, i) => {
    assert.ok(Math.abs(value - [10, 20, 60][i]) < 1e-5)
  })
  // no further out than training
  assert.equal([...numbers.decode([-100, 100])], [10, 60])
  assert.equal(encoder.decode(y).slice(0, 3), ['q', 'p', 'p'])
  refuses(() => encoder.decode([2]), RangeError, '"y" row 0 is 2, not a class from 0 to 1')
  for (const odd of [5, 'abc', {}, { length: 0.5 }, { length: -1 }, new BigInt64Array(1)]) {
    for (const each of [encoder, numbers]) {
      refuses(() => each.decode(odd as never), TypeError, 'encoder.decode: "y" must be an array of numbers')
    }
  }
  for (const odd of [['1'], [null], [[1]], [1n], { length: 2 ** 53 - 1 }]) {
    refuses(() => numbers.decode(odd as never), TypeError, /encoder.decode: "y" row 0 is .*, not a number/)
  }
})

test('encoder: classes that are numbers', async () => {
  const { encoder: numbered } = prepare(await readTable('a,y\n1,10\n2,9\n3,10\n4,9\n'), {
    target: 'y',
    task: 'classification',
  })
  assert.equal(numbered.schema.target, { name: 'y', task: 'classification', classes: ['9', '10'] })
  assert.equal(
    [
      ...numbered.examples([
        { a: 1, y: 9 },
        { a: 1, y: '10.0' },
        { a: 1, y: null },
      ]).y,
    ],
    [0, 1],
  )
})

test('encoder: names that objects have', async () => {
  const { encoder: odd } = prepare(await readTable('__proto__,constructor,y\n1,a,p\n2,b,q\n3,a,p\n'), { target: 'y' })
  const rows = JSON.parse('[{"__proto__":2,"constructor":"b"}]')
  assert.is(odd.transform(rows)[0], 0)
  refuses(() => odd.transform([{ a: 1 }]), RangeError, 'row 0 has no "__proto__"')
  const again = encoderFromJSON(JSON.parse(JSON.stringify(odd)))
  assert.equal(again.transform(rows), odd.transform(rows))
  assert.ok(Object.hasOwn(odd.types, '__proto__'))
  assert.is(({} as { polluted?: unknown }).polluted, undefined)
})

test('encoder: through a file', async () => {
  const text = JSON.stringify(encoder)
  const again = encoderFromJSON(JSON.parse(text))
  assert.is(JSON.stringify(again), text)
  assert.equal(again.transform(objects), x)
  assert.equal(again.schema, encoder.schema)
  const penguins = await readTable(dataFile('penguins.csv'))
  const real = prepare(penguins, { target: 'species' })
  assert.equal(encoderFromJSON(JSON.parse(JSON.stringify(real.encoder))).transform(penguins), real.x)
})

test('encoder: markers of missing values that trimming makes the same come back from a file', async () => {
  const table = await readTable('a,y\nNA,p\n2,q\n', { missing: ['', ' ', 'NA', ' NA'] })
  const { encoder } = prepare(table, { target: 'y' })
  const again = encoderFromJSON(JSON.parse(JSON.stringify(encoder)))
  assert.equal(again.toJSON().missing, ['', 'NA'])
})

test('encoder: files that nobody should write', () => {
  const json = JSON.parse(JSON.stringify(encoder))
  const refused = (change: (copy: typeof json) => void, message: string) => {
    const copy = structuredClone(json)
    change(copy)
    refuses(() => encoderFromJSON(copy), Error, message)
  }
  refused((copy) => delete copy.format, '"format" must be a name, got undefined')
  refused((copy) => Object.assign(copy, { format: 'fourlane/encoder/9' }), 'unknown format')
  refused((copy) => Object.assign(copy, { more: 1 }), 'unknown option "more"')
  refused((copy) => Object.assign(copy, { rows: 0 }), '"rows" must be a whole number at least 1')
  refused((copy) => Object.assign(copy, { features: [] }), '"features" must be an array of columns')
  refused((copy) => copy.features.push(copy.features[0]), 'column "age" occurs twice')
  refused((copy) => Object.assign(copy.features[0], { name: 'label' }), 'column "label" occurs twice')
  refused(
    (copy) => Object.assign(copy.features[0], { scale: [0, -1] }),
    '"features[0].scale[1]" must be a finite number at least 0',
  )
  refused((copy) => Object.assign(copy.features[0], { scale: [null, 1] }), '"features[0].scale[0]" must be a number')
  refused(
    (copy) => Object.assign(copy.features[0], { maximum: 0 }),
    '"features[0].maximum" must be a finite number at least 1.5',
  )
  refused((copy) => Object.assign(copy.features[0], { categories: ['a'] }), 'unknown option "categories"')
  refused((copy) => Object.assign(copy.features[0], { type: 'text' }), 'unknown features[0].type "text"')
  refused((copy) => copy.features[1].categories.pop(), 'but "sign" is for two')
  refused((copy) => copy.features[2].categories.push('x'), '"features[2].scales" must be an array of 4')
  refused((copy) => Object.assign(copy.features[2], { categories: ['a', 'a', 'b'] }), 'holds a text twice')
  refused((copy) => copy.features[4].scales.pop(), '"features[4].scales" must be an array of 4')
  refused((copy) => Object.assign(copy.target, { classes: ['p'] }), '"target.classes" must be at least 2')
  refused((copy) => Object.assign(copy.target, { mean: 0 }), 'unknown option "mean"')
  refused((copy) => Object.assign(copy.target, { name: 5 }), '"target.name" must be a text')
  for (const value of [null, [], 5, 'x'])
    refuses(() => encoderFromJSON(value), TypeError, 'encoderFromJSON: json: options must be an object')
})

test.run()
