/** Models with several heads: what they predict, log, weigh and share. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPredictor, predictorFromBytes } from '../../src/entries/predict.ts'
import {
  activation,
  adam,
  batchNorm,
  dense,
  diagnose,
  dropout,
  embedding,
  gaussNewtonVectorProduct,
  heads,
  hessianVectorProduct,
  input,
  inputGradients,
  lbfgs,
  modelFromBytes,
  permutationImportance,
  sequential,
  sgd,
  submodel,
} from '../../src/entries/public.ts'
import { assertClose, compiled, kind, price, ROWS, shop, x } from '../support/headed.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'

const test = suite('heads')

test('predictions, classes and their names are objects', async () => {
  const model = compiled()
  const predicted = model.predict(x)
  assert.equal(Object.keys(predicted), ['price', 'kind'])
  assert.is(predicted.price.length, 2 * ROWS)
  const out = { price: new Float32Array(2 * ROWS), kind: new Float32Array(3 * ROWS) }
  assert.is(model.predict(x, { out }), out)
  assert.equal(out, predicted)
  assert.equal(await model.predict([x.subarray(0, 16), x.subarray(16)].values()), predicted)
  const classes = model.predictClasses(x)
  assert.equal(Object.keys(classes), ['kind'])
  for (let r = 0; r < ROWS; r++) {
    const row = predicted.kind.subarray(3 * r, 3 * r + 3)
    assert.is(classes.kind?.[r], row.indexOf(Math.max(...row)))
  }
  model.classNames = { kind: ['a', 'b', 'c'] }
  const bytes = model.toBytes()
  assert.equal(modelFromBytes<'price' | 'kind'>(bytes).classNames, { kind: ['a', 'b', 'c'] })
  const predictor = predictorFromBytes<'price' | 'kind'>(bytes)
  assert.equal(predictor.predict(x), predicted)
  const again = { price: new Float32Array(2 * ROWS), kind: new Float32Array(3 * ROWS) }
  assert.is((await loadPredictor<'price' | 'kind'>(bytes)).predict(x, { out: again }), again)
  assert.equal(again, predicted)
  refuses(
    () => model.predict(x, { out: { ...out, kind: new Float32Array(1) } }),
    RangeError,
    '"out.kind" must be a Float32Array of 33 values',
  )
  refuses(
    () => {
      model.classNames = { kind: ['a'] }
    },
    RangeError,
    'head "kind": "classNames" must have 3 names',
  )
})

test('logs: the loss is the weighted sum, and the same however rows arrive', async () => {
  const model = compiled()
  const y = { price, kind }
  const all = model.evaluate(x, y)
  assert.equal(Object.keys(all), [
    'loss',
    'price_loss',
    'price_r2Score',
    'kind_loss',
    'kind_accuracy',
    'kind_topKAccuracy',
  ])
  assertClose([all.loss], [0.25 * all.price_loss + all.kind_loss], 1e-6, 'loss')
  const batches = [
    { x: x.subarray(0, 16), y: { price: price.subarray(0, 8), kind: kind.subarray(0, 4) } },
    { x: x.subarray(16), y: { price: price.subarray(8), kind: kind.subarray(4) } },
  ]
  const apart = await model.evaluate(batches)
  for (const name of Object.keys(all)) assertClose([apart[name]], [all[name]], 1e-6, name)
  const history = await model.fit(x, y, { epochs: 2, validationSplit: 0.3 })
  assert.equal(Object.keys(history.metrics), [...Object.keys(all), ...Object.keys(all).map((name) => `val_${name}`)])
  const given = await model.fit(batches, {
    epochs: 1,
    validationData: [x, y, { kind: new Float32Array(ROWS).fill(2) }],
  })
  assert.is(given.metrics.loss.length, 1)
  assert.is(permutationImportance(model, x, y, { metric: 'kind_accuracy', repeats: 1 }).mean.length, 4)
})

test('rows without weight in a head do not count there: labels that are missing', () => {
  const sampleWeight = { kind: Float32Array.from({ length: ROWS }, (_, i) => Number(i < 4)) }
  const model = compiled()
  const logs = model.evaluate(x, { price, kind }, { sampleWeight })
  const few = model.evaluate(x.subarray(0, 16), { price: price.subarray(0, 8), kind: kind.subarray(0, 4) })
  assertClose([logs.kind_loss], [few.kind_loss], 1e-6, 'kind_loss')
  assertClose([logs.price_loss], [model.evaluate(x, { price, kind }).price_loss], 1e-6, 'price_loss')
  // of a batch without any, only the other head is left
  const none = model.gradients(x, { price, kind }, { sampleWeight: { kind: new Float32Array(ROWS) } })
  assert.ok(none.gradient.subarray(-3).every((slope) => slope === 0))
  assert.ok(none.gradient.some((slope) => slope !== 0))
})

test('halves of a batch make one update, as accumulate says', async () => {
  const y = { price: price.subarray(0, 16), kind: kind.subarray(0, 8) }
  const options = { shuffle: false, sampleWeight: { kind: [1, 0, 2, 3, 1, 0, 0, 1] } } as const
  const [whole, halves] = [compiled(), compiled()]
  await whole.fit(x.subarray(0, 32), y, { ...options, batchSize: 8 })
  await halves.fit(x.subarray(0, 32), y, { ...options, batchSize: 4, accumulate: 2 })
  assertClose(bits(halves), bits(whole), 1e-6, 'value')
})

test('callbacks get the outputs of heads, and write their gradients', () => {
  const [twin, model] = [compiled(), compiled()]
  const callback = (
    outputs: { readonly price: Float32Array; readonly kind: Float32Array },
    gradients: { readonly price: Float32Array; readonly kind: Float32Array },
  ) => {
    let loss = 0
    outputs.price.forEach((value, i) => {
      loss += (0.25 * (value - price[i]) ** 2) / (2 * ROWS)
      gradients.price[i] = (0.5 * (value - price[i])) / (2 * ROWS)
    })
    kind.forEach((label, row) => {
      const p = outputs.kind[3 * row + label]
      loss -= Math.log(p) / ROWS
      gradients.kind[3 * row + label] = -1 / (p * ROWS)
    })
    return loss
  }
  const open = shop()
  open.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) })
  for (let step = 0; step < 5; step++) {
    const loss = twin.trainStep(x, { price, kind })
    for (const each of [model, open]) assertClose([each.trainStep(x, callback)], [loss], 1e-6, 'loss')
  }
  for (const each of [model, open]) assertClose(bits(each), bits(twin), 5e-6, 'value')
  const own = inputGradients(model, x, callback)
  assertClose(own.gradient, inputGradients(twin, x, { price, kind }).gradient, 1e-5, 'slope')
  refuses(
    () =>
      model.trainStep(x, (_, gradients) => {
        gradients.kind[4] = Number.NaN
        return 0
      }),
    RangeError,
    'gradient of head "kind" must be finite, got NaN at row 1, column 1',
  )
})

test('freezing, folding, diagnosis, curvature, a solver, embeddings below', async () => {
  const model = sequential(
    [
      input(4),
      dense(5, { useBias: false }),
      batchNorm(),
      activation('relu'),
      dropout(0.1),
      heads({
        price: [dense(4), batchNorm(), activation('tanh'), dense(2)],
        kind: [dense(3, { activation: 'softmax' })],
        body: [],
      }),
    ],
    { seed: 1 },
  )
  model.compile({
    optimizer: adam(),
    loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy', body: 'meanAbsoluteError' },
  })
  const y = { price, kind, body: wave(5 * ROWS, 1) }
  await model.fit(x, y, { epochs: 2 })
  const folded = model.fold()
  assert.is(folded.layers.length, 3)
  assertClose(folded.predict(x).price, model.predict(x).price, 1e-5, 'folded')
  assertClose(folded.predict(x).body, model.predict(x).body, 1e-5, 'folded')
  assert.equal(submodel(model, 4).predict(x), model.predict(x).body)
  const { layers, loss } = diagnose(model, x, y)
  assert.equal(
    layers.map(({ name }) => name),
    ['dense_1', 'batchNorm_1', 'activation', 'dropout', 'heads_1'],
  )
  assert.ok(loss > 0 && layers.every(({ gradientDeviation }) => gradientDeviation > 0))
  const before = model.parameters.map((parameter) => parameter.get())
  model.freeze('heads_1')
  model.trainStep(x, y)
  model.parameters.forEach((parameter, i) => {
    if (parameter.trainable) assert.not.equal(parameter.get(), before[i])
    else if (parameter.name.startsWith('heads_1')) assert.equal(parameter.get(), before[i])
  })
  const plain = compiled()
  const v = Float32Array.from({ length: plain.countParameters() }, (_, i) => Math.sin(i))
  const product = hessianVectorProduct(plain, x, { price, kind }, v)
  const along = (step: number) => {
    const start = plain.parameters.map((parameter) => parameter.get())
    let at = 0
    for (const [p, parameter] of plain.parameters.entries())
      parameter.set(start[p].map((value) => value + step * v[at++]))
    const { gradient } = plain.gradients(x, { price, kind })
    for (const [p, parameter] of plain.parameters.entries()) parameter.set(start[p])
    return gradient
  }
  const [above, below] = [along(1e-2), along(-1e-2)]
  assertClose(
    product,
    above.map((value, i) => (value - below[i]) / 2e-2),
    3e-3,
    'product',
  )
  refuses(
    () => gaussNewtonVectorProduct(plain, x, { price, kind }, v),
    RangeError,
    'its loss is computed in JavaScript',
  )
  const solved = compiled()
  solved.compile({ optimizer: lbfgs(), loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' } })
  const history = await solved.fit(x, { price, kind }, { epochs: 10 })
  assert.ok(history.metrics.loss[9] < history.metrics.loss[0])
  const items = sequential(
    [input(2), embedding({ columns: [0, 1], categories: 5, units: 2 }), heads({ a: [dense(1)], b: [dense(1)] })],
    { seed: 1 },
  )
  items.compile({ optimizer: sgd(), loss: { a: 'meanSquaredError', b: 'meanSquaredError' } })
  items.trainStep(
    [
      [0, 1],
      [2, -1],
    ],
    { a: [1, 2], b: [2, 1] },
  )
  refuses(() => items.predict([[7, 0]]), RangeError, 'row 0')
})

test.run()
