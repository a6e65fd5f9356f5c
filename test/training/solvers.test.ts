/** Solvers that train models: PyTorch's trajectories, full batches in chunks, threads, what they leave alone, refusals. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import {
  adam,
  batchNorm,
  type Callback,
  conjugateGradient,
  customLoss,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  input,
  l2,
  lbfgs,
  newtonCg,
  readIdx,
  reduceLearningRateOnPlateau,
  type Solver,
  sequential,
} from '../../src/entries/public.ts'
import { assertClose, numbers, OPERATION, type Tolerance, TRAJECTORY } from '../support/golden.ts'
import { cases, optionsOf } from '../support/lbfgsCases.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { solved, uniform, x, y } from '../support/solved.ts'
import { bits } from '../support/threading.ts'

const test = suite('solvers in models')

/** Searches compare losses, whose rounding in float32 moves the point they stop at by its root. */
const SEARCHED: Tolerance = { absolute: 5e-5, relative: 5e-5 }

const solvers: readonly (() => Solver)[] = [
  () => lbfgs({ historySize: 8 }),
  () => lbfgs({ historySize: 3, lineSearch: 'none', learningRate: 0.3 }),
  () => conjugateGradient(),
  () => newtonCg({ maxInnerIterations: 20 }),
]

test("trainStep is PyTorch's step(closure)", () => {
  const logistic = cases.filter(({ problem }) => problem === 'logistic')
  assert.is(logistic.length, 3)
  for (const example of logistic) {
    const { id, inputs, outer_steps, expect } = example
    const columns = inputs.x0.shape[0] - 1
    const model = sequential([input(columns), dense(1, { activation: 'sigmoid', kernelRegularizer: l2(inputs.l2) })])
    const optimizer = lbfgs(optionsOf(example))
    model.compile({ optimizer, loss: 'binaryCrossentropy' })
    const start = numbers(inputs.x0)
    model.parameters[0].set(start.slice(0, columns))
    model.parameters[1].set(start.slice(columns))
    const [features, targets] = [numbers(inputs.X), numbers(inputs.y)]
    for (let step = 0; step < outer_steps; step++) {
      const loss = model.trainStep(Float32Array.from(features), Float32Array.from(targets))
      assertClose([loss], [Number(expect.f64.loss_before[step])], TRAJECTORY, `${id}: loss before step ${step}`)
      const values = model.parameters.flatMap((parameter) => [...parameter.get()])
      assertClose(values, numbers(expect.f64.x[step]), SEARCHED, `${id}: parameters after step ${step}`)
    }
  }
})

test('an epoch of fit is one iteration over all rows, and its logs are those of where it ends', async () => {
  for (const make of solvers) {
    const optimizer = make()
    const model = solved(optimizer)
    const before = model.evaluate(x, y).loss
    const { metrics } = await model.fit(x, y, { epochs: 12 })
    const { loss, accuracy, logLoss } = model.evaluate(x, y)
    const last = metrics.loss.length - 1
    assert.ok(loss < 0.8 * before, `${optimizer.kind}: ${before} -> ${loss}`)
    if ('lineSearch' in optimizer.options && optimizer.options.lineSearch === 'none') continue
    assertClose(
      [metrics.loss[last], metrics.accuracy[last], metrics.logLoss[last]],
      [loss, accuracy, logLoss],
      OPERATION,
      optimizer.kind,
    )
    for (let i = 1; i <= last; i++) assert.ok(metrics.loss[i] <= metrics.loss[i - 1], `${optimizer.kind}: epoch ${i}`)
  }
})

test('fit with maxIterations 1 a step is trainStep on all rows', async () => {
  for (const make of [
    () => lbfgs({ maxIterations: 1 }),
    () => conjugateGradient({ maxIterations: 1 }),
    () => newtonCg({ maxIterations: 1 }),
  ]) {
    const [fitted, stepped] = [solved(make()), solved(make())]
    await fitted.fit(x, y, { epochs: 6 })
    for (let i = 0; i < 6; i++) stepped.trainStep(x, y)
    assert.is(bits(fitted.getWeights()), bits(stepped.getWeights()))
  }
})

test('rows beyond a chunk are summed up: the same mean, weighted, and the same bits for every number of threads', async () => {
  const many = 2500
  const wide = Float32Array.from({ length: many * 5 }, (_, i) => Math.sin(i * 1.3))
  const classes = Int32Array.from({ length: many }, (_, r) => (wide[r * 5] > 0.3 ? 2 : r % 2))
  const sampleWeight = Float32Array.from({ length: many }, (_, r) => (r < 900 ? 0 : 0.5 + (r % 3)))
  const once = solved(lbfgs())
  once.trainStep(wide, classes, { sampleWeight })
  const outcomes: string[] = []
  for (const threads of [1, 2, 3]) {
    const model = solved(lbfgs(), { threads })
    const { loss } = model.gradients(wide, classes, { sampleWeight })
    const { metrics } = await model.fit(wide, classes, { epochs: 8, sampleWeight })
    assert.ok(metrics.loss[0] < loss)
    outcomes.push(bits(model.getWeights()))
    model.close()
  }
  assert.is(outcomes[1], outcomes[0])
  assert.is(outcomes[2], outcomes[0])
  // 20 iterations in one batch, 20 epochs in three chunks: the same path but for rounding
  const chunked = solved(lbfgs())
  await chunked.fit(wide, classes, { epochs: 3, sampleWeight })
  const whole = solved(lbfgs({ maxIterations: 3 }))
  whole.trainStep(wide, classes, { sampleWeight })
  for (const [i, parameter] of chunked.parameters.entries()) {
    assertClose(parameter.get(), whole.parameters[i].get(), SEARCHED, parameter.name)
  }
})

test('what is frozen, and running statistics, are not moved by searches', async () => {
  const build = () => {
    const model = sequential(
      [input(5), dense(6), batchNorm(), dense(6, { activation: 'relu' }), dense(3, { activation: 'softmax' })],
      { seed: 1 },
    )
    model.freeze(1)
    model.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy' })
    return model
  }
  const model = build()
  const value = (name: string) => model.parameters.find((parameter) => parameter.name.endsWith(name))?.get()
  const [kernel, mean] = [value('dense_1.kernel'), value('movingMean') ?? value('runningMean')]
  const { metrics } = await model.fit(x, y, { epochs: 10 })
  assert.ok(metrics.loss[9] < metrics.loss[0])
  assert.equal(value('dense_1.kernel'), kernel)
  assert.ok(mean)
  // of a frozen layer the outputs stay: their mean is approached by a tenth of the distance each epoch
  const now = value('movingMean') ?? value('runningMean')
  assert.not.equal(now, mean)
  assert.ok(now?.every(Number.isFinite))
  // thawed, the solver begins anew in the larger space
  model.unfreeze(1)
  await model.fit(x, y, { epochs: 2 })
  assert.not.equal(value('dense_1.kernel'), kernel)
})

test('noise is the same throughout an iteration, so that losses can be compared', async () => {
  const model = sequential(
    [input(5), dense(16, { activation: 'relu' }), dropout(0.3), dense(3, { activation: 'softmax' })],
    {
      seed: 2,
    },
  )
  model.compile({ optimizer: conjugateGradient(), loss: 'sparseCategoricalCrossentropy' })
  const before = model.evaluate(x, y).loss
  await model.fit(x, y, { epochs: 15 })
  assert.ok(model.evaluate(x, y).loss < before)
})

test('stops when converged, and by callbacks and signals', async () => {
  const model = solved(lbfgs({ toleranceGradient: 1e-3 }))
  const reasons: (string | undefined)[] = []
  const watch: Callback = { onTrainEnd: (context) => void reasons.push(context.stopReason) }
  const { epoch } = await model.fit(x, y, { epochs: 1000, callbacks: [watch] })
  assert.ok(epoch.length < 1000)
  assert.match(reasons[0] ?? '', /^converged: no entry of the gradient/)

  const early = solved(lbfgs())
  const stopping = earlyStopping({ monitor: 'loss', patience: 1, minDelta: 10 })
  assert.is((await early.fit(x, y, { epochs: 50, callbacks: [stopping] })).epoch.length, 2)

  const controller = new AbortController()
  const aborted = solved(lbfgs())
  const weights: string[] = []
  const abort: Callback = {
    onEpochEnd(index) {
      weights.push(bits(aborted.getWeights()))
      if (index === 2) controller.abort(new Error('enough'))
    },
  }
  await rejects(() => aborted.fit(x, y, { epochs: 50, callbacks: [abort], signal: controller.signal }), Error, 'enough')
  assert.is(bits(aborted.getWeights()), weights[2])
})

test('parameters that a callback changes are evaluated anew', async () => {
  const zeroed = solved(lbfgs())
  const again: Callback = {
    onEpochEnd(index) {
      if (index === 1)
        for (const parameter of zeroed.parameters) parameter.set(new Float32Array(parameter.size).fill(0.1))
    },
  }
  const { metrics } = await zeroed.fit(x, y, { epochs: 4, callbacks: [again] })
  assert.ok(metrics.loss[2] > metrics.loss[1])
  assert.ok(metrics.loss[3] < metrics.loss[2])
})

test('a loss that is not finite ends training and changes nothing', async () => {
  const model = sequential([input(1), dense(1)], { seed: 1 })
  model.compile({ optimizer: lbfgs(), loss: 'meanSquaredError' })
  const before = bits(model.getWeights())
  const warn = console.warn
  console.warn = () => {}
  try {
    const { metrics } = await model.fit(Float32Array.of(1e30, 2), Float32Array.of(-1e38, 1), { epochs: 5 })
    assert.is(metrics.loss.length, 1)
  } finally {
    console.warn = warn
  }
  assert.is(bits(model.getWeights()), before)
})

test('losses of the user: in a callback, and as customLoss, in one chunk and in several', async () => {
  const many = 1500
  const wide = uniform(many * 5)
  const wanted = Float32Array.from({ length: many }, (_, r) => wide[r * 5] * wide[r * 5 + 1] + 0.3)
  const meanSquare = (outputs: Float32Array, targets: ArrayLike<number>, gradient: Float32Array) => {
    let loss = 0
    for (let i = 0; i < outputs.length; i++) {
      const error = outputs[i] - targets[i]
      loss += (error * error) / outputs.length
      gradient[i] = (2 * error) / outputs.length
    }
    return loss
  }
  const own = customLoss({ name: 'meanSquare', targets: 'values', compute: meanSquare })
  const build = (loss?: 'meanSquaredError' | typeof own) => {
    const model = sequential([input(5), dense(9, { activation: 'tanh' }), dense(1)], { seed: 3 })
    model.compile({ optimizer: lbfgs({ maxIterations: 5 }), loss })
    return model
  }
  const builtIn = build('meanSquaredError')
  const custom = build(own)
  const called = build()
  for (let i = 0; i < 2; i++) {
    const losses = [
      builtIn.trainStep(wide, wanted),
      custom.trainStep(wide, wanted),
      called.trainStep(wide, (outputs, gradient) => meanSquare(outputs, wanted, gradient)),
    ]
    assertClose(losses, Array(3).fill(losses[0]), SEARCHED, `losses before step ${i}`)
  }
  await builtIn.fit(wide, wanted, { epochs: 3 })
  await custom.fit(wide, wanted, { epochs: 3 })
  for (const [i, parameter] of builtIn.parameters.entries())
    assertClose(custom.parameters[i].get(), parameter.get(), SEARCHED, parameter.name)
})

test('on the digits, full batch, Adam at the best of three rates is not there in four times the passes of lbfgs', async () => {
  const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
  const images = Float32Array.from(read('digits-images-idx3-ubyte.gz'), (pixel) => pixel / 16)
  const labels = new Int32Array(read('digits-labels-idx1-ubyte.gz'))
  const stop: Callback = { onEpochEnd: (_, { loss }, context) => void (loss <= 1e-3 && context.stop('reached')) }
  const train = async (optimizer: Solver | ReturnType<typeof adam>, options: FitOptions) => {
    const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })], {
      seed: 2,
    })
    model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' })
    const { engine } = model
    const { computeGradients } = engine
    let chunks = 0
    engine.computeGradients = (...batch) => {
      chunks++
      return computeGradients.apply(engine, batch)
    }
    const { metrics } = await model.fit(images, labels, { ...options, callbacks: [stop] })
    return { chunks, loss: Math.min(...metrics.loss) }
  }
  const solved = await train(lbfgs(), { epochs: 60 })
  assert.ok(solved.loss <= 1e-3)
  // 1797 rows are two chunks
  const passes = solved.chunks / 2
  for (const learningRate of [0.01, 0.03, 0.1]) {
    const { loss } = await train(adam({ learningRate }), { epochs: 4 * passes, batchSize: 1797 })
    assert.ok(loss > 1e-3, `rate ${learningRate}: ${loss} in ${4 * passes} passes, lbfgs ${passes}`)
  }
})

test('refusals', async () => {
  const model = solved(lbfgs())
  await rejects(() => model.fit(x, y, { batchSize: 32 }), TypeError, '"batchSize" is not for the solver lbfgs')
  await rejects(() => model.fit(x, y, { stepsPerEpoch: 2 }), TypeError, '"stepsPerEpoch" is not for the solver')
  await rejects(() => model.fit(x, y, { maxIterations: 9 } as never), TypeError, 'say how many with "epochs"')
  await rejects(() => model.fit(x, y, null as never), TypeError, 'fit: ')
  await rejects(
    () => model.fit([{ x, y }][Symbol.iterator]() as never),
    TypeError,
    'evaluates the same rows many times',
  )
  await rejects(
    () =>
      model.fit(x, y, {
        epochs: 9,
        callbacks: [reduceLearningRateOnPlateau({ monitor: 'loss', patience: 0, minDelta: 9 })],
      }),
    RangeError,
    'cannot be scaled',
  )
  const loss = 'sparseCategoricalCrossentropy'
  refuses(() => model.compile({ optimizer: 'lbfgs' as never, loss }), TypeError, 'factory lbfgs() returns')
  refuses(
    () => model.compile({ optimizer: lbfgs(), loss, clipNorm: 1 }),
    RangeError,
    '"clipNorm" is not for the solver',
  )
})

test.run()
