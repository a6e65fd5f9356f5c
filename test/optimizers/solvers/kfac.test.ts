/** K-FAC in models: what it takes, what it leaves alone, what it refuses, and going on from a file. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  batchNorm,
  customLoss,
  dense,
  exponentialDecay,
  input,
  type KfacOptions,
  kfac,
  type Layer,
  minimize,
  modelFromBytes,
  sequential,
  sgd,
  terminateOnNaN,
} from '../../../src/entries/public.ts'
import { compiled, goesOn, imageOf, mixed } from '../../support/kfacModels.ts'
import { values } from '../../support/squares.ts'

const test = suite('K-FAC in models')

const ROWS = 24
const FEATURES = 6
const x = values(ROWS * FEATURES, 11)
const y = Float32Array.from({ length: ROWS }, (_, r) => Number(x[r * FEATURES] > 0) + Number(x[r * FEATURES + 1] > 0))

const classifier = (): Layer[] => [
  input(FEATURES),
  dense(10, { activation: 'tanh' }),
  dense(5, { activation: 'relu' }),
  dense(3, { activation: 'softmax' }),
]
test('trains every kind of layer, by every Fisher matrix', async () => {
  for (const layers of [classifier, () => mixed(FEATURES)]) {
    for (const fisher of ['sampled', 'exact', 'empirical'] as const) {
      const model = compiled(layers(), { fisher, learningRate: 0.05, momentum: 0.5 })
      const before = model.evaluate(x, y).loss
      await model.fit(x, y, { epochs: 15, batchSize: 8 })
      assert.ok(model.evaluate(x, y).loss < before * 0.7, `${fisher}: ${before} to ${model.evaluate(x, y).loss}`)
    }
  }
})

test('draws of the Fisher matrix have its mean', () => {
  const factorsOf = (fisher: 'sampled' | 'exact', loss: 'meanSquaredError' | 'binaryCrossentropy' | 'cross') => {
    const last = ({ meanSquaredError: 'linear', binaryCrossentropy: 'sigmoid', cross: 'softmax' } as const)[loss]
    const model = sequential([input(FEATURES), dense(3, { activation: last })], { seed: 5 })
    const optimizer = kfac({ fisher, learningRate: 0, decay: 0.9999 })
    model.compile({ optimizer, loss: loss === 'cross' ? 'sparseCategoricalCrossentropy' : loss })
    const targets = loss === 'cross' ? y : new Float32Array(ROWS * 3).fill(0.5)
    for (let i = 0; i < (fisher === 'exact' ? 1 : 400); i++) model.trainStep(x, targets)
    const matrix = model.engine.session?.matrices?.find(({ name }) => name.startsWith('gradientMoments'))
    const found = new Float32Array(9)
    matrix?.read(0, found)
    return found
  }
  for (const loss of ['meanSquaredError', 'binaryCrossentropy', 'cross'] as const) {
    const [drawn, exact] = [factorsOf('sampled', loss), factorsOf('exact', loss)]
    // 9,600 draws: four standard deviations are below 0.05 of the largest entry
    const most = Math.max(...exact)
    assert.ok(most > 0.01)
    for (const [i, value] of drawn.entries()) assert.ok(Math.abs(value - exact[i]) < 0.06 * most, `${loss}: ${i}`)
  }
})

test('the same bits for every number of threads', () => {
  const wide = [input(FEATURES), dense(70, { activation: 'tanh' }), dense(50), dense(3, { activation: 'softmax' })]
  const images = [1, 2, 3].map((threads) => {
    const model = compiled(wide, { klClip: 0.01, damping: 'adaptive' }, threads)
    for (let t = 0; t < 7; t++) model.trainStep(x, y)
    const image = imageOf(model)
    model.close()
    return image
  })
  assert.equal(images[1], images[0])
  assert.equal(images[2], images[0])
})

test('goes on from a file bit for bit', () => {
  for (const options of [
    { factorEvery: 2, inverseEvery: 5, klClip: 0.01 },
    { damping: 'adaptive', initialDamping: 0.1, fallback: sgd({ momentum: 0.9 }), momentum: 0 },
    { fisher: 'exact', weightDecay: 0.01, learningRate: exponentialDecay({ learningRate: 0.1, gamma: 0.9 }) },
  ] as const satisfies KfacOptions[]) {
    goesOn(compiled(mixed(FEATURES), options), x, y)
  }
})

test('without its factory a model predicts', () => {
  const model = compiled(classifier())
  model.trainStep(x, y)
  const absent = modelFromBytes(imageOf(model))
  assert.equal(absent.predict(x), model.predict(x))
  assert.throws(() => absent.trainStep(x, y), /custom: { kfac }/)
})

test('a batch that is not finite changes nothing', async () => {
  const plain = () => [input(FEATURES), dense(10), batchNorm(), dense(3, { activation: 'softmax' })]
  const model = compiled(plain())
  for (let t = 0; t < 3; t++) model.trainStep(x, y)
  const before = imageOf(model)
  const bad = x.slice()
  bad[7] = 3e38
  bad[8] = -3e38
  assert.ok(Number.isNaN(model.trainStep(bad, y)))
  assert.equal(imageOf(model), before)
  const other = compiled(plain())
  for (let t = 0; t < 3; t++) other.trainStep(x, y)
  assert.is(model.trainStep(x, y), other.trainStep(x, y))
  assert.equal(imageOf(model), imageOf(other))
  let stopped = ''
  const watch = {
    onTrainEnd(context: { stopReason: string | undefined }) {
      stopped = context.stopReason ?? ''
    },
  }
  await model.fit(bad, y, { batchSize: ROWS, callbacks: [terminateOnNaN(), watch] })
  assert.match(stopped, /NaN/)
})

test('what is singular is told, and the state stays', () => {
  const model = compiled(classifier(), { damping: 0, inverseEvery: 1 })
  const parameters = model.getWeights()
  // one row has moments of rank one
  assert.throws(() => model.trainStep(x.slice(0, FEATURES), y.slice(0, 1)), /kfac: .*dense_1\.kernel.* singular/)
  assert.equal(model.getWeights(), parameters)
  const adaptive = compiled(classifier(), { damping: 'adaptive', initialDamping: 1e-30, inverseEvery: 1 })
  adaptive.trainStep(x.slice(0, FEATURES), y.slice(0, 1))
  const damping = Number(adaptive.engine.session?.scalars.damping)
  assert.ok(damping > 1e-20 && damping < 1, `damping ${damping}`)
  const large = compiled(classifier())
  large.trainStep(x, y)
  const before = large.getWeights()
  assert.throws(
    () =>
      large.trainStep(
        x.map((value) => value * 1e25),
        y,
      ),
    /not finite; scale the features/,
  )
  assert.equal(large.getWeights(), before)
  assert.ok(Number.isFinite(large.trainStep(x, y)))
})

test('zero gradients, one row and one unit', () => {
  const model = sequential([input(1), dense(1), dense(1)], { seed: 1 })
  model.compile({ optimizer: kfac({ learningRate: 0.2, momentum: 0, inverseEvery: 1 }), loss: 'meanSquaredError' })
  for (let t = 0; t < 60; t++) model.trainStep([[2]], [[3]])
  assert.ok(Math.abs(model.predict([[2]])[0] - 3) < 1e-2)
  // inputs that are all zero, behind a layer without bias: no gradient, and second moments of zeros
  const dead = sequential([input(2), dense(3, { useBias: false, activation: 'relu' }), dense(1, { useBias: false })])
  dead.compile({ optimizer: kfac({ fisher: 'empirical' }), loss: 'meanSquaredError' })
  const before = dead.getWeights()
  assert.is(dead.trainStep([[0, 0]], [[0]]), 0)
  assert.equal(dead.getWeights(), before)
})

test('frozen layers stay, and can come back', () => {
  const model = compiled(classifier())
  model.trainStep(x, y)
  model.freeze('dense_2')
  const kernel = () => [...model.parameters[2].get()]
  const before = kernel()
  for (let t = 0; t < 3; t++) model.trainStep(x, y)
  assert.equal(kernel(), before)
  model.unfreeze('dense_2')
  model.trainStep(x, y)
  assert.not.equal(kernel(), before)
  assert.ok(model.getWeights().every(Number.isFinite))
})

test('rows of no weight count for nothing', () => {
  const options = { fisher: 'exact', inverseEvery: 1 } as const
  const [all, some] = [compiled(classifier(), options), compiled(classifier(), options)]
  const half = ROWS / 2
  const sampleWeight = Float32Array.from({ length: ROWS }, (_, r) => (r < half ? 2 : 0))
  for (let t = 0; t < 4; t++) {
    const loss = all.trainStep(x, y, { sampleWeight })
    assert.ok(Math.abs(loss - some.trainStep(x.slice(0, half * FEATURES), y.slice(0, half))) < 1e-5)
  }
  for (const [i, value] of all.getWeights().entries()) assert.ok(Math.abs(value - some.getWeights()[i]) < 1e-4)
})

test('clipping, decay and the bound on the step', () => {
  const moved = (options: KfacOptions, clip = {}) => {
    const model = sequential(classifier(), { seed: 3 })
    const loss = 'sparseCategoricalCrossentropy'
    model.compile({ optimizer: kfac({ fisher: 'exact', momentum: 0, ...options }), loss, ...clip })
    const before = model.getWeights()
    model.trainStep(x, y)
    return model.getWeights().reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0)
  }
  const plain = moved({})
  assert.ok(moved({}, { globalClipNorm: 1e-3 }) < 0.1 * plain)
  assert.ok(moved({ klClip: 1e-6 }) < 0.2 * plain)
  assert.ok(Math.abs(moved({ klClip: 1e6 }) - plain) < 1e-6)
  assert.ok(moved({ weightDecay: 5 }) > 1.5 * plain)
  assert.is(moved({ learningRate: 0 }), 0)
})

test('damping is adapted towards what the loss does', () => {
  const dampingAfter = (initialDamping: number) => {
    const model = compiled(classifier(), { damping: 'adaptive', initialDamping, fisher: 'exact', momentum: 0 })
    for (let t = 0; t < 25; t++) model.trainStep(x, y)
    return Number(model.engine.session?.scalars.damping)
  }
  // for such a short step the quadratic model is accurate
  assert.ok(dampingAfter(1e3) < 1e3)
  assert.ok(Math.abs(Math.log(dampingAfter(1e3) / 1e3) - 25 * Math.log(0.9)) < 1e-6)
})

test('refusals name what is wrong', async () => {
  const refused: [KfacOptions | object, RegExp][] = [
    [{ damping: -1 }, /kfac: "damping"/],
    [{ damping: 'auto' }, /"damping" must be a number at least 0 or 'adaptive'/],
    [{ initialDamping: 0 }, /"initialDamping"/],
    [{ decay: 1 }, /"decay"/],
    [{ momentum: 1 }, /"momentum"/],
    [{ factorEvery: 0 }, /"factorEvery"/],
    [{ inverseEvery: 1.5 }, /"inverseEvery"/],
    [{ klClip: 0 }, /"klClip"/],
    [{ fisher: 'true' }, /fisher/],
    [{ learningRate: -1 }, /"learningRate"/],
    [{ fallback: 'adagrad2' }, /kfac: unknown optimizer "adagrad2"/],
    [{ fallback: 'rprop' }, /"fallback" must be a rule whose state starts from 0/],
    [{ rate: 1 }, /kfac: .*rate/],
  ]
  for (const [options, message] of refused) assert.throws(() => kfac(options as KfacOptions), message)
  const model = sequential(classifier(), { seed: 1 })
  assert.throws(() => model.compile({ optimizer: kfac() }), /kfac needs a "loss" of the catalogue/)
  const own = customLoss({ name: 'own', targets: 'classes', compute: () => 0 })
  assert.throws(() => model.compile({ optimizer: kfac(), loss: own }), /kfac needs a "loss" of the catalogue/)
  const outputs = sequential([input(2), dense(1)])
  assert.throws(() => outputs.compile({ optimizer: kfac(), loss: 'huber' }), /fisher: 'empirical'/)
  outputs.compile({ optimizer: kfac({ fisher: 'empirical' }), loss: 'huber' })
  assert.ok(Number.isFinite(outputs.trainStep([[1, 2]], [[1]])))
  model.compile({ optimizer: kfac(), loss: 'sparseCategoricalCrossentropy' })
  assert.throws(() => model.trainStep(x, () => 0), /kfac needs the curvature of the loss/)
  let message = ''
  await model.fit(x, y, { accumulate: 2 }).catch((error: Error) => {
    message = error.message
  })
  assert.match(message, /"accumulate" is not for kfac/)
  assert.throws(() => minimize(kfac(), [1], () => 0), /kfac: needs the layers of a model/)
  assert.throws(() => kfac({ fallback: kfac() as never }), /kfac: "optimizer"|"fallback"/)
  assert.ok(kfac({ fallback: adam({ learningRate: 1e-4 }) }))
})

test.run()
