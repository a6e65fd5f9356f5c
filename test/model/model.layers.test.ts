// Layers within whole models: training, files, frozen statistics, folding, refusals, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  adam,
  batchNorm,
  batchRenorm,
  blend,
  configureRuntime,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  l2,
  layerNorm,
  type Model,
  modelFromBytes,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  scale,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { assertClose } from '../support/golden.ts'
import { refuses } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const parameter = (model: Model, name: string) => {
  const found = model.parameters.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

/** One of every kind. */
const everything = (momentum: number | null = null): Layer[] => [
  input(6),
  scale({ initializer: 'ones' }),
  periodicEmbedding({ frequencies: 4 }),
  blend('tanh', { name: 'share' }),
  dense(8, { weightNorm: true, kernelRegularizer: l2(0.01) }),
  batchNorm({ momentum }),
  activation('relu'),
  dropout(0.2),
  gaussianNoise(0.1),
  residual([
    batchNorm(),
    prelu({ name: 'slope' }),
    dense(4),
    residual([layerNorm(), dense(4, { useBias: false })]),
    dense(8),
  ]),
  batchRenorm(),
  groupNorm(2),
  instanceNorm({ channels: 2, affine: true }),
  rmsNorm(),
  prelu(),
  dense(3, { activation: 'softmax' }),
]
function compiled(layers: readonly Layer[], seed = 4): Model {
  const model = sequential(layers, { seed })
  model.compile({
    optimizer: adam({ learningRate: 0.01, weightDecay: 0.01 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  return model
}

for (const target of targets) {
  const test = suite(`models of layers (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('names, trainability and counts', () => {
    const model = compiled(everything())
    assert.equal(
      model.parameters.map(({ name, trainable }) => (trainable ? name : `(${name})`)),
      [
        'scale_1.scale periodicEmbedding_1.frequencies periodicEmbedding_1.phases periodicEmbedding_1.kernel',
        'periodicEmbedding_1.bias share.alpha dense_1.direction dense_1.scale dense_1.bias',
        'batchNorm_1.gamma batchNorm_1.beta (batchNorm_1.runningMean) (batchNorm_1.runningVariance) (batchNorm_1.batches)',
        'residual_1.batchNorm_1.gamma residual_1.batchNorm_1.beta (residual_1.batchNorm_1.runningMean)',
        '(residual_1.batchNorm_1.runningVariance) residual_1.slope.alpha residual_1.dense_1.kernel residual_1.dense_1.bias',
        'residual_1.residual_1.layerNorm_1.gamma residual_1.residual_1.layerNorm_1.beta residual_1.residual_1.dense_1.kernel',
        'residual_1.dense_2.kernel residual_1.dense_2.bias',
        'batchRenorm_1.gamma batchRenorm_1.beta (batchRenorm_1.runningMean) (batchRenorm_1.runningDeviation)',
        'groupNorm_1.gamma groupNorm_1.beta instanceNorm_1.gamma instanceNorm_1.beta rmsNorm_1.gamma prelu_1.alpha',
        'dense_2.kernel dense_2.bias',
      ]
        .join(' ')
        .split(' '),
    )
    assert.ok(model.summary().includes('trainable'))
  })

  test('weight norm starts as drawn: its outputs are those of a plain dense layer', () => {
    const plain = sequential([input(7), dense(5)], { seed: 3 })
    const normed = sequential([input(7), dense(5, { weightNorm: true })], { seed: 3 })
    assert.equal(parameter(plain, 'dense_1.kernel').get(), parameter(normed, 'dense_1.direction').get())
    assertClose(normed.predict(wave(21)), plain.predict(wave(21)), { absolute: 1e-6, relative: 1e-6 }, 'outputs')
  })

  test('initial biases within a block take the fans of their own kernel', () => {
    const model = sequential([input(4), residual([dense(400), dense(4, { biasInitializer: 'torchLinear' })])], {
      seed: 1,
    })
    const bound = 1 / Math.sqrt(400)
    assert.ok(
      parameter(model, 'residual_1.dense_2.bias')
        .get()
        .every((value) => Math.abs(value) <= bound),
    )
  })

  test('learns: every kind together separates three classes', async () => {
    const rows = 120
    const x = Float32Array.from(
      { length: rows * 6 },
      (_, i) => Math.sin(i * 1.3) * 0.3 + (Math.floor(i / 6) % 3 === i % 3 ? 1.5 : 0),
    )
    const y = Int32Array.from({ length: rows }, (_, r) => r % 3)
    // a mean over all batches would still hold the first ones, in which the layers before were others
    const model = compiled(everything(0.1))
    await model.fit(x, y, { epochs: 40, batchSize: 20 })
    const { accuracy } = model.evaluate(x, y)
    assert.ok(accuracy > 0.95, `accuracy ${accuracy}`)
  })

  test('running statistics move with updates, not with gradients, predictions or trials, and never by decay or clipping', () => {
    const x = wave(32 * 6)
    const y = labels(32)
    const model = sequential([input(6), batchNorm({ momentum: 0.25 }), dense(3, { activation: 'softmax' })], {
      seed: 2,
    })
    model.compile({
      optimizer: sgd({ learningRate: 0.1, weightDecay: 0.5 }),
      loss: 'sparseCategoricalCrossentropy',
      globalClipNorm: 0.01,
      clipValue: 0.001,
    })
    const before = bits(model)
    model.gradients(x, y)
    model.predict(x)
    model.predict(x, { training: true })
    model.evaluate(x, y, { training: true })
    assert.equal(bits(model), before)
    model.trainStep(x, y)
    const mean = Array.from(
      { length: 6 },
      (_, c) => Array.from({ length: 32 }, (_, r) => x[r * 6 + c]).reduce((a, b) => a + b) / 32,
    )
    assertClose(
      parameter(model, 'batchNorm_1.runningMean').get(),
      mean.map((m) => 0.25 * m),
      { absolute: 1e-6, relative: 1e-6 },
      'mean',
    )
    const variance = mean.map(
      (m, c) => Array.from({ length: 32 }, (_, r) => (x[r * 6 + c] - m) ** 2).reduce((a, b) => a + b) / 31,
    )
    assertClose(
      parameter(model, 'batchNorm_1.runningVariance').get(),
      variance.map((v) => 0.75 + 0.25 * v),
      { absolute: 1e-6, relative: 1e-6 },
      'variance',
    )
  })

  test('predict with training: true uses the statistics of all its rows', () => {
    const model = sequential([input(3), batchNorm({ affine: false })], { seed: 1 })
    const rows = 200
    const x = wave(rows * 3).map((v, i) => v * 3 + (i % 3))
    const y = model.predict(x, { training: true })
    for (let c = 0; c < 3; c++) {
      const column = Array.from({ length: rows }, (_, r) => y[r * 3 + c])
      assert.ok(Math.abs(column.reduce((a, b) => a + b) / rows) < 1e-5)
      assert.ok(Math.abs(column.reduce((a, b) => a + b * b, 0) / rows - 1) < 1e-4)
    }
    assert.not.equal(y, model.predict(x))
    refuses(() => model.predict(wave(3), { training: true }), RangeError, 'a batch of 1 row')
  })

  test('evaluate with training: true is the loss that a training step sees', () => {
    const model = compiled([input(6), dense(5), batchNorm(), activation('tanh'), dense(3, { activation: 'softmax' })])
    const x = wave(80 * 6)
    const y = labels(80)
    for (let i = 0; i < 5; i++) model.trainStep(x, y)
    const trial = model.evaluate(x, y, { training: true }).loss
    assert.not.equal(trial, model.evaluate(x, y).loss)
    assert.ok(Math.abs(trial - model.gradients(x, y).loss) < 1e-12)
  })

  test('frozen statistics are used as they are, and training still moves gamma', () => {
    const model = compiled([input(6), batchNorm(), dense(3, { activation: 'softmax' })])
    const x = wave(40 * 6)
    const y = labels(40)
    for (let i = 0; i < 3; i++) model.trainStep(x, y)
    const mean = parameter(model, 'batchNorm_1.runningMean').get()
    const gamma = parameter(model, 'batchNorm_1.gamma').get()
    model.freezeStatistics()
    // one row is enough now, and its loss is that of the evaluation form
    const expected = model.evaluate(x.subarray(0, 6), y.subarray(0, 1)).loss
    assert.ok(Math.abs(model.trainStep(x.subarray(0, 6), y.subarray(0, 1)) - expected) < 1e-6)
    assert.equal(parameter(model, 'batchNorm_1.runningMean').get(), mean)
    assert.not.equal(parameter(model, 'batchNorm_1.gamma').get(), gamma)
    model.unfreezeStatistics()
    model.trainStep(x, y)
    assert.not.equal(parameter(model, 'batchNorm_1.runningMean').get(), mean)
  })

  test('a frozen layer keeps all its parameters, running statistics too', () => {
    const model = compiled([
      input(6),
      batchNorm(),
      residual([batchNorm(), dense(6)]),
      dense(3, { activation: 'softmax' }),
    ])
    model.freeze(1, 2)
    const before = bits(model)
    model.trainStep(wave(20 * 6), labels(20))
    const after = bits(model)
    const head = parameter(model, 'dense_1.kernel').size + 3
    assert.equal(after.slice(0, -head), before.slice(0, -head))
    assert.not.equal(after.slice(-head), before.slice(-head))
  })

  test('layers frozen within a block stay, those after them learn', () => {
    const model = compiled([
      input(6),
      residual([
        dense(4, { trainable: false, name: 'still' }),
        batchNorm({ trainable: false }),
        dense(6, { name: 'moving' }),
      ]),
      dense(3, { activation: 'softmax' }),
    ])
    const before = Object.fromEntries(model.parameters.map((p) => [p.name, p.get()]))
    for (let i = 0; i < 3; i++) model.trainStep(wave(20 * 6), labels(20))
    for (const p of model.parameters) {
      const moved = !p.name.includes('still') && !p.name.includes('batchNorm')
      assert.is(p.trainable, moved, p.name)
      assert.is(
        p.get().some((value, i) => value !== before[p.name][i]),
        moved,
        p.name,
      )
    }
  })

  test('saving and loading: every layer, its settings, its statistics, and training that goes on bit for bit', () => {
    const x = wave(30 * 6)
    const y = labels(30)
    const model = compiled(everything())
    for (let i = 0; i < 4; i++) model.trainStep(x, y)
    const again = modelFromBytes(model.toBytes({ includeOptimizer: true }))
    assert.equal(again.layers, model.layers)
    assert.equal(bits(again), bits(model))
    assert.equal(again.predict(x), model.predict(x))
    for (let i = 0; i < 3; i++) assert.is(again.trainStep(x, y), model.trainStep(x, y))
    assert.equal(bits(again), bits(model))
  })

  test('the same seed drops the same, another seed does not', () => {
    const train = (seed: number, initial: Float32Array[]) => {
      const model = compiled(
        [input(6), dense(16, { activation: 'tanh' }), dropout(0.5), dense(3, { activation: 'softmax' })],
        seed,
      )
      for (const [i, values] of initial.entries()) model.parameters[i].set(values)
      for (let i = 0; i < 3; i++) model.trainStep(wave(60), labels(10))
      return bits(model)
    }
    const initial = sequential([input(6), dense(16), dense(3)]).parameters.map((p) => p.get())
    assert.equal(train(1, initial), train(1, initial))
    assert.not.equal(train(1, initial), train(2, initial))
  })

  test('noise goes on the outputs only with a warning', () => {
    const heard: unknown[] = []
    const { warn } = console
    console.warn = (...words: unknown[]) => heard.push(...words)
    try {
      compiled([input(6), dense(3), dropout(0.5), activation('softmax')])
      compiled([input(6), dense(3), gaussianNoise(0.1), activation('softmax')])
      compiled([input(6), dropout(0.5), dense(3, { activation: 'softmax' })])
    } finally {
      console.warn = warn
    }
    assert.is(heard.length, 2)
    assert.ok(String(heard[0]).includes('layer 2, dropout, follows the logits'))
  })

  test('an l2 penalty with weight norm is the penalty on the kernel', () => {
    const model = sequential([input(4), dense(3, { weightNorm: true, useBias: false, kernelRegularizer: l2(0.3) })], {
      seed: 1,
    })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const x = new Float32Array(8)
    const kernel = parameter(model, 'dense_1.direction').get()
    const penalty = kernel.reduce((sum, w) => sum + 0.15 * w * w, 0)
    assert.ok(Math.abs(model.evaluate(x, new Float32Array(6)).loss - penalty) < 1e-6)
  })
  test.run()
}
