// Losses and metrics of the user's own, against their built-in twins.
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  adam,
  batchNorm,
  type CompileOptions,
  type CustomLoss,
  configureRuntime,
  customLoss,
  customMetric,
  dense,
  dropout,
  input,
  type Layer,
  l2,
  loadModel,
  type Model,
  modelFromBytes,
  sequential,
} from '../../src/entries/public.ts'
import { temporaryFolder } from '../support/folder.ts'
import { settingsOf, withSettings } from '../support/modelFile.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

/** meanSquaredError, as a user would write it. */
const squared = customLoss({
  name: 'squared',
  compute(outputs, wanted, gradient, { rows, columns, weights }) {
    let loss = 0
    const all = weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows
    for (let i = 0; i < outputs.length; i++) {
      const share = (weights ? weights[Math.floor(i / columns)] : 1) / (all * columns)
      const error = outputs[i] - wanted[i]
      loss += share * error * error
      gradient[i] = 2 * share * error
    }
    return loss
  },
})

const surprise = customLoss({
  name: 'surprise',
  targets: 'classes',
  compute(outputs, classes, gradient, { rows, columns, weights }) {
    assert.instance(classes, Int32Array)
    let loss = 0
    const all = weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows
    for (let row = 0; row < rows; row++) {
      const at = row * columns + classes[row]
      const share = (weights ? weights[row] : 1) / all
      loss -= share * Math.log(outputs[at])
      gradient[at] = -share / outputs[at]
    }
    return loss
  },
})

const meanError = customMetric({
  name: 'meanError',
  create() {
    let sum = 0
    let count = 0
    return {
      update(outputs, wanted, { rows, columns }) {
        assert.is(outputs.length, rows * columns)
        outputs.forEach((value, i) => {
          sum += Math.abs(value - wanted[i])
        })
        count += outputs.length
      },
      result: () => (count > 0 ? sum / count : 0),
    }
  },
})

const regression: readonly Layer[] = [
  input(4),
  dense(6, { activation: 'tanh', useBias: false, kernelRegularizer: l2(0.01) }),
  batchNorm(),
  dropout(0.1),
  dense(3),
]
const classification: readonly Layer[] = [
  input(4),
  dense(6, { activation: 'tanh' }),
  dense(3, { activation: 'softmax' }),
]

function model(layers: readonly Layer[], options: Omit<CompileOptions, 'optimizer'>, threads = 1): Model {
  const made = sequential(layers, { seed: 4, threads })
  made.compile({ optimizer: adam({ learningRate: 0.01 }), ...options })
  return made
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

const twins: [name: string, layers: readonly Layer[], built: CompileOptions['loss'], own: CustomLoss][] = [
  ['values', regression, 'meanSquaredError', squared],
  ['classes', classification, 'sparseCategoricalCrossentropy', surprise],
]

for (const target of targets) {
  const test = suite(`custom losses (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const [name, layers, built, own] of twins) {
    const data = (rows: number) => [wave(4 * rows), name === 'values' ? wave(3 * rows, 2) : labels(rows)] as const

    test(`fit, evaluate and single steps are those of the built-in loss: ${name}`, async () => {
      const metrics = name === 'values' ? (['meanAbsoluteError'] as const) : (['accuracy', 'f1Score'] as const)
      const expected = model(layers, { loss: built, metrics })
      const actual = model(layers, { loss: own, metrics })
      const [x, y] = data(75)
      const sampleWeight = Float32Array.from({ length: 75 }, (_, i) => i % 4)
      for (const weighted of [{}, { sampleWeight }]) {
        const options = { epochs: 3, batchSize: 16, validationData: data(130), ...weighted }
        const [first, second] = [await expected.fit(x, y, options), await actual.fit(x, y, options)]
        assert.equal(Object.keys(second.metrics), Object.keys(first.metrics))
        for (const key of Object.keys(first.metrics)) assertClose(second.metrics[key], first.metrics[key], 1e-4, key)
        assertClose(bits(actual), bits(expected), 1e-4, 'value')
        const logs = [actual, expected].map((each) => Object.values(each.evaluate(x, y, weighted)))
        assertClose(logs[0], logs[1], 1e-4, 'evaluate')
      }
      assertClose([actual.trainStep(x, y)], [expected.trainStep(x, y)], 1e-4, 'step')
      assertClose(actual.gradients(x, y).gradient, expected.gradients(x, y).gradient, 1e-4, 'gradient')
      assert.is(actual.engine.steps, expected.engine.steps)
    })

    test(`batches that arrive one by one: ${name}`, async () => {
      const source = {
        *[Symbol.iterator]() {
          for (const rows of [3, 8, 2]) yield { x: data(rows)[0], y: data(rows)[1] }
        },
      }
      const expected = model(layers, { loss: built })
      const actual = model(layers, { loss: own })
      const options = { epochs: 2, validationData: source }
      const [first, second] = [await expected.fit(source, options), await actual.fit(source, options)]
      for (const key of Object.keys(first.metrics)) assertClose(second.metrics[key], first.metrics[key], 1e-4, key)
      assertClose(bits(actual), bits(expected), 1e-4, 'value')
    })
  }

  test('targets may have columns of their own', async () => {
    // the first half of the targets is a mean, the second how much it counts
    const relevant = customLoss({
      name: 'relevant',
      targetColumns: 2,
      compute(outputs, wanted, gradient, { rows, columns }) {
        assert.equal([outputs.length, wanted.length, columns], [rows, 2 * rows, 1])
        let loss = 0
        for (let row = 0; row < rows; row++) {
          const error = outputs[row] - wanted[2 * row]
          loss += (wanted[2 * row + 1] * error * error) / rows
          gradient[row] = (2 * wanted[2 * row + 1] * error) / rows
        }
        return loss
      },
    })
    const layers = [input(4), dense(1)]
    const actual = model(layers, { loss: relevant })
    const expected = model(layers, { loss: 'meanSquaredError' })
    const y = wave(20, 5)
    const pairs = Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? 1 : y[i / 2]))
    await actual.fit(wave(80), pairs, { epochs: 2, batchSize: 8 })
    await expected.fit(wave(80), y, { epochs: 2, batchSize: 8 })
    assertClose(bits(actual), bits(expected), 1e-5, 'value')
    refuses(() => actual.evaluate(wave(80), y), RangeError, 'evaluate: "y" has 20 values')
    const says = 'metric "meanSquaredError" compares 1 outputs with as many targets, but the loss takes 2 a row'
    refuses(() => model(layers, { loss: relevant, metrics: ['meanSquaredError'] }), RangeError, says)
  })

  test('metrics of your own are those of the catalogue, beside them and twice', async () => {
    const metrics = ['meanAbsoluteError', meanError, meanError] as const
    const made = model(regression, { loss: 'meanSquaredError', metrics })
    const history = await made.fit(wave(40 * 4), wave(40 * 3), { epochs: 2, validationSplit: 0.25 })
    const { meanAbsoluteError, meanError: own, meanError_2, val_meanAbsoluteError, val_meanError } = history.metrics
    assertClose(own, meanAbsoluteError, 1e-6, 'training')
    assert.equal(meanError_2, own)
    assertClose(val_meanError, val_meanAbsoluteError, 1e-6, 'validation')
    const logs = made.evaluate(wave(9 * 4), wave(9 * 3))
    assertClose([logs.meanError], [logs.meanAbsoluteError], 1e-6, 'evaluate')
    const weights: unknown[] = []
    const watch = customMetric({
      name: 'watch',
      create: () => ({ update: (_, __, rows) => weights.push(rows.weights), result: () => 0 }),
    })
    const weighted = model(regression, { loss: 'meanSquaredError', metrics: [watch], weightedMetrics: [watch] })
    const { weighted_watch } = weighted.evaluate(wave(8), wave(6), { sampleWeight: [1, 2] })
    assert.is(weighted_watch, 0)
    assert.equal(weights, [undefined, Float32Array.of(1, 2)])
  })
  test.run()
}

const test = suite('custom losses')

test('a training by a loss of your own resumes from its file, bit for bit', async () => {
  const path = join(temporaryFolder(), 'model.safetensors')
  const made = model(regression, { loss: squared, metrics: [meanError] })
  const [x, y] = [wave(40 * 4), wave(40 * 3)]
  await made.fit(x, y, { epochs: 2, batchSize: 16 })
  await made.save(path, { includeOptimizer: true })
  const { compiled } = settingsOf(made.toBytes())
  assert.equal((compiled as { loss: unknown }).loss, { kind: 'custom', name: 'squared' })
  assert.equal((compiled as { metrics: unknown }).metrics, [{ kind: 'custom', name: 'meanError' }])
  const again = await loadModel(path, { custom: { squared, meanError } })
  await made.fit(x, y, { epochs: 2, batchSize: 16 })
  await again.fit(x, y, { epochs: 2, batchSize: 16 })
  assert.equal(bits(again), bits(made))
  assert.equal(again.toBytes({ includeOptimizer: true }), made.toBytes({ includeOptimizer: true }))
})

test('loading says what has to be passed, and predicting needs nothing', async () => {
  const made = model(regression, { loss: squared, metrics: [meanError] })
  const bytes = made.toBytes()
  assert.equal(predictorFromBytes(bytes).predict(wave(4)), made.predict(wave(4)))
  const says = (what: string, name: string) =>
    `the model was compiled with the ${what} "${name}" of your own; pass { custom: { "${name}": `
  refuses(() => modelFromBytes(bytes), TypeError, `modelFromBytes: ${says('loss', 'squared')}customLoss({ ... }) } }`)
  refuses(() => modelFromBytes(bytes, { custom: { squared } }), TypeError, says('metric', 'meanError'))
  refuses(
    () => modelFromBytes(bytes, { custom: { squared: meanError, meanError } }),
    TypeError,
    says('loss', 'squared'),
  )
  refuses(() => modelFromBytes(bytes, { custom: [] as never }), TypeError, 'modelFromBytes: "custom" must be an object')
  const inherited = withSettings(bytes, (settings) =>
    JSON.stringify(settings).replace('"name":"squared"', '"name":"constructor"'),
  )
  refuses(() => modelFromBytes(inherited, { custom: { meanError } }), TypeError, says('loss', 'constructor'))
  const odd = withSettings(bytes, (settings) => JSON.stringify(settings).replace('"name":"squared"', '"name":5'))
  refuses(() => modelFromBytes(odd, { custom: { meanError } }), TypeError, 'custom loss: "name" must be a text, got 5')
  const plain = sequential([input(4), dense(2)], { seed: 1 })
  plain.compile({ optimizer: 'adam' })
  assert.is(modelFromBytes(plain.toBytes()).compiled?.loss, undefined)
  assert.is(settingsOf(plain.toBytes()).compiled !== undefined, true)
})

test('bits do not depend on threads', async () => {
  const run = async (threads: number) => {
    const made = model(regression, { loss: squared }, threads)
    await made.fit(wave(200 * 4), wave(200 * 3), { epochs: 2, batchSize: 64 })
    const result = bits(made)
    made.close()
    return result
  }
  assert.equal(await run(2), await run(1))
})

test('a metric that is called as the loss is does not hide it', async () => {
  const called = customMetric({ name: 'loss', create: () => ({ update() {}, result: () => 7 }) })
  const judged = model(regression, { loss: 'meanSquaredError', metrics: [called] })
  const plain = model(regression, { loss: 'meanSquaredError' })
  const { loss } = plain.evaluate(wave(8), wave(6))
  assert.equal(judged.evaluate(wave(8), wave(6)), { loss, loss_2: 7 })
})

test('what is no loss and no metric is refused', async () => {
  const compute = () => 0
  const loss = (options: object) => () => customLoss(options as CustomLoss)
  refuses(loss({ compute }), TypeError, 'customLoss: "name" must be a text of up to 100 characters, got undefined')
  refuses(loss({ name: '', compute }), TypeError, '"name" must be a text')
  refuses(loss({ name: 'x'.repeat(101), compute }), TypeError, '"name" must be a text of up to 100 characters')
  refuses(loss({ name: '__proto__', compute }), TypeError, 'customLoss: "name" must not be "__proto__"')
  refuses(loss({ name: 'a' }), TypeError, 'customLoss: "compute" must be a function, got undefined')
  refuses(loss({ name: 'a', compute, target: 'values' }), TypeError, 'unknown option "target"; did you mean "targets"?')
  refuses(loss({ name: 'a', compute, targets: 'class' }), RangeError, 'unknown targets "class"')
  refuses(
    loss({ name: 'a', compute, targets: 'classes', targetColumns: 2 }),
    TypeError,
    '"targetColumns" is for targets',
  )
  refuses(loss({ name: 'a', compute, targetColumns: 0 }), RangeError, '"targetColumns" must be a whole number from 1')
  const metric = (options: object) => () => customMetric(options as Parameters<typeof customMetric>[0])
  refuses(metric({ create: compute }), TypeError, 'customMetric: "name" must be a text')
  refuses(metric({ name: '__proto__', create: compute }), TypeError, 'customMetric: "name" must not be "__proto__"')
  refuses(metric({ name: 'a', create: 5 }), TypeError, 'customMetric: "create" must be a function, got 5')
  const empty = customMetric({ name: 'empty', create: () => ({}) as never })
  const compile = () => model(regression, { loss: 'meanSquaredError', metrics: [empty] })
  refuses(compile, TypeError, 'customMetric "empty": "update" must be a function, got undefined')
  for (const result of ['0.5', undefined, null, 1n, Promise.resolve(1)]) {
    const odd = customMetric({ name: 'odd', create: () => ({ update() {}, result: () => result as never }) })
    const judged = model(regression, { loss: 'meanSquaredError', metrics: [odd] })
    refuses(
      () => judged.evaluate(wave(8), wave(6)),
      TypeError,
      'customMetric "odd": "result" must return a number, got',
    )
  }
  const silent = model(regression, { loss: customLoss({ name: 'silent', compute: () => undefined as never }) })
  const before = bits(silent)
  refuses(
    () => silent.trainStep(wave(8), wave(6)),
    TypeError,
    'customLoss: "compute" must return the loss, got undefined',
  )
  await rejects(silent.fit(wave(8), wave(6)), TypeError, 'customLoss: "compute" must return the loss')
  assert.equal(bits(silent), before)
})
test.run()
