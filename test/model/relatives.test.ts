// Models made of a model: clones, beginnings; layers by name; gradients of inputs; importance of features.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  batchNorm,
  binaryCrossentropy,
  configureRuntime,
  dense,
  dropout,
  input,
  inputGradients,
  type Layer,
  layerNorm,
  lbfgs,
  type Model,
  modelFromBytes,
  permutationImportance,
  residual,
  sequential,
  submodel,
} from '../../src/entries/public.ts'
import { refuses } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const layers: readonly Layer[] = [
  input(5),
  dense(7, { activation: 'tanh', name: 'first' }),
  batchNorm(),
  dropout(0.3),
  residual([layerNorm(), dense(7, { activation: 'gelu' })]),
  dense(3),
]

function trained(): Model {
  const model = sequential(layers, { seed: 3 })
  model.compile({ optimizer: adam(), loss: 'meanSquaredError', metrics: ['meanAbsoluteError'], clipValue: 1 })
  model.trainStep(wave(5 * 9), wave(3 * 9))
  model.trainStep(wave(5 * 9, 2), wave(3 * 9, 2))
  return model
}

for (const target of targets) {
  const test = suite(`models of models (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('a clone trains on to the same bits, and shares nothing', async () => {
    const model = trained()
    model.freeze('first')
    model.freezeStatistics()
    model.metadata = { a: 1 }
    model.engine.learningRateScale = 0.5
    const twin = model.clone()
    assert.equal(twin.toBytes({ includeOptimizer: true }), model.toBytes({ includeOptimizer: true }))
    const before = bits(model)
    await twin.fit(wave(5 * 40), wave(3 * 40), { epochs: 2 })
    assert.equal(bits(model), before)
    await model.fit(wave(5 * 40), wave(3 * 40), { epochs: 2 })
    assert.equal(bits(twin), bits(model))
    assert.equal(twin.evaluate(wave(10), wave(6)), model.evaluate(wave(10), wave(6)))
    const plain = sequential(layers, { seed: 1 })
    assert.equal(bits(plain.clone()), bits(plain))
    assert.is(plain.clone().compiled, undefined)
  })

  test('a clone of a model trained by a solver goes on as it does', async () => {
    const model = sequential([input(3), dense(4, { activation: 'tanh' }), dense(1)], { seed: 2 })
    model.compile({ optimizer: lbfgs(), loss: 'meanSquaredError' })
    const data = [wave(3 * 20), wave(20, 2)] as const
    await model.fit(...data, { epochs: 3 })
    const twin = model.clone()
    await twin.fit(...data, { epochs: 3 })
    await model.fit(...data, { epochs: 3 })
    assert.equal(bits(twin), bits(model))
  })

  test('a submodel gives what its last layer gives in the model', () => {
    const model = trained()
    const x = wave(5 * 6, 4)
    const last = submodel(model, 5)
    assert.equal(last.predict(x), model.predict(x))
    assert.equal(bits(last), bits(model))
    const first = submodel(model, 'first')
    const [kernel, bias] = model.parameters.map((parameter) => parameter.get())
    first.predict(x).forEach((value, i) => {
      const [row, unit] = [Math.floor(i / 7), i % 7]
      let z = bias[unit]
      for (let c = 0; c < 5; c++) z += x[row * 5 + c] * kernel[c * 7 + unit]
      assert.ok(Math.abs(value - Math.tanh(z)) < 1e-6)
    })
    // what follows, applied to what comes before
    const middle = submodel(model, 4)
    const outputs = middle.predict(x)
    const [w, b] = model.parameters.slice(-2).map((parameter) => parameter.get())
    model.predict(x).forEach((value, i) => {
      const [row, unit] = [Math.floor(i / 3), i % 3]
      let z = b[unit]
      for (let c = 0; c < 7; c++) z += outputs[row * 7 + c] * w[c * 3 + unit]
      assert.ok(Math.abs(value - z) < 1e-5)
    })
    const before = bits(model)
    first.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    first.trainStep(x, wave(7 * 6))
    assert.equal(bits(model), before)
    assert.equal(modelFromBytes(middle.toBytes()).predict(x), outputs)
  })

  test('gradients of inputs are finite differences of the loss', () => {
    const cases: [Model, Float32Array | Int32Array][] = [
      [trained(), wave(3 * 4, 7)],
      [classifier(), labels(4)],
    ]
    const logits = sequential([input(3), dense(2)], { seed: 1 })
    logits.compile({ optimizer: 'sgd', loss: binaryCrossentropy({ fromLogits: true }) })
    cases.push([logits, Float32Array.of(0, 1, 1, 0, 1, 1, 0, 0)])
    for (const [model, y] of cases) {
      const { inputs } = model.engine
      const x = wave(inputs * 4, 3)
      const before = model.toBytes({ includeOptimizer: true })
      const { loss, gradient } = inputGradients(model, x, y)
      assert.ok(Math.abs(loss - model.evaluate(x, y).loss) < 1e-6)
      assert.is(gradient.length, x.length)
      const step = 1e-2
      gradient.forEach((slope, i) => {
        const at = (move: number) => {
          const moved = x.slice()
          moved[i] += move
          return [model.evaluate(moved, y).loss, moved[i]]
        }
        const [[up, right], [down, left]] = [at(step), at(-step)]
        const difference = (up - down) / (right - left)
        assert.ok(Math.abs(slope - difference) < 2e-3 * (1 + Math.abs(slope)), `${i}: ${slope} and not ${difference}`)
      })
      assert.equal(model.toBytes({ includeOptimizer: true }), before)
    }
  })

  test('gradients of inputs by a callback are those of the same loss, and need no compiled model', () => {
    const model = trained()
    const x = wave(5 * 7, 3)
    const y = wave(3 * 7, 4)
    const squared = (outputs: Float32Array, gradient: Float32Array) => {
      let loss = 0
      outputs.forEach((value, i) => {
        loss += (value - y[i]) ** 2 / outputs.length
        gradient[i] = (2 * (value - y[i])) / outputs.length
      })
      return loss
    }
    const expected = inputGradients(model, x, y)
    for (const each of [model, submodel(model, 5)]) {
      const { loss, gradient } = inputGradients(each, x, squared)
      assert.ok(Math.abs(loss - expected.loss) < 1e-6)
      for (const [i, value] of gradient.entries()) assert.ok(Math.abs(value - expected.gradient[i]) < 1e-6)
    }
    // training goes on as if nothing had been
    const twin = trained()
    model.trainStep(x, y)
    twin.trainStep(x, y)
    assert.equal(bits(model), bits(twin))
    // a linear model's gradient is its kernel
    const linear = sequential([input(3), dense(1)], { seed: 1 })
    const slope = inputGradients(linear, wave(6), (outputs, gradient) => {
      gradient.fill(1)
      return outputs[0] + outputs[1]
    })
    assert.equal([...slope.gradient], [...linear.parameters[0].get(), ...linear.parameters[0].get()])
  })
  test.run()
}

const test = suite('models of models')

test('layers are frozen by name', () => {
  const model = trained()
  model.freeze('first', 'residual_1')
  const frozen = (each: Model) => each.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name)
  const expected = ['first.kernel', 'first.bias', 'batchNorm_1.runningMean', 'batchNorm_1.runningVariance']
  assert.equal(frozen(model).slice(0, 4), expected)
  assert.ok(frozen(model).includes('residual_1.dense_1.kernel') || frozen(model).length > 4)
  model.unfreeze('first', 4)
  assert.equal(frozen(model), expected.slice(2))
  refuses(
    () => model.freeze('frst'),
    RangeError,
    'freeze: no layer with parameters is named "frst"; did you mean "first"?',
  )
  refuses(() => model.freeze(6), RangeError, 'freeze: "layers" must be a whole number from 0 to 5, got 6')
  refuses(() => model.freeze(null as never), TypeError, 'freeze: "layers" must be an index or a name, got null')
  refuses(() => model.unfreeze(), RangeError, 'unfreeze: name at least one layer')
  assert.equal(frozen(model), expected.slice(2))
})

test('what is no layer and no loss is refused', () => {
  const model = trained()
  refuses(() => submodel(model, 0), RangeError, 'submodel: "lastLayer" must be a whole number from 1 to 5, got 0')
  refuses(() => submodel(model, 'dropout_1'), RangeError, 'submodel: no layer with parameters is named "dropout_1"')
  const plain = sequential(layers)
  refuses(() => inputGradients(plain, wave(5), wave(3)), Error, 'inputGradients: the model is not compiled')
  refuses(() => inputGradients(model, wave(5), wave(2)), RangeError, 'inputGradients: "y" has 2 values')
  refuses(() => inputGradients(model, wave(4), () => 0), RangeError, 'inputGradients: "x"')
  refuses(() => inputGradients(model, wave(5), () => Number.NaN), RangeError, "inputGradients: the callback's loss")
  const use = () => {
    model.predict(wave(5))
    return 0
  }
  refuses(() => inputGradients(model, wave(5), use), Error, 'the model is in the middle of a step')
})

test('the importance of a feature is how much worse the metric is without it', () => {
  const model = sequential([input(3), dense(1, { activation: 'sigmoid' })], { seed: 1 })
  model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  model.parameters[0].set([4, 0, -1])
  model.parameters[1].set([0])
  const rows = 60
  const x = wave(3 * rows)
  const y = Float32Array.from({ length: rows }, (_, row) => Number(4 * x[row * 3] - x[row * 3 + 2] > 0))
  const byLoss = permutationImportance(model, x, y, { repeats: 4 })
  assert.is(byLoss.baseline, model.evaluate(x, y).loss)
  assert.ok(byLoss.mean[0] > byLoss.mean[2] && byLoss.mean[2] > 0)
  assert.equal([byLoss.mean[1], byLoss.standardDeviation[1]], [0, 0])
  assert.equal(
    byLoss.importances.map(({ length }) => length),
    [4, 4, 4],
  )
  const [first] = byLoss.importances
  const mean = first.reduce((sum, value) => sum + value) / 4
  assert.ok(Math.abs(byLoss.mean[0] - mean) < 1e-12)
  assert.ok(Math.abs(byLoss.standardDeviation[0] ** 2 - first.reduce((s, v) => s + (v - mean) ** 2, 0) / 4) < 1e-12)
  const byAccuracy = permutationImportance(model, x, y, { metric: 'accuracy', seed: 3 })
  assert.is(byAccuracy.baseline, 1)
  assert.ok(byAccuracy.mean[0] > 0.2)
  assert.equal(permutationImportance(model, x, y, { metric: 'accuracy', seed: 3 }), byAccuracy)
  const bad = () => permutationImportance(model, x, y, { metric: 'auc' })
  refuses(
    bad,
    RangeError,
    'permutationImportance: "metric" must be one that the model is compiled with (loss, accuracy), got "auc"',
  )
  refuses(
    () => permutationImportance(model, x, y, { repeats: 0 }),
    RangeError,
    '"repeats" must be a whole number at least 1',
  )
})
test.run()
