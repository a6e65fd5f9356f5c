// What diagnose says of networks whose state is known.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  batchNorm,
  constant,
  type Diagnosis,
  dense,
  diagnose,
  diagnosisTable,
  dropout,
  input,
  type Layer,
  type Model,
  randomNormal,
  residual,
  sequential,
} from '../../src/entries/public.ts'

const rows = 64
const x = Float32Array.from({ length: rows * 20 }, (_, i) => Math.sin(i * 12.9898) * 1.7)
const y = Int32Array.from({ length: rows }, (_, r) => (r * 7) % 3)

function compiled(layers: readonly Layer[]): Model {
  const model = sequential([input(20), ...layers, dense(3, { activation: 'softmax' })], { seed: 1 })
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  return model
}
const deep = (options: Parameters<typeof dense>[1]) => Array.from({ length: 8 }, () => dense(20, options))
/** Gradient at the first layer over the gradient at the last but one. */
const decay = ({ layers }: Diagnosis) => layers[0].gradientDeviation / layers[layers.length - 2].gradientDeviation

test('gradients vanish with small weights, explode with large ones, and keep their size with Glorot', () => {
  const of = (stddev: number | undefined) =>
    decay(
      diagnose(
        compiled(deep({ activation: 'tanh', ...(stddev && { kernelInitializer: randomNormal({ stddev }) }) })),
        x,
        y,
      ),
    )
  assert.ok(of(0.05) < 1e-3, `${of(0.05)}`)
  assert.ok(of(undefined) > 0.1 && of(undefined) < 10, `${of(undefined)}`)
  const linear = deep({ kernelInitializer: randomNormal({ stddev: 1 }) })
  assert.ok(decay(diagnose(compiled(linear), x, y)) > 100)
})

test('residual blocks carry the gradient past small weights', () => {
  const options = { activation: 'tanh', kernelInitializer: randomNormal({ stddev: 0.05 }) } as const
  const blocks = Array.from({ length: 8 }, () => residual([dense(20, options)]))
  assert.ok(decay(diagnose(compiled(blocks), x, y)) > 0.3)
})

test('dead rectifiers and saturated units are counted', () => {
  const bias = Float32Array.from({ length: 20 }, (_, u) => (u < 5 ? -1000 : 1000))
  const model = compiled([
    dense(20, { activation: 'relu', name: 'rectified' }),
    dense(4, { activation: 'tanh', kernelInitializer: 'zeros', biasInitializer: constant(5) }),
    dense(4, { activation: 'sigmoid', kernelInitializer: 'zeros', biasInitializer: constant(-1) }),
  ])
  const found = model.parameters.find(({ name }) => name === 'rectified.bias')
  found?.set(bias)
  const { layers } = diagnose(model, x, y)
  assert.is(layers[0].deadUnits, 0.25)
  assert.is(layers[0].saturated, undefined)
  assert.is(layers[1].saturated, 1)
  assert.is(layers[2].saturated, 0)
  assert.is(layers[1].deadUnits, undefined)
})

test('statistics are those of the values, and nothing changes', () => {
  const model = compiled([dense(7), batchNorm(), dropout(0.3), activation('relu')])
  const before = model.parameters.map((parameter) => parameter.get())
  const { loss, rows: count, layers } = diagnose(model, x, y)
  assert.equal(
    model.parameters.map((parameter) => parameter.get()),
    before,
  )
  assert.is(model.engine.steps, 0)
  assert.is(count, rows)
  assert.is(loss, model.gradients(x, y).loss)
  assert.equal(
    layers.map(({ name }) => name),
    ['dense_1', 'batchNorm_1', 'dropout', 'activation', 'dense_2'],
  )
  // batch norm's outputs by definition; the bias gradient is the column sum of what its dense layer gets
  assert.ok(Math.abs(layers[1].activationMean) < 1e-5)
  assert.ok(Math.abs(layers[1].activationDeviation - 1) < 1e-3)
  const linear = sequential([input(20), dense(7), dense(3, { activation: 'softmax' })], { seed: 1 })
  linear.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  const [first] = diagnose(linear, x, y).layers
  const outputs = sequential([input(20), dense(7)], { seed: 1 }).predict(x)
  const mean = outputs.reduce((a, b) => a + b) / outputs.length
  assert.ok(Math.abs(first.activationMean - mean) < 1e-6)
  const bias = linear.parameters[1].gradient()
  assert.ok(Math.abs(first.gradientMean - bias.reduce((a, b) => a + b) / (rows * 7)) < 1e-7)
  const gradient = [linear.parameters[0], linear.parameters[1]].flatMap((parameter) => Array.from(parameter.gradient()))
  assert.ok(Math.abs((first.parameterGradientNorm ?? 0) - Math.hypot(...gradient)) < 1e-6)
})

test('layers below the first that trains get no gradient', () => {
  const model = compiled([dense(5), dense(6)])
  model.freeze(1)
  const { layers } = diagnose(model, x, y)
  assert.ok(Number.isNaN(layers[0].gradientDeviation))
  assert.ok(layers[1].gradientDeviation > 0)
  assert.ok(diagnosisTable(diagnose(model, x, y)).split('\n').length === 7)
})

test('the table has a line for every layer and the loss', () => {
  const table = diagnosisTable(
    diagnose(compiled([dense(5, { activation: 'relu' }), dense(5, { activation: 'tanh' })]), x, y),
  )
  for (const text of ['dense_1', 'relu', 'dead', 'saturated', 'dense_3', 'softmax', '%', 'on 64 rows'])
    assert.ok(table.includes(text), text)
})

test('an uncompiled model is refused', () => {
  assert.throws(() => diagnose(sequential([input(20), dense(3)]), x, y), /not compiled/)
})
test.run()
