// Options of fit about batches, validation and the event loop.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  type BatchInput,
  batchNorm,
  type Callback,
  configureRuntime,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  input,
  type Layer,
  l2,
  learningRateScheduler,
  type Model,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
  stepDecay,
} from '../../src/entries/public.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const layers: readonly Layer[] = [input(4), dense(6, { activation: 'tanh', kernelRegularizer: l2(0.01) }), dense(3)]

function model(own = layers, threads = 1): Model {
  const made = sequential(own, { seed: 4, threads })
  made.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })
  return made
}

const data = (rows: number) => [wave(4 * rows), wave(3 * rows, 2)] as const

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

for (const target of targets) {
  const test = suite(`options of fit (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('accumulated batches make the update of one that is as large', async () => {
    for (const weights of [undefined, Float32Array.from({ length: 50 }, (_, i) => i % 5)]) {
      const options: FitOptions = { epochs: 3, ...(weights && { sampleWeight: weights }) }
      const whole = model()
      const parts = model()
      const expected = await whole.fit(...data(50), { ...options, batchSize: 12 })
      const actual = await parts.fit(...data(50), { ...options, batchSize: 4, accumulate: 3 })
      assert.is(parts.engine.steps, whole.engine.steps)
      assert.is(parts.engine.steps, 15)
      for (const name of Object.keys(expected.metrics))
        assertClose(actual.metrics[name], expected.metrics[name], 1e-5, name)
      assertClose(bits(parts), bits(whole), 1e-5, 'value')
    }
  })

  test('batches of a source are accumulated, the last of them too', async () => {
    const rows = [4, 2, 6, 3, 5]
    const [x, y] = data(20)
    const source = {
      *[Symbol.iterator]() {
        let first = 0
        for (const count of rows) {
          yield { x: x.subarray(first * 4, (first + count) * 4), y: y.subarray(first * 3, (first + count) * 3) }
          first += count
        }
      },
    }
    const actual = model()
    await actual.fit(source, { epochs: 2, accumulate: 2 })
    const expected = model()
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const [from, to] of [
        [0, 6],
        [6, 15],
        [15, 20],
      ])
        expected.trainStep(x.subarray(from * 4, to * 4), y.subarray(from * 3, to * 3))
    }
    assert.is(actual.engine.steps, 6)
    assertClose(bits(actual), bits(expected), 1e-5, 'value')
  })

  test('accumulated batches have noise of their own, and all enter the running statistics', async () => {
    const noisy = sequential([input(4), dropout(0.5), dense(1, { useBias: false, kernelInitializer: 'ones' })], {
      seed: 1,
    })
    noisy.compile({ optimizer: sgd({ learningRate: 0.25 }), loss: 'meanAbsoluteError' })
    // where y is above its target, the gradient of a weight is the share of rows whose input was kept, times 2
    await noisy.fit(new Float32Array(4 * 2).fill(1), [-9, -9], { batchSize: 1, accumulate: 2 })
    const alone = sequential([input(4), dropout(0.5), dense(1, { useBias: false, kernelInitializer: 'ones' })], {
      seed: 1,
    })
    alone.compile({ optimizer: sgd({ learningRate: 0.25 }), loss: 'meanAbsoluteError' })
    alone.trainStep([1, 1, 1, 1], [-9])
    assert.not.equal(bits(noisy), bits(alone))

    const normed = model([input(4), batchNorm({ momentum: 0.5 }), dense(3)])
    const stepwise = model([input(4), batchNorm({ momentum: 0.5 }), dense(3)])
    const [x, y] = data(8)
    await normed.fit(x, y, { batchSize: 4, accumulate: 2, shuffle: false })
    for (const [from, to] of [
      [0, 4],
      [4, 8],
    ])
      stepwise.trainStep(x.subarray(from * 4, to * 4), y.subarray(from * 3, to * 3))
    const running = (each: Model) => each.parameters.slice(2, 4).flatMap((parameter) => [...parameter.get()])
    assertClose(running(normed), running(stepwise), 1e-6, 'statistics')
  })

  test('dropLast leaves out rows that do not fill a batch', async () => {
    const actual = model()
    const seen: number[] = []
    const watch: Callback = { onEpochEnd: (_, __, { rows }) => void seen.push(rows) }
    await actual.fit(...data(22), { epochs: 2, batchSize: 5, dropLast: true, shuffle: false, callbacks: [watch] })
    assert.equal(seen, [20, 20])
    const expected = model()
    await expected.fit(...data(20), { epochs: 2, batchSize: 5, shuffle: false })
    assert.equal(bits(actual), bits(expected))
    const shuffled = model()
    await shuffled.fit(...data(22), { epochs: 3, batchSize: 5, dropLast: true, accumulate: 3 })
    assert.is(shuffled.engine.steps, 6)
    // a last row alone is no batch for batch normalization
    const normed = model([input(4), batchNorm(), dense(3)])
    await normed.fit(...data(9), { batchSize: 4, dropLast: true })
  })

  test('validation from a source is that of its rows, and so is evaluate', async () => {
    const [x, y] = data(30)
    const source: Iterable<BatchInput> = {
      *[Symbol.iterator]() {
        for (const [from, to] of [
          [0, 4],
          [4, 5],
          [5, 30],
        ])
          yield { x: x.subarray(from * 4, to * 4), y: y.subarray(from * 3, to * 3) }
      },
    }
    async function* slow() {
      for (const batch of source) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        yield batch
      }
    }
    const expected = await model().fit(...data(40), { epochs: 3, validationData: [x, y] })
    for (const validationData of [source, { [Symbol.asyncIterator]: slow }]) {
      const actual = await model().fit(...data(40), { epochs: 3, validationData })
      assert.equal(actual.metrics.loss, expected.metrics.loss)
      for (const name of ['val_loss', 'val_meanAbsoluteError'])
        assertClose(actual.metrics[name], expected.metrics[name], 1e-6, name)
    }
    const made = model()
    const whole = made.evaluate(x, y)
    for (const batches of [source, slow()]) {
      const logs = await made.evaluate(batches)
      assertClose(Object.values(logs), Object.values(whole), 1e-6, 'evaluate')
    }
    const outputs = made.predict(x)
    const inputs = {
      *[Symbol.iterator]() {
        yield x.subarray(0, 16)
        yield { x: x.subarray(16) }
      },
    }
    assert.equal(await made.predict(inputs), outputs)
  })
  test.run()
}

const test = suite('options of fit')

test('bits of accumulated batches do not depend on threads', async () => {
  const run = async (threads: number) => {
    const made = model([input(4), dense(40, { activation: 'relu' }), dropout(0.2), dense(3)], threads)
    await made.fit(...data(300), { epochs: 2, batchSize: 50, accumulate: 2 })
    made.close()
    return bits(made)
  }
  assert.equal(await run(2), await run(1))
})

test('validationFrequency: other epochs have no metrics of validation, and callbacks wait', async () => {
  const made = model()
  const counts: number[] = []
  const watch: Callback = {
    onEpochEnd(_, logs, { validationFrequency }) {
      counts.push(Object.keys(logs).length)
      assert.is(validationFrequency, 3)
    },
  }
  const { metrics, epoch } = await made.fit(...data(20), {
    epochs: 7,
    validationSplit: 0.5,
    validationFrequency: 3,
    callbacks: [watch, earlyStopping({ patience: 9 }), reduceLearningRateOnPlateau()],
  })
  assert.equal(counts, [2, 2, 4, 2, 2, 4, 2])
  assert.equal(
    metrics.val_loss.map((value) => Number.isNaN(value)),
    [true, true, false, true, true, false, true],
  )
  assert.is(epoch.length, 7)
  // nothing gets better: the first validation is the best, the second the last
  const still = model()
  still.freeze(1, 2)
  const stopped = await still.fit(...data(20), {
    epochs: 20,
    validationSplit: 0.5,
    validationFrequency: 2,
    callbacks: [earlyStopping({ patience: 1 })],
  })
  assert.is(stopped.epoch.length, 4)
  const missing = made.fit(...data(20), { validationFrequency: 2, callbacks: [earlyStopping()] })
  await rejects(missing, RangeError, 'there is no metric "val_loss" to monitor')
})

test('learningRateScheduler: the rate of every epoch is what it returns', async () => {
  const made = model()
  made.compile({ optimizer: sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' })
  const seen: [number, number][] = []
  const used: number[] = []
  const watch: Callback = { onEpochEnd: (_, __, { learningRate }) => void used.push(learningRate) }
  const rates = [0.25, 0.25, 0, 0.125]
  const scheduler = learningRateScheduler((epoch, rate) => {
    seen.push([epoch, rate])
    return rates[epoch]
  })
  await made.fit(...data(20), { epochs: 4, callbacks: [scheduler, watch] })
  assert.equal(used, rates)
  assert.equal(seen, [
    [0, 0.5],
    [1, 0.25],
    [2, 0.25],
    [3, 0],
  ])
  const scheduled = model()
  scheduled.compile({
    optimizer: sgd({ learningRate: stepDecay({ learningRate: 1, stepSize: 1, gamma: 0.5 }) }),
    loss: 'meanSquaredError',
  })
  used.length = 0
  const once = learningRateScheduler((epoch, rate) => (epoch === 0 ? 0.5 : rate))
  await scheduled.fit(...data(20), { epochs: 3, callbacks: [once, watch] })
  assert.equal(used, [0.5, 0.25, 0.125])
  refuses(() => learningRateScheduler(0.1 as never), TypeError, 'learningRateScheduler: "rateOf" must be a function')
  const negative = made.fit(...data(20), { callbacks: [learningRateScheduler(() => -1)] })
  await rejects(negative, RangeError, 'learningRateScheduler: "rateOf" must be a finite number at least 0, got -1')
})

test('yieldEvery: how long the event loop waits at most', async () => {
  const turns = async (yieldEvery: number) => {
    let count = 0
    const timer = setInterval(() => count++, 1)
    let progress = 0
    const watch: Callback = { onProgress: () => void progress++ }
    await classifier().fit(wave(4 * 20_000), labels(20_000), { epochs: 20, yieldEvery, callbacks: [watch] })
    clearInterval(timer)
    return [count, progress]
  }
  const [often, seldom] = [await turns(2), await turns(1e6)]
  assert.ok(often[0] > 2 && often[1] > 2, `${often}`)
  assert.is(seldom[1], 0)
})

test('options are checked', async () => {
  const fit = (options: object) => model().fit(...data(6), options)
  await rejects(fit({ accumulate: 0 }), RangeError, 'fit: "accumulate" must be a whole number at least 1, got 0')
  await rejects(fit({ dropLast: 1 }), TypeError, 'fit: "dropLast" must be true or false, got 1')
  await rejects(
    fit({ dropLast: true }),
    RangeError,
    'fit: "dropLast" leaves out all of 6 rows, which do not fill a batch of 32',
  )
  await rejects(fit({ validationFrequency: 0 }), RangeError, '"validationFrequency" must be a whole number at least 1')
  await rejects(fit({ yieldEvery: -1 }), RangeError, 'fit: "yieldEvery" must be a finite number at least 0, got -1')
  await rejects(
    fit({ validationData: 5 }),
    TypeError,
    '"validationData" must be [x, y], [x, y, sampleWeight] or a source',
  )
  await rejects(
    fit({ validationData: { [Symbol.iterator]: () => [][Symbol.iterator]() } }),
    RangeError,
    'has no batches',
  )
  const once = (function* () {
    yield { x: wave(4), y: wave(3) }
  })()
  await rejects(fit({ epochs: 2, validationData: once }), TypeError, 'the batches can be read only once')
  const odd = {
    *[Symbol.iterator]() {
      yield { x: wave(4) }
    },
  }
  await rejects(
    fit({ validationData: odd }),
    TypeError,
    'fit: validationData: every batch must be an object { x, y, sampleWeight? }',
  )
  const streamed = model().fit(
    {
      *[Symbol.iterator]() {
        yield { x: wave(4), y: wave(3) }
      },
    },
    { dropLast: true },
  )
  await rejects(streamed, TypeError, 'fit: "dropLast" is for arrays')
})
test.run()
