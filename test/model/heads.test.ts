// Models of several outputs: each with a loss, weights and metrics of its own.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPredictor, predictorFromBytes } from '../../src/entries/predict.ts'
import {
  activation,
  adam,
  batchNorm,
  configureRuntime,
  customLoss,
  customMetric,
  dense,
  diagnose,
  dropout,
  embedding,
  focal,
  gaussNewtonVectorProduct,
  heads,
  hessianVectorProduct,
  input,
  inputGradients,
  kfac,
  l2,
  lbfgs,
  loadModel,
  type Model,
  modelFromBytes,
  permutationImportance,
  quantile,
  quantize,
  residual,
  sequential,
  sgd,
  submodel,
} from '../../src/entries/public.ts'
import { flatten, lossAndGradient, type Network, unflatten } from '../oracles/network.ts'
import { withSettings } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const ROWS = 11
const x = wave(4 * ROWS)
const price = wave(2 * ROWS, 3)
const kind = labels(ROWS, 3)
const flags = Float32Array.from(wave(ROWS, 5), (value) => Number(value > 0))

function shop(threads = 1) {
  return sequential(
    [
      input(4),
      dense(5, { activation: 'tanh' }),
      heads({ price: [dense(2)], kind: [dense(3, { activation: 'softmax' })] }),
    ],
    { seed: 4, threads },
  )
}

function compiled(threads = 1) {
  const model = shop(threads)
  model.compile({
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' },
    lossWeights: { price: 0.25 },
    metrics: { price: ['r2Score'], kind: ['accuracy', 'topKAccuracy'] },
  })
  return model
}

const assertClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) => {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

const rowsOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, r) =>
    Array.from({ length: columns }, (_, c) => values[r * columns + c]),
  )

for (const target of targets) {
  const test = suite(`heads (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('two heads are two networks with a shared body, step by step', () => {
    const model = compiled()
    const read = (index: number) => {
      const { shape } = model.parameters[index]
      const kernel = rowsOf(model.parameters[index].get(), shape[1])
      const w = kernel[0].map((_, u) => kernel.map((row) => row[u]))
      return { w, b: [...model.parameters[index + 1].get()] }
    }
    let [body, first, second] = [read(0), read(2), read(4)]
    const like: Network = [body, first, second]
    let velocity = new Float64Array(flatten(like).length)
    for (let step = 0; step < 25; step++) {
      const batch = rowsOf(wave(4 * ROWS, step), 4)
      const common = { activation: 'tanh', x: batch } as const
      const a = lossAndGradient([body, first], { ...common, loss: 'mse', y: rowsOf(price, 2) })
      const b = lossAndGradient([body, second], { ...common, loss: 'cross_entropy', y: rowsOf(kind, 1) })
      const loss = model.trainStep(batch, { price, kind })
      assertClose([loss], [0.25 * a.loss + b.loss], 2e-6, `loss of step ${step}`)
      const [one, other] = [flatten(a.gradient), flatten(b.gradient)]
      const shared = flatten([body]).length
      const slope = [
        ...one.slice(0, shared).map((value, i) => 0.25 * value + other[i]),
        ...one.slice(shared).map((value) => 0.25 * value),
        ...other.slice(shared),
      ]
      velocity = velocity.map((value, i) => 0.9 * value + slope[i])
      const next = flatten([body, first, second]).map((value, i) => value - 0.1 * velocity[i])
      const made = unflatten(next, like)
      ;[body, first, second] = made as typeof like & [typeof body, typeof body, typeof body]
    }
    for (const [i, layer] of [body, first, second].entries()) {
      assertClose(
        model.parameters[2 * i].get(),
        layer.w[0].flatMap((_, k) => layer.w.map((row) => row[k])),
        5e-6,
        `kernel ${i}`,
      )
      assertClose(model.parameters[2 * i + 1].get(), layer.b ?? [], 5e-6, `bias ${i}`)
    }
  })

  test('one head trains as the same model without heads', async () => {
    for (const [layer, loss, y] of [
      [dense(1), 'meanSquaredError', wave(ROWS, 2)],
      [dense(1, { activation: 'sigmoid' }), 'binaryCrossentropy', flags],
      [dense(3, { activation: 'softmax' }), 'sparseCategoricalCrossentropy', kind],
      [dense(7, { activation: 'tanh' }), 'huber', wave(7 * ROWS, 2)],
    ] as const) {
      const one = sequential([input(4), dense(5, { activation: 'relu' }), heads({ only: [layer] })], { seed: 4 })
      const plain = sequential([input(4), dense(5, { activation: 'relu' }), layer], { seed: 4 })
      one.setWeights(plain.getWeights())
      one.compile({ optimizer: adam({ learningRate: 0.01 }), loss: { only: loss } })
      plain.compile({ optimizer: adam({ learningRate: 0.01 }), loss })
      const sampleWeight = Float32Array.from({ length: ROWS }, (_, i) => i % 3)
      const options = { epochs: 6, batchSize: 4, shuffle: false, sampleWeight }
      const own = await one.fit(x, { only: y }, options)
      const other = await plain.fit(x, y, options)
      assertClose(own.metrics.loss, other.metrics.loss, 1e-6, `${loss}: loss`)
      assert.equal(own.metrics.only_loss, own.metrics.loss)
      assertClose(bits(one), bits(plain), 2e-5, `${loss}: value`)
      assertClose(one.predict(x).only, plain.predict(x), 2e-5, `${loss}: output`)
    }
  })

  test('three heads, of the catalogue and of the host, with finite differences', () => {
    const model = sequential(
      [
        input(4),
        dense(6, { activation: 'tanh', kernelRegularizer: l2(0.01) }),
        heads({
          spread: [dense(4, { activation: 'tanh' }), dense(4)],
          kind: [dense(3, { activation: 'softmax' })],
          flag: [dense(1, { activation: 'sigmoid' })],
        }),
      ],
      { seed: 3 },
    )
    model.compile({
      optimizer: sgd(),
      loss: { spread: quantile({ quantiles: [0.1, 0.9] }), kind: focal(), flag: 'binaryCrossentropy' },
      lossWeights: { flag: 2, kind: 0.5 },
    })
    const y = { spread: price, kind, flag: flags }
    const sampleWeight = { flag: Float32Array.from({ length: ROWS }, (_, i) => i % 2) }
    const { gradient } = model.gradients(x, y, { sampleWeight })
    const start = model.parameters.map((parameter) => parameter.get())
    let at = 0
    for (const [p, parameter] of model.parameters.entries()) {
      for (let i = 0; i < parameter.size; i++, at++) {
        if (i % 3 !== 0) continue
        const loss = [1, -1].map((side) => {
          const moved = start[p].slice()
          moved[i] += side * 2e-3
          parameter.set(moved)
          return model.evaluate(x, y, { sampleWeight }).loss
        })
        parameter.set(start[p])
        const slope = (loss[0] - loss[1]) / 4e-3
        assert.ok(
          Math.abs(gradient[at] - slope) < 2e-3 * (1 + Math.abs(slope)),
          `${parameter.name} ${i}: ${gradient[at]} and not ${slope}`,
        )
      }
    }
  })

  test('training goes on from a file to the same bits, with threads and without', async () => {
    const rows = 80
    const [many, y] = [wave(4 * rows), { price: wave(2 * rows, 3), kind: labels(rows) }]
    const [expected, threaded] = [compiled(), compiled(2)]
    for (const each of [expected, threaded]) await each.fit(many, y, { epochs: 3, batchSize: 32 })
    const model = modelFromBytes<'price' | 'kind'>(expected.toBytes({ includeOptimizer: true }))
    const twin = expected.clone()
    for (const each of [expected, model, twin, threaded]) await each.fit(many, y, { epochs: 2, batchSize: 32 })
    for (const each of [model, twin, threaded]) assert.equal(bits(each), bits(expected))
    assert.equal(model.evaluate(many, y), expected.evaluate(many, y))
    assert.equal(threaded.predict(many), expected.predict(many))
    threaded.close()
  })
  test.run()
}

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
