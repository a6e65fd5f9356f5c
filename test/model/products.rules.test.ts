/** What curvature products promise beyond their values: what stays fixed, losses in JavaScript, parts, threads, state, refusals. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  customLoss,
  dense,
  dropout,
  input,
  type Layer,
  l2,
  layerNorm,
  sequential,
} from '../../src/entries/public.ts'
import { curvature } from '../../src/landscape/curvature.ts'
import { gaussNewtonVectorProduct, hessianVectorProduct } from '../../src/model/products.ts'
import { hessianTimes } from '../oracles/secondOrder.ts'
import { objectiveOf, parametersOf } from '../support/curvature.ts'
import { assertClose, type Tolerance } from '../support/golden.ts'
import { labels, wave } from '../support/samples.ts'
import { bits, classes, features, layered, ready } from '../support/threading.ts'

const NEAR: Tolerance = { absolute: 2e-5, relative: 2e-4 }

test('what does not train is held fixed', () => {
  const layers = [input(3), dense(4, { activation: 'tanh' }), batchNorm(), dense(4, { trainable: false }), dense(2)]
  const model = sequential(layers, { seed: 2 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const [x, y, v] = [wave(5 * 3), wave(5 * 2, 2), wave(model.countParameters(), 3)]
  for (const freeze of [[], [1], [2], [1, 2, 4]]) {
    for (const index of freeze) model.freeze(index)
    const products = [hessianVectorProduct(model, x, y, v), gaussNewtonVectorProduct(model, x, y, v)]
    const other = v.slice()
    let at = 0
    for (const parameter of model.parameters) {
      if (!parameter.trainable) {
        other.fill(7, at, at + parameter.size)
        for (const product of products) assert.ok(product.subarray(at, at + parameter.size).every((p) => p === 0))
      } else
        assert.ok(
          products[0].subarray(at, at + parameter.size).some((p) => p !== 0),
          parameter.name,
        )
      at += parameter.size
    }
    assert.equal(hessianVectorProduct(model, x, y, other), products[0])
    assert.equal(gaussNewtonVectorProduct(model, x, y, other), products[1])
    const loss = (row: readonly number[], r: number) => row.reduce((s, z, c) => s + (z - y[r * 2 + c]) ** 2, 0) / 2
    const oracle = model.layers.map((layer, i) =>
      freeze.includes(i) ? { ...layer, trainable: false } : layer,
    ) as Layer[]
    const objective = objectiveOf(model, x, loss, { layers: oracle })
    assertClose(products[0], hessianTimes(objective, parametersOf(model), v, 1e-4), NEAR, `frozen ${freeze}`)
    for (const index of freeze) model.unfreeze(index)
  }
})

test('losses in JavaScript: by differences, on a copy of the parameters', () => {
  const squares = customLoss({
    name: 'squares',
    targets: 'values',
    compute(outputs, targets, gradient, { rows, weights }) {
      const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? rows
      const columns = outputs.length / rows
      let loss = 0
      for (let i = 0; i < outputs.length; i++) {
        const share = (weights?.[Math.floor(i / columns)] ?? 1) / total / columns
        loss += share * (outputs[i] - targets[i]) ** 2
        gradient[i] = 2 * share * (outputs[i] - targets[i])
      }
      return loss
    },
  })
  const layers = [
    input(3),
    dense(6, { activation: 'tanh', kernelRegularizer: l2(0.1) }),
    dropout(0.5),
    layerNorm(),
    dense(2),
  ]
  const [exact, different] = ['meanSquaredError' as const, squares].map((loss) => {
    const model = sequential(layers, { seed: 2 })
    model.compile({ optimizer: 'adam', loss })
    return model
  })
  const [x, y, v] = [wave(9 * 3), wave(9 * 2, 2), wave(exact.countParameters(), 3)]
  for (const options of [{}, { sampleWeight: [1, 2, 0, 1, 3, 1, 1, 0.5, 2] }]) {
    const before = different.toBytes({ includeOptimizer: true })
    const found = hessianVectorProduct(different, x, y, v, options)
    const expected = hessianVectorProduct(exact, x, y, v, options)
    const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    assertClose(found, expected, { absolute: 2e-3 * size, relative: 0 }, 'H v')
    assert.equal(different.toBytes({ includeOptimizer: true }), before)
  }
  assert.throws(
    () => gaussNewtonVectorProduct(different, x, y, v),
    /no Gauss-Newton products: its loss is computed in JavaScript; use hessianVectorProduct/,
  )
  assert.throws(
    () => curvature(different, x, y),
    /no exact products with the hessian: its loss is computed in JavaScript/,
  )
})

test('a product is linear, and symmetric: u · H v = v · H u', () => {
  const model = layered({})
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  const [x, y] = [features(33, 13), classes(33, 10)]
  const n = model.countParameters()
  const [u, v] = [wave(n, 2), wave(n, 3)]
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  const trains = model.parameters.flatMap(({ size, trainable }) => new Array<boolean>(size).fill(trainable))
  for (const times of [hessianVectorProduct, gaussNewtonVectorProduct]) {
    const [hu, hv] = [times(model, x, y, u), times(model, x, y, v)]
    const size = Math.sqrt(dot(hu, hu) * dot(v, v))
    assert.ok(Math.abs(dot(u, hv) - dot(v, hu)) <= 1e-5 * size, times.name)
    assert.ok(hv.every((value, i) => trains[i] || value === 0))
    // powers of two keep the bits, whatever the size
    for (const scale of [2 ** -90, 2 ** 60]) {
      const scaled = times(
        model,
        x,
        y,
        Float64Array.from(v, (value) => value * scale),
      )
      assert.ok(
        scaled.every((value, i) => value === Math.fround(hv[i] * scale)),
        `times ${scale}`,
      )
    }
    assert.ok(times(model, x, y, new Float32Array(n)).every((value) => value === 0))
  }
})

test('parts of the rows give the product of all', () => {
  const layers = [input(40), dense(300, { activation: 'relu' }), dropout(0.5), dense(3, { activation: 'softmax' })]
  const model = sequential(layers, { seed: 6 })
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  const rows = 7000
  const [x, y, v] = [features(rows, 40), labels(rows), wave(model.countParameters())]
  const sampleWeight = Float32Array.from({ length: rows }, (_, i) => (i < 3000 ? 0 : 1 + (i % 2)))
  for (const times of [hessianVectorProduct, gaussNewtonVectorProduct]) {
    const whole = times(model, x, y, v, { sampleWeight })
    const sum = new Float64Array(whole.length)
    const weight = sampleWeight.reduce((total, value) => total + value, 0)
    for (let first = 0; first < rows; first += 1000) {
      const part = sampleWeight.subarray(first, first + 1000)
      const share = part.reduce((total, value) => total + value, 0) / weight
      const options = { sampleWeight: part }
      const [xs, ys] = [x.subarray(first * 40, (first + 1000) * 40), y.subarray(first, first + 1000)]
      times(model, xs, ys, v, options).forEach((value, i) => {
        sum[i] += value * share
      })
    }
    assertClose(whole, sum, { absolute: 2e-6, relative: 2e-5 }, times.name)
  }
})

test('threads give the same bits', () => {
  const products = [1, 2, 3].map((threads) => {
    const model = layered({ threads })
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    if (threads > 1) ready(model)
    const [x, y, v] = [features(300, 13), classes(300, 10), wave(model.countParameters())]
    return [hessianVectorProduct(model, x, y, v), gaussNewtonVectorProduct(model, x, y, v)].map(bits)
  })
  assert.equal(products[1], products[0])
  assert.equal(products[2], products[0])
})

test('a model trains on as if nothing had happened', async () => {
  const [x, y] = [features(50, 13), classes(50, 10)]
  const outcomes = []
  for (const looks of [false, true]) {
    const model = layered({})
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    const look = () => {
      if (looks) hessianVectorProduct(model, x, y, wave(model.countParameters()))
    }
    look()
    model.trainStep(x, y)
    look()
    const gradients = model.parameters.map((parameter) => bits(parameter.gradient()))
    const callback = { onBatchEnd: look, onEpochEnd: look }
    await model.fit(x, y, { epochs: 2, batchSize: 16, callbacks: [callback] })
    look()
    outcomes.push({ gradients, parameters: model.parameters.map((parameter) => bits(parameter.get())) })
  }
  assert.equal(outcomes[1], outcomes[0])
})

test('NaN in, NaN out, and the next product is right', () => {
  const model = sequential([input(3), dense(4, { activation: 'tanh' }), dense(2)], { seed: 2 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const [x, y, v] = [wave(5 * 3), wave(5 * 2, 2), wave(model.countParameters(), 3)]
  const before = hessianVectorProduct(model, x, y, v)
  const broken = model.parameters[0].get()
  const storage = model.engine.storage
  storage.view(storage.parameters)[0] = Number.NaN
  assert.ok(hessianVectorProduct(model, x, y, v).some(Number.isNaN))
  model.parameters[0].set(broken)
  assert.equal(hessianVectorProduct(model, x, y, v), before)
})

test('refusals name the argument', () => {
  const model = sequential([input(3), dense(2), batchNorm()])
  const [x, y] = [wave(2 * 3), wave(2 * 2)]
  const v = new Float32Array(model.countParameters())
  assert.throws(() => hessianVectorProduct(model, x, y, v), /hessianVectorProduct: the model is not compiled/)
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const times = (vector: unknown, rows = 2, options = {}) =>
    gaussNewtonVectorProduct(model, x.subarray(0, rows * 3), y.subarray(0, rows * 2), vector as Float32Array, options)
  assert.throws(() => times(5), /gaussNewtonVectorProduct: "v" must be an array of 16 numbers, one a parameter, got 5/)
  assert.throws(() => times([1, 2]), /"v" must have 16 numbers, one a parameter, got 2/)
  assert.throws(() => times(v.map((_, i) => (i === 3 ? Number.NaN : 0))), /"v" must be finite, got NaN at 3/)
  assert.throws(() => times(v, 2, { weights: [] }), /unknown option "weights"/)
  assert.throws(() => times(v, 1), /2 rows/)
  model.compile({ optimizer: 'sgd' })
  assert.throws(() => times(v), /without a loss/)
})

test.run()
