// The user's own value in a model's file.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, modelFromBytes, standardScaler } from '../../src/entries/public.ts'
import { settingsOf } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { classifier, wave } from '../support/samples.ts'

const test = suite('metadata')

const model = classifier()
const set = (value: unknown) => () => {
  model.metadata = value
}

test('any JSON value is kept, as it is', () => {
  const values = [null, false, 0, -1.5, 'text', [], {}, { a: [1, null, { b: 'x' }], '': 1 }, [[[]]]]
  for (const value of [...values, JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')]) {
    model.metadata = value
    assert.equal(model.metadata, value)
    const bytes = model.toBytes()
    const again = modelFromBytes(bytes)
    assert.is(JSON.stringify(again.metadata), JSON.stringify(value))
    assert.equal(again.toBytes(), bytes)
  }
  assert.equal(settingsOf(model.toBytes()).user, model.metadata)
  assert.equal(Object.getPrototypeOf(model.metadata), Object.prototype)
  model.metadata = undefined
  assert.is(modelFromBytes(model.toBytes()).metadata, undefined)
  assert.not('user' in settingsOf(model.toBytes()))
})

test('it is a copy that nothing changes', () => {
  const value = { nested: { list: [1] } }
  model.metadata = value
  value.nested.list.push(2)
  assert.equal(model.metadata, { nested: { list: [1] } })
  const kept = model.metadata as typeof value
  assert.throws(() => kept.nested.list.push(2), TypeError)
  assert.throws(() => {
    kept.nested = { list: [] }
  }, TypeError)
  assert.equal(model.fold().metadata, model.metadata)
  assert.equal(model.replaceHead([dense(2)]).metadata, model.metadata)
})

test('a scaler becomes its JSON, and comes back', () => {
  const scaler = standardScaler()
  scaler.fit(wave(4 * 20), 4)
  model.metadata = { scaler }
  const { metadata } = modelFromBytes(model.toBytes())
  const again = standardScaler((metadata as { scaler: ReturnType<typeof scaler.toJSON> }).scaler)
  assert.equal(again.transform(wave(8)), scaler.transform(wave(8)))
})

test('what JSON would drop or change is refused by its place', () => {
  model.metadata = 'before'
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const branching: unknown[] = []
  branching.push(branching, branching, branching)
  const cases: [value: unknown, kind: typeof TypeError | typeof RangeError, says: string][] = [
    [{ a: undefined }, TypeError, 'model: "metadata.a" is undefined, which JSON cannot hold'],
    [new Array(2), TypeError, '"metadata[0]" is undefined'],
    [() => 1, TypeError, '"metadata" is a function'],
    [{ a: { b: [Number.NaN] } }, TypeError, '"metadata.a.b[0]" is NaN'],
    [Number.POSITIVE_INFINITY, TypeError, '"metadata" is Infinity'],
    [10n, TypeError, '"metadata" is a BigInt'],
    [Symbol('x'), TypeError, '"metadata" is Symbol(x)'],
    [new Map(), TypeError, '"metadata" is a Map, which JSON cannot hold'],
    [
      { a: new Float32Array(2) },
      TypeError,
      '"metadata.a" is Float32Array(2 values), which JSON cannot hold; use Array.from',
    ],
    [{ ['x'.repeat(1000)]: undefined }, TypeError, `"metadata."${'x'.repeat(37)}..."" is undefined`],
    [circle, RangeError, '"metadata" is nested more than 100 deep, or holds itself'],
    [branching, RangeError, '"metadata" is nested more than 100 deep, or holds itself'],
    ['x'.repeat(2 ** 20), RangeError, '"metadata" is more than 1 MiB as JSON; keep large data in a file of its own'],
    ['é'.repeat(2 ** 19), RangeError, 'more than 1 MiB'],
    [new Array(2 ** 20).fill(1), RangeError, 'more than 1 MiB'],
    [{ ['k'.repeat(2 ** 20)]: 1 }, RangeError, 'more than 1 MiB'],
  ]
  for (const [value, kind, says] of cases) refuses(set(value), kind, says)
  assert.is(model.metadata, 'before')
  let many: unknown = 'x'.repeat(1000)
  for (let i = 0; i < 60; i++) many = [many, many]
  refuses(set(many), RangeError, 'more than 1 MiB')
})

test('1 MiB is kept, and comes back', () => {
  const text = 'x'.repeat(2 ** 20 - 2)
  model.metadata = text
  assert.is(modelFromBytes(model.toBytes()).metadata, text)
  refuses(set(`${text}x`), RangeError, 'more than 1 MiB')
  const values = new Array((2 ** 20 - 2) / 2).fill(1)
  model.metadata = values
  assert.equal(modelFromBytes(model.toBytes()).metadata, values)
})
test.run()
