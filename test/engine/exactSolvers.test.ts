/** Newton-CG and the natural gradient on models: products are exact, and no evaluations. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  configureRuntime,
  customLoss,
  dense,
  input,
  type Model,
  minimize,
  modelFromBytes,
  naturalGradient,
  newtonCg,
  sequential,
} from '../../src/entries/public.ts'
import { newtonCg as byDifferences } from '../../src/optimizers/solvers/newtonCg.ts'
import { type CurvatureCase, canonical, goldenModel, parametersOf } from '../support/curvature.ts'
import { assertClose, numbers, OPERATION, readGolden, TRAJECTORY } from '../support/golden.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const test = suite('solvers with exact products')

/** Gradients that a piece of work takes. */
function gradientsOf(model: Model, work: () => void): number {
  const { engine } = model
  const compute = engine.computeGradients.bind(engine)
  let count = 0
  engine.computeGradients = (...args) => {
    count++
    return compute(...args)
  }
  try {
    work()
  } finally {
    engine.computeGradients = compute
  }
  return count
}

for (const golden of readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases) {
  test(`${golden.id}: a step is -(G + damping I)⁻¹ g`, () => {
    const { damping } = golden.config
    const solver = newtonCg({ damping, forcing: 1e-9, maxIterations: 1 })
    const { model, x, y } = goldenModel(golden, solver)
    const before = parametersOf(model)
    const gradients = gradientsOf(model, () => model.trainStep(x, y))
    assert.is(gradients, 2, 'one where it begins, one where it ends')
    const natural = canonical(numbers(golden.expect.f64.natural_gradient), golden)
    const step = parametersOf(model).map((value, i) => before[i] - value)
    assertClose(step, natural, TRAJECTORY, 'step')
  })
}

for (const target of targets) {
  for (const golden of readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases) {
    test(`${golden.id}: the natural gradient (${target})`, () => {
      configureRuntime({ target })
      try {
        const solver = naturalGradient({ learningRate: 1, damping: golden.config.damping })
        const { model, x, y } = goldenModel(golden, solver)
        const before = parametersOf(model)
        const loss = model.trainStep(x, y)
        const { f64 } = golden.expect
        assertClose([loss], [f64.loss], OPERATION, 'loss')
        const step = parametersOf(model).map((value, i) => before[i] - value)
        assertClose(step, canonical(numbers(f64.natural_gradient), golden), OPERATION, 'step')
      } finally {
        configureRuntime()
      }
    })
  }
}

test('the natural gradient: in fit, files, and what it refuses', async () => {
  const [golden] = readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases
  const { model, x, y } = goldenModel(
    golden,
    naturalGradient({ learningRate: (step) => 0.5 / (1 + step), damping: 0.1 }),
  )
  const { loss } = (await model.fit(x, y, { epochs: 5 })).metrics
  assert.ok(
    loss.every((value, i) => i === 0 || value < loss[i - 1]),
    loss.join(),
  )
  const fixed = goldenModel(golden, naturalGradient({ damping: 0.1 }))
  fixed.model.trainStep(x, y)
  const again = modelFromBytes(fixed.model.toBytes({ includeOptimizer: true }), { custom: { naturalGradient } })
  for (const one of [fixed.model, again]) one.trainStep(x, y)
  assert.equal(parametersOf(again), parametersOf(fixed.model))

  const before = parametersOf(model)
  assert.throws(() => model.trainStep(x, (_, gradient) => gradient.length), /naturalGradient: steps need targets/)
  assert.equal(parametersOf(model), before)
  const big = sequential([input(64), dense(64)])
  assert.throws(
    () => big.compile({ optimizer: naturalGradient(), loss: 'meanSquaredError' }),
    /compile: naturalGradient takes at most 4096 parameters that train, the model has 4160; use newtonCg/,
  )
  const own = sequential([input(4), dense(2)])
  own.compile({ optimizer: naturalGradient(), loss: customLoss({ name: 'none', targets: 'values', compute: () => 0 }) })
  assert.throws(() => own.trainStep(x, new Float32Array(18)), /no Fisher matrix: its loss is computed in JavaScript/)
  assert.throws(() => minimize(naturalGradient(), [1], () => 0), /naturalGradient is for models/)
  assert.throws(() => naturalGradient({ damping: 0 }), /naturalGradient: "damping"/)
  assert.throws(() => naturalGradient({ learningRate: -1 }), /naturalGradient: "learningRate"/)
  const { storage } = model.engine
  storage.view(storage.parameters)[0] = Number.NaN
  const broken = parametersOf(model)
  assert.ok(Number.isNaN(model.trainStep(x, y)))
  assert.ok(
    parametersOf(model).every((value, i) => Object.is(value, broken[i])),
    'nothing moves',
  )
})

test('either matrix, and differences where there are no products', () => {
  const x = wave(20 * 3)
  const y = Float32Array.from({ length: 40 }, (_, i) => Math.tanh(x[i] - x[i + 1]))
  const layers = [input(3), dense(5, { activation: 'tanh' }), dense(2)]
  const lossAfter = (solver: ReturnType<typeof newtonCg>, loss: Parameters<Model['compile']>[0]['loss']) => {
    const model = sequential(layers, { seed: 1 })
    model.compile({ optimizer: solver, loss })
    const gradients = gradientsOf(model, () => {
      for (let i = 0; i < 3; i++) model.trainStep(x, y)
    })
    return { loss: model.evaluate(x, y).loss, gradients }
  }
  const options = { maxIterations: 8, damping: 0.01 }
  const gaussNewton = lossAfter(newtonCg(options), 'meanSquaredError')
  const hessian = lossAfter(newtonCg({ ...options, curvature: 'hessian' }), 'meanSquaredError')
  const differences = lossAfter(byDifferences(options), 'meanSquaredError')
  const squares = customLoss({
    name: 'squares',
    targets: 'values',
    compute(outputs, targets, gradient) {
      outputs.forEach((value, i) => {
        gradient[i] = (2 * (value - targets[i])) / outputs.length
      })
      return outputs.reduce((sum, value, i) => sum + (value - targets[i]) ** 2, 0) / outputs.length
    },
  })
  const custom = lossAfter(newtonCg(options), squares)
  assert.is.not(gaussNewton.loss, hessian.loss)
  const start = sequential(layers, { seed: 1 })
  start.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const most = 0.75 * start.evaluate(x, y).loss
  for (const { loss } of [gaussNewton, hessian, differences, custom]) assert.ok(loss < most, `${loss}, ${most}`)
  assert.ok(differences.gradients > 2 * hessian.gradients, `${differences.gradients}, ${hessian.gradients}`)
})

test('in fit, over parts of the rows and with batch statistics', async () => {
  const rows = 2500
  const x = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * 1.3) + Math.cos(i * 0.11))
  const y = Float32Array.from({ length: rows }, (_, r) => Math.tanh(x[r * 4] - x[r * 4 + 1] * x[r * 4 + 2]))
  const layers = [input(4), dense(12), batchNorm(), dense(12, { activation: 'tanh' }), dense(1)]
  const model = sequential(layers, { seed: 1 })
  model.compile({ optimizer: newtonCg(), loss: 'meanSquaredError' })
  const { loss } = (await model.fit(x, y, { epochs: 12 })).metrics
  assert.ok(loss[loss.length - 1] < 0.1 * loss[0], loss.join())
  assert.ok(
    loss.every((value, i) => i === 0 || value <= loss[i - 1] * 1.0001),
    loss.join(),
  )
  const stop = new AbortController()
  const callback = { onProgress: () => stop.abort(new Error('enough')) }
  const before = parametersOf(model)
  const fitting = model.fit(x, y, { epochs: 500, yieldEvery: 1, callbacks: [callback], signal: stop.signal })
  const message = await fitting.then(
    () => 'done',
    (error: Error) => error.message,
  )
  assert.is(message, 'enough')
  assert.ok(parametersOf(model).every(Number.isFinite) && before.length > 0)
})

test.run()
