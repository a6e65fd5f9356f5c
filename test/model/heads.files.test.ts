/** Files of models with several heads, and what is rejected. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  customLoss,
  customMetric,
  dense,
  heads,
  input,
  kfac,
  loadModel,
  type Model,
  modelFromBytes,
  quantize,
  residual,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { compiled, kind, price, ROWS, shop, x } from '../support/headed.ts'
import { withSettings } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits } from '../support/samples.ts'

const test = suite('heads, files and refusals')

test("a loss and a metric of the user's own come along by name", () => {
  const loss = customLoss({
    name: 'cubed',
    compute: (outputs, wanted, gradient, { rows }) =>
      outputs.reduce((sum, value, i) => {
        const error = value - wanted[i]
        gradient[i] = (3 * error * Math.abs(error)) / rows
        return sum + Math.abs(error) ** 3 / rows
      }, 0),
  })
  const metric = customMetric({
    name: 'largest',
    create: () => {
      let most = 0
      return {
        update: (outputs) => {
          most = Math.max(most, ...outputs)
        },
        result: () => most,
      }
    },
  })
  const model = shop()
  model.compile({
    optimizer: sgd(),
    loss: { price: loss, kind: 'sparseCategoricalCrossentropy' },
    metrics: { price: [metric] },
  })
  const bytes = model.toBytes()
  refuses(() => modelFromBytes(bytes), TypeError, 'the loss "cubed" of your own')
  const read = modelFromBytes<'price' | 'kind'>(bytes, { custom: { cubed: loss, largest: metric } })
  assert.equal(read.evaluate(x, { price, kind }), model.evaluate(x, { price, kind }))
  assert.is(model.evaluate(x, { price, kind }).price_largest, Math.max(...model.predict(x).price))
})

test('files whose heads are wrong are refused', () => {
  const bytes = compiled().toBytes()
  interface File {
    readonly layers: { kind: string; names?: unknown; branches: unknown[] }[]
    readonly compiled: { readonly heads: Record<string, unknown> }
  }
  const read = (change: (file: File) => void) => () =>
    modelFromBytes(
      withSettings(bytes, (settings) => {
        change(settings as unknown as File)
        return settings
      }),
    )
  const wrong: readonly (readonly [(file: File) => unknown, string])[] = [
    [({ layers }) => Object.assign(layers[2], { names: 5 }), '"names" must be an array'],
    [({ layers }) => Object.assign(layers[2], { names: ['price'] }), 'an array for each name'],
    [({ layers }) => Object.assign(layers[2], { names: ['price', 'price'] }), 'two heads are named "price"'],
    [({ compiled: { heads } }) => Object.assign(heads, { loss: 5 }), '"loss" has nothing for the head "price"'],
    [({ compiled: { heads } }) => Object.assign(heads, { metrics: { kind: 5 } }), '"metrics" must be an array'],
    [({ compiled: { heads } }) => Object.assign(heads, { lossWeights: { price: -1 } }), '"lossWeights.price"'],
    [
      ({ compiled: { heads } }) => Object.assign(heads, { metrics: { kind: new Array(300_000).fill('accuracy') } }),
      'values to count',
    ],
    [({ layers }) => Object.assign(layers, { 2: { kind: 'activation', activation: { kind: 'relu' } } }), 'no heads'],
  ]
  for (const [change, message] of wrong) refuses(read(change), RangeError, message)
})

test('a head of its own replaces several', () => {
  const model = compiled()
  const other = model.replaceHead([dense(1)])
  assert.is(other.predict(x).length, ROWS)
  const back = other.replaceHead([heads({ again: [dense(2)] })])
  assert.is(back.predict(x).again.length, 2 * ROWS)
})

test('what is wrong is refused by the name of its head, before anything changes', async () => {
  const model = compiled()
  const before = bits(model)
  const bad = Float32Array.from(price)
  bad[5] = Number.NaN
  for (const [run, type, message] of [
    [() => heads({}), RangeError, 'at least one head'],
    [() => heads([] as never), TypeError, 'must be an object of arrays of layers'],
    [() => heads({ 'a.b': [] }), RangeError, "a head's name must be letters"],
    [
      () => heads(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`h${i}`, []]))),
      RangeError,
      'at most 1000 heads',
    ],
    [() => heads({ val: [] }), RangeError, 'must not be named "val"'],
    [() => heads({ a: dense(1) as never }), TypeError, '"a": "layers" must be an array'],
    [() => sequential([input(2), heads({ a: [] }), dense(1)]), RangeError, 'heads must be the last layer'],
    [() => residual([heads({ a: [] })]), RangeError, 'heads must be the last layer'],
    [() => heads({ a: [heads({ b: [] })] }), RangeError, 'heads must be the last layer'],
    [() => model.trainStep(x, { price: bad, kind }), RangeError, '"y.price" has NaN at row 2'],
    [() => model.trainStep(x, { price, kind: [...kind.subarray(1), 7] }), RangeError, '"y.kind" row 10 is class 7'],
    [() => model.trainStep(x, { price } as never), TypeError, 'nothing for the head "kind"'],
    [() => model.trainStep(x, price as never), TypeError, '"y" must be an object with the heads "price", "kind"'],
    [
      () => model.trainStep(x, { price, kind }, { sampleWeight: { kind: [1] } }),
      RangeError,
      'head "kind": "sampleWeight" has 1 values',
    ],
    [
      () => model.evaluate(x, { price, kind }, { sampleWeight: { kind: new Float32Array(ROWS) } }),
      RangeError,
      'head "kind": the weights of all 11 rows are 0',
    ],
    [
      () => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' as never }),
      TypeError,
      '"loss" must be an object',
    ],
    [
      () => model.compile({ optimizer: 'sgd', loss: { price: 'huber' } as never }),
      TypeError,
      '"loss" has nothing for the head "kind"',
    ],
    [
      () => model.compile({ optimizer: 'sgd', loss: { price: 'huber', kind: 'huber' }, lossWeights: { price: -1 } }),
      RangeError,
      'head "price": "lossWeights.price"',
    ],
    [
      () => model.compile({ optimizer: 'sgd', loss: { price: 'huber', kind: 'binaryCrossentropy' } }),
      RangeError,
      'head "kind": loss "binaryCrossentropy" does not suit',
    ],
    [() => model.compile({ optimizer: 'sgd', metrics: { kind: ['accuracy'] } }), TypeError, 'need a "loss"'],
    [() => model.compile({ optimizer: kfac(), loss: { price: 'huber', kind: 'huber' } }), TypeError, 'kfac'],
    [() => quantize(model as unknown as Model), TypeError, 'models with heads stay float'],
  ] as const) {
    refuses(run as () => unknown, type, message)
  }
  let refused: unknown
  await model.fit(x, { price, kind }, { classWeight: 'balanced' } as never).catch((error) => {
    refused = error
  })
  assert.match(String(refused), 'TypeError: fit: "classWeight" is for models of one output')
  assert.equal(bits(model), before)
})

test('a file is loaded for the heads that a program knows, or refused at the door', async () => {
  const bytes = compiled().toBytes()
  const model = modelFromBytes(bytes, { heads: ['kind', 'price'] })
  const { price: amounts, kind: shares } = model.predict(x)
  assert.equal([amounts.length, shares.length], [2 * ROWS, 3 * ROWS])
  assert.equal((await loadModel(bytes, { heads: ['price', 'kind'] })).predict(x).price, amounts)
  const plain = sequential([input(4), dense(2)], { seed: 1 }).toBytes()
  assert.is(modelFromBytes(plain, { heads: [] }).predict(x).length, 2 * ROWS)
  const known = 'those of the model are: "price", "kind"'
  refuses(() => modelFromBytes(bytes, { heads: ['price'] }), RangeError, known)
  refuses(
    () => modelFromBytes(bytes, { heads: ['price', 'sort'] }),
    RangeError,
    `asks for "price", "sort", but ${known}`,
  )
  refuses(() => modelFromBytes(bytes, { heads: [] }), RangeError, `asks for none, but ${known}`)
  refuses(() => modelFromBytes(plain, { heads: ['price'] }), RangeError, 'those of the model are: none')
  for (const heads of ['price', [1], ['price', 'price']])
    refuses(() => modelFromBytes(bytes, { heads: heads as string[] }), TypeError, '"heads" must be an array')
})

test.run()
