// Steps whose loss the user computes of the outputs: trainStep and gradients with a callback.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  batchNorm,
  configureRuntime,
  dense,
  dropout,
  input,
  type Layer,
  type LossCallback,
  l2,
  type Model,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { refuses } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'
import { features, ready } from '../support/threading.ts'

/** Mean over rows and outputs of (y - t)². */
const squared =
  (target: Float32Array): LossCallback =>
  (outputs, gradient) => {
    assert.is(outputs.length, target.length)
    assert.ok(gradient.every((slope) => slope === 0))
    let loss = 0
    outputs.forEach((y, i) => {
      loss += (y - target[i]) ** 2 / outputs.length
      gradient[i] = (2 * (y - target[i])) / outputs.length
    })
    return loss
  }

/** Mean over rows of -ln of the class's probability. */
const negativeLog =
  (classes: Int32Array, columns: number): LossCallback =>
  (outputs, gradient) => {
    let loss = 0
    classes.forEach((label, row) => {
      const p = outputs[row * columns + label]
      loss -= Math.log(p) / classes.length
      gradient[row * columns + label] = -1 / (p * classes.length)
    })
    return loss
  }

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.is(actual.length, expected.length)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

const regression: readonly Layer[] = [
  input(5),
  dense(7, { activation: 'tanh', useBias: false, kernelRegularizer: l2(0.01) }),
  batchNorm(),
  dropout(0.2),
  dense(3),
]
const classes: readonly Layer[] = [input(5), dense(6, { activation: 'relu' }), dense(4, { activation: 'softmax' })]

function pair(layers: readonly Layer[], loss: 'meanSquaredError' | 'sparseCategoricalCrossentropy'): [Model, Model] {
  const [twin, model] = [1, 2].map(() => sequential(layers, { seed: 8 }))
  twin.compile({ optimizer: adam({ learningRate: 0.01 }), loss, globalClipNorm: 1 })
  model.compile({ optimizer: adam({ learningRate: 0.01 }), globalClipNorm: 1 })
  return [twin, model]
}

for (const target of targets) {
  const test = suite(`losses in callbacks (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('steps are those of the built-in loss: penalties, clipping, noise and statistics included', () => {
    const [twin, model] = pair(regression, 'meanSquaredError')
    for (const rows of [2, 3, 8, 70, 5]) {
      const x = wave(5 * rows, rows)
      const y = wave(3 * rows, rows + 1)
      const loss = model.trainStep(x, squared(y))
      assertClose([loss], [twin.trainStep(x, y)], 1e-6, 'loss')
      assertClose(bits(model), bits(twin), 2e-6, `after ${rows} rows, value`)
    }
    assert.is(model.engine.steps, 5)
  })

  test('outputs are those of the last layer, after its activation', () => {
    const [twin, model] = pair(classes, 'sparseCategoricalCrossentropy')
    const x = wave(5 * 9)
    let seen: number[] = []
    model.trainStep(x, (outputs, gradient) => {
      seen = [...outputs]
      return negativeLog(labels(9, 4), 4)(outputs, gradient)
    })
    assert.equal(seen, [...twin.predict(x)])
    twin.trainStep(x, labels(9, 4))
    assertClose(bits(model), bits(twin), 1e-5, 'value')
  })

  test('gradients with a callback are those of the loss, and change nothing', () => {
    for (const [layers, loss] of [
      [regression, 'meanSquaredError'],
      [classes, 'sparseCategoricalCrossentropy'],
    ] as const) {
      const [twin, model] = pair(layers, loss)
      const outputs = model.engine.outputs
      const x = wave(5 * 6)
      const y = loss === 'meanSquaredError' ? wave(outputs * 6, 4) : labels(6, outputs)
      const before = bits(model)
      const callback = y instanceof Int32Array ? negativeLog(y, outputs) : squared(y)
      const own = model.gradients(x, callback)
      const built = twin.gradients(x, y)
      assertClose([own.loss], [built.loss], 1e-6, 'loss')
      assertClose(own.gradient, built.gradient, 2e-6, loss)
      assert.equal(bits(model), before)
      assert.equal(model.gradients(x, callback), own)
    }
  })

  test('a model with a loss takes steps either way', () => {
    const [twin] = pair(regression, 'meanSquaredError')
    const [mixed] = pair(regression, 'meanSquaredError')
    const x = wave(5 * 8)
    const y = wave(3 * 8, 3)
    for (let step = 0; step < 4; step++) {
      twin.trainStep(x, y)
      if (step % 2) mixed.trainStep(x, y)
      else mixed.trainStep(x, squared(y))
    }
    assertClose(bits(mixed), bits(twin), 2e-6, 'value')
    assertClose(mixed.predict(x), twin.predict(x), 2e-6, 'output')
    assert.is(mixed.evaluate(x, y).loss.toPrecision(5), twin.evaluate(x, y).loss.toPrecision(5))
  })

  test('one row of one output', () => {
    const model = sequential([input(1), dense(1)], { seed: 2 })
    model.compile({ optimizer: sgd({ learningRate: 0.5 }) })
    const [kernel, bias] = model.parameters.map((parameter) => parameter.get()[0])
    model.trainStep([3], (outputs, gradient) => {
      assert.equal([...outputs], [Math.fround(3 * kernel + bias)])
      gradient[0] = 2
      return 0
    })
    assert.equal(
      bits(model),
      [kernel - 3, bias - 1].map((value) => Math.fround(value)),
    )
  })
  test.run()
}

const test = suite('losses in callbacks')

test('bits do not depend on threads', () => {
  const run = (threads: number) => {
    const model = sequential([input(16), dense(64, { activation: 'tanh' }), dropout(0.3), dense(5)], {
      seed: 9,
      threads,
    })
    model.compile({ optimizer: adam() })
    if (threads > 1) ready(model)
    for (let step = 0; step < 5; step++) model.trainStep(features(48, 16), squared(features(48, 5)))
    const result = bits(model)
    model.close()
    return result
  }
  assert.equal(run(2), run(1))
})

test('without a loss only callbacks train', async () => {
  const [, model] = pair(classes, 'sparseCategoricalCrossentropy')
  const x = wave(5 * 4)
  const says = (where: string) =>
    `${where}: the model is compiled without a loss; call compile({ optimizer, loss }), or trainStep(x, callback)`
  refuses(() => model.trainStep(x, labels(4)), Error, says('trainStep'))
  refuses(() => model.gradients(x, labels(4)), Error, says('gradients'))
  refuses(() => model.evaluate(x, labels(4)), Error, says('evaluate'))
  await model.fit(x, labels(4)).then(
    () => assert.unreachable(),
    ({ message }) => assert.is(message, says('fit')),
  )
  const uncompiled = sequential(classes)
  refuses(() => uncompiled.trainStep(x, () => 0), Error, 'trainStep: the model is not compiled')
  const metrics = () => model.compile({ optimizer: 'sgd', metrics: ['accuracy'] })
  refuses(metrics, TypeError, 'compile: "metrics" need a "loss", which says what targets are')
})

test('what is no loss is refused, and nothing changes', () => {
  const [, model] = pair(regression, 'meanSquaredError')
  const x = wave(5 * 4)
  const before = bits(model)
  const step = (callback: unknown) => () => model.trainStep(x, callback as LossCallback)
  refuses(
    step(() => undefined),
    TypeError,
    'trainStep: the callback must return the loss, a number, got undefined',
  )
  refuses(
    step(async () => 1),
    TypeError,
    'got a Promise; it must not be async',
  )
  refuses(
    step(() => Number.NaN),
    RangeError,
    "trainStep: the callback's loss must be finite, got NaN",
  )
  const spoil = (_: Float32Array, gradient: Float32Array) => {
    gradient[7] = Number.POSITIVE_INFINITY
    return 1
  }
  refuses(step(spoil), RangeError, "the callback's gradient must be finite, got Infinity at row 2, column 1")
  const throws = () => {
    throw new SyntaxError('mine')
  }
  refuses(step(throws), SyntaxError, 'mine')
  refuses(() => model.gradients(x, () => 'a' as unknown as number), TypeError, 'gradients: the callback must return')
  const weighted = () => model.trainStep(x, (() => 0) as never, { sampleWeight: [1, 1, 1, 1] })
  refuses(weighted, TypeError, 'trainStep: "sampleWeight" is for targets')
  refuses(() => model.trainStep(wave(7), () => 0), RangeError, 'trainStep: "x"')
  refuses(() => model.trainStep(wave(5), () => 0), RangeError, 'batch normalization needs 2 rows')
  assert.equal(bits(model), before)
  assert.is(model.engine.steps, 0)
})

test('the model cannot be used while its loss is computed, and others can', () => {
  const [other, model] = pair(classes, 'sparseCategoricalCrossentropy')
  const x = wave(5 * 4)
  const weights = model.getWeights()
  const uses: (() => unknown)[] = [
    () => model.predict(x),
    () => model.trainStep(x, () => 0),
    () => model.gradients(x, () => 0),
    () => model.getWeights(),
    () => model.setWeights(weights),
    () => model.compile({ optimizer: 'sgd' }),
    () => model.freeze(1),
    () => model.freezeStatistics(),
    () => model.parameters[0].get(),
    () => model.parameters[0].set(model.parameters[0].get()),
    () => model.toBytes(),
  ]
  const before = bits(model)
  model.gradients(x, () => {
    for (const use of uses) refuses(use, Error, 'the model is in the middle of a step')
    other.predict(x)
    return 0
  })
  assert.equal(bits(model), before)
  model.predict(x)
})
test.run()
