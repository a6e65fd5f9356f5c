/** Tables that are not in memory: every row once, none of those that are kept apart, and types that all rows have. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { prepare, prepareStream, readTable, trainTabular } from '../../src/entries/table.ts'
import { Random } from '../../src/lib/random.ts'
import { rejects } from '../support/refuses.ts'

const random = new Random(9)
const COUNT = 9000
const LINES = Array.from({ length: COUNT }, (_, i) => {
  const [a, b] = [random.normal(), random.normal()]
  const kind = i === 8001 ? 'rare' : a + b > 0 ? 'up' : 'down'
  // the text comes when all before has been numbers, and is in hardly any sample
  const code = i === 7000 ? 'x7' : `${i % 6}`
  return [i, a.toFixed(4), b.toFixed(4), code, i % 50 === 0 ? '' : kind].join()
})
const TEXT = ['row,a,b,code,kind', ...LINES].join('\n')
const open = () => TEXT

test('every row is in one place: trained on, validated with or tested with', async () => {
  const options = { target: 'kind', seed: 2, test: 0.1, sample: 1000 }
  const { encoder, batches, rows, validation, test: tested, dropped } = await prepareStream(open, options)
  assert.equal(encoder.types, { row: 'number', a: 'number', b: 'number', code: 'category' })
  assert.equal(encoder.target.task === 'classification' && encoder.target.classes, ['down', 'rare', 'up'])
  // the number of the row, told from what it became
  const place = new Map<number, number>()
  const { x: all, rows: numbers } = encoder.examples(
    await readTable(TEXT, { types: { ...encoder.types, kind: 'category' } }),
  )
  const { width } = encoder
  for (const [i, row] of numbers.entries()) place.set(all[i * width], row)
  const seen = new Set<number>()
  const see = (x: Float32Array) => {
    for (let at = 0; at < x.length; at += width) {
      const row = place.get(x[at]) ?? -1
      assert.ok(row >= 0 && !seen.has(row))
      seen.add(row)
    }
  }
  see(validation.x)
  const held = seen.size
  // half of the sample, which has a row more for every class that it had missed
  assert.ok(held >= 500 && held <= 501)
  let count = 0
  const orders: number[] = []
  for await (const { x, y } of batches) {
    assert.equal([x.length, y.length], [256 * width, 256])
    orders.push(place.get(x[0]) ?? -1)
    see(x)
    count += 256
  }
  assert.ok(count <= rows && count > rows - 256, `${count} of ${rows}`)
  let tests = 0
  for await (const { x, rows: found } of tested ?? []) {
    tests += found.length
    see(x)
  }
  const share = tests / numbers.length
  assert.ok(share > 0.09 && share < 0.11)
  assert.is(rows + held + tests, numbers.length)
  assert.is(dropped, COUNT - numbers.length)
  // every pass in another order
  const again: number[] = []
  for await (const { x } of batches) again.push(place.get(x[0]) ?? -1)
  assert.not.equal(again, orders)
})

test('a sample of everything is what prepare learns from', async () => {
  const streamed = await prepareStream(open, { target: 'a' })
  const whole = prepare(await readTable(TEXT), { target: 'a' })
  assert.equal(streamed.encoder.toJSON(), whole.encoder.toJSON())
  assert.is(streamed.validation.rows.length, COUNT / 5)
})

test('trainTabular takes it', async () => {
  const data = await prepareStream(open, { target: 'kind', sample: 2000, test: 0.1 })
  const { model, validation } = await trainTabular(data, { preset: 'realmlp-small', epochs: 3, seed: 1 })
  assert.is(validation, data.validation)
  let right = 0
  let all = 0
  for await (const { x, y } of data.test ?? []) {
    for (const [row, found] of model.predictClasses(x).entries()) right += Number(found === y[row])
    all += y.length
  }
  assert.ok(right / all > 0.9, `${right} of ${all}`)
})

test('errors', async () => {
  const refused = (text: string, options: object, says: string) =>
    rejects(() => prepareStream(() => text, { target: 'kind', ...options }), RangeError, says)
  await refused(
    TEXT,
    { target: 'kin' },
    'prepareStream: the table has no column "kin" for a target; did you mean "kind"?',
  )
  await refused(`${TEXT}\n1,2`, {}, 'prepareStream: line 9002 has 2 columns, expected 5')
  await refused('\n', {}, 'prepareStream: the table is empty')
  await refused('a,kind\n', {}, 'the table has a header (a, kind) and no rows')
  await refused('a,kind\n1,x\n2,x\n', {}, 'one class only')
  await refused(TEXT, { test: 1 }, '"test" must be')
  await rejects(() => prepareStream('x' as never, { target: 'kind' }), TypeError, '"open" must be a function')
})

test('prepareStream: of wide tables fewer rows are kept', async () => {
  const columns = 4095
  const header = `${Array.from({ length: columns }, (_, i) => `c${i}`).join()},y\n`
  const lines = Array.from({ length: 1100 }, (_, row) => `${'1.5,'.repeat(columns - 1)}${row},${row % 2 ? 'a' : 'b'}\n`)
  const { encoder, rows, validation } = await prepareStream(() => header + lines.join(''), { target: 'y' })
  // 2^22 cells
  assert.is(encoder.rows, 1024)
  assert.is(rows + validation.rows.length, 1100)
})

test.run()
