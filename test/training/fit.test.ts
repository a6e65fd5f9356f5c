// The training loop: events, validation, stopping, aborting, data larger than the window.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  type Callback,
  configureRuntime,
  dense,
  earlyStopping,
  input,
  modelFromBytes,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
  terminateOnNaN,
  topKAccuracy,
} from '../../src/entries/public.ts'
import { bits, classifier, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const x = wave(60 * 4)
const y = Int32Array.from({ length: 60 }, (_, i) => (x[4 * i] > 0 ? 1 : 0) + (x[4 * i + 1] > 0.7 ? 1 : 0))
const followed = () => classifier({ metrics: ['accuracy', 'topKAccuracy'] })

const failure = async (act: Promise<unknown>): Promise<Error> => {
  try {
    await act
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

for (const target of targets) {
  const test = suite(`fit (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('events come in order, history has one entry per epoch', async () => {
    const events: string[] = []
    const note: Callback = {
      onTrainBegin: () => void events.push('begin'),
      onEpochBegin: (epoch) => void events.push(`epoch ${epoch}`),
      onBatchEnd: (batch) => void events.push(`batch ${batch}`),
      onEpochEnd: (epoch, logs) => void events.push(`end ${epoch} ${Object.keys(logs).join()}`),
      onTrainEnd: () => void events.push('done'),
    }
    const history = await followed().fit(x, y, { epochs: 2, batchSize: 25, callbacks: [note], validationSplit: 0.2 })
    const keys = 'loss,accuracy,topKAccuracy,val_loss,val_accuracy,val_topKAccuracy'
    assert.equal(events, [
      'begin',
      'epoch 0',
      'batch 0',
      'batch 1',
      `end 0 ${keys}`,
      'epoch 1',
      'batch 0',
      'batch 1',
      `end 1 ${keys}`,
      'done',
    ])
    assert.equal(history.epoch, [0, 1])
    assert.equal(Object.keys(history.metrics), keys.split(','))
    assert.ok(Object.values(history.metrics).every((values) => values.length === 2))
  })

  test('validation takes the last rows, and reports what evaluate does', async () => {
    const model = followed()
    const history = await model.fit(x, y, { epochs: 1, validationSplit: 0.25 })
    const held = model.evaluate(x.subarray(45 * 4), y.subarray(45))
    assert.is(history.metrics.val_loss[0], held.loss)
    assert.is(history.metrics.val_accuracy[0], held.accuracy)
  })

  test('validation rows weigh what they are told', async () => {
    const model = followed()
    const sampleWeight = Float32Array.from(y, (_, i) => (i % 4) / 2)
    const { metrics } = await model.fit(x, y, { validationData: [x, y, sampleWeight] })
    const expected = model.evaluate(x, y, { sampleWeight })
    assert.equal([metrics.val_loss[0], metrics.val_accuracy[0]], [expected.loss, expected.accuracy])
    assert.is.not(metrics.val_loss[0], model.evaluate(x, y).loss)
    const cut = [x, y, sampleWeight.subarray(1)] as const
    assert.match((await failure(model.fit(x, y, { validationData: cut }))).message, /sampleWeight/)
    const three = [x, y, sampleWeight, y] as unknown as typeof cut
    assert.match((await failure(model.fit(x, y, { validationData: three }))).message, /\[x, y, sampleWeight\]/)
  })

  test('callbacks may predict and evaluate between steps, which changes nothing', async () => {
    const plain = followed()
    const watched = followed()
    const seen: number[] = []
    const watch: Callback = {
      onBatchEnd: (_batch, _logs, { model }) => void model.predict(x.subarray(0, 8)),
      onEpochEnd: (_epoch, _logs, { model }) => void seen.push(model.evaluate(x, y).loss),
    }
    await plain.fit(x, y, { epochs: 3, batchSize: 16 })
    await watched.fit(x, y, { epochs: 3, batchSize: 16, callbacks: [watch] })
    assert.equal(bits(watched), bits(plain))
    assert.ok(seen.length === 3 && seen[2] < seen[0])
  })

  test('reported means are exact over a short last batch', async () => {
    const model = followed()
    model.compile({
      optimizer: sgd({ learningRate: 0 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy', 'topKAccuracy'],
    })
    const expected = model.evaluate(x, y)
    const { metrics } = await model.fit(x, y, { epochs: 1, batchSize: 7 })
    assert.ok(Math.abs(metrics.loss[0] - expected.loss) < 1e-6)
    assert.is(metrics.accuracy[0], expected.accuracy)
    assert.is(metrics.topKAccuracy[0], expected.topKAccuracy)
  })

  test('early stopping restores the best weights', async () => {
    const model = followed()
    const snapshots: number[][] = []
    const losses: number[] = []
    const spy: Callback = {
      onEpochEnd(_, logs) {
        snapshots.push(bits(model))
        losses.push(logs.val_loss)
      },
    }
    model.compile({ optimizer: adam({ learningRate: 0.3 }), loss: 'sparseCategoricalCrossentropy' })
    await model.fit(x, y, {
      epochs: 200,
      validationSplit: 0.3,
      callbacks: [spy, earlyStopping({ patience: 3, restoreBestWeights: true })],
    })
    assert.ok(losses.length < 200)
    const best = losses.indexOf(Math.min(...losses))
    assert.is(losses.length, best + 4)
    assert.equal(bits(model), snapshots[best])
  })

  test('a plateau lowers the rate', async () => {
    const model = followed()
    // a rate too small to change anything
    model.compile({ optimizer: sgd({ learningRate: 1e-12 }), loss: 'sparseCategoricalCrossentropy' })
    const rates: number[] = []
    await model.fit(x, y, {
      epochs: 5,
      validationSplit: 0.2,
      callbacks: [
        reduceLearningRateOnPlateau({ patience: 1, factor: 0.5 }),
        { onEpochEnd: (_, __, { learningRateScale }) => void rates.push(learningRateScale) },
      ],
    })
    assert.equal(rates, [1, 0.5, 0.25, 0.125, 0.0625])
  })

  test('a loss that is not a number ends training', async () => {
    const model = followed()
    model.compile({ optimizer: sgd({ learningRate: 1e38 }), loss: 'sparseCategoricalCrossentropy' })
    const { epoch } = await model.fit(x, y, { epochs: 1000, callbacks: [terminateOnNaN()] })
    assert.ok(epoch.length < 1000)
  })

  test('maxSteps and stepsPerEpoch count updates', async () => {
    const count = async (options: object) => {
      let batches = 0
      const model = followed()
      const { epoch } = await model.fit(x, y, {
        batchSize: 10,
        epochs: 4,
        callbacks: [{ onBatchEnd: () => void batches++ }],
        ...options,
      })
      return [epoch.length, batches, model.engine.steps]
    }
    assert.equal(await count({}), [4, 24, 24])
    assert.equal(await count({ stepsPerEpoch: 2 }), [4, 8, 8])
    assert.equal(await count({ maxSteps: 8 }), [2, 8, 8])
    assert.equal(await count({ initialEpoch: 3 }), [1, 6, 6])
  })

  test('aborting rejects with the reason; done steps stay, and training can go on', async () => {
    const model = followed()
    const controller = new AbortController()
    const reason = new Error('enough')
    let steps = 0
    const error = await failure(
      model.fit(x, y, {
        epochs: 1000,
        batchSize: 10,
        signal: controller.signal,
        callbacks: [
          {
            onBatchEnd() {
              steps++
              if (steps === 9) controller.abort(reason)
            },
          },
        ],
      }),
    )
    assert.is(error, reason)
    assert.is(model.engine.steps, 9)
    await model.fit(x, y, { epochs: 1 })
    const late = await failure(model.fit(x, y, { signal: AbortSignal.abort(reason) }))
    assert.is(late, reason)
  })

  test('a timer fires while fit runs, and one fit runs at a time', async () => {
    const model = sequential([input(4), dense(256, { activation: 'tanh' }), dense(3, { activation: 'softmax' })])
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    const running = failure(model.fit(x, y, { epochs: 1e6, signal: controller.signal }))
    assert.ok((await failure(model.fit(x, y))).message.includes('still running'))
    assert.throws(() => model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' }), /still running/)
    assert.is(model.predict(x).length, 180)
    assert.is((await running).name, 'AbortError')
  })

  test('classes weigh what they are told', async () => {
    const [one, two] = [followed(), followed()]
    await one.fit(x, y, { shuffle: false, classWeight: { 1: 3 } })
    await two.fit(x, y, { shuffle: false, sampleWeight: Array.from(y, (label) => (label === 1 ? 3 : 1)) })
    assert.equal(bits(one), bits(two))
  })

  test('predicting and evaluating between steps changes nothing', async () => {
    const sampleWeight = Array.from({ length: 60 }, (_, i) => 1 + (i % 3))
    const [quiet, disturbed] = [followed(), followed()]
    await quiet.fit(x, y, { epochs: 3, batchSize: 16, sampleWeight })
    const more = wave(500 * 4)
    const peek = {
      onBatchEnd() {
        disturbed.predict(more)
        disturbed.evaluate(x, y)
        assert.throws(() => disturbed.gradients(more, new Int32Array(500)), /running fit/)
      },
    }
    await disturbed.fit(x, y, { epochs: 3, batchSize: 16, sampleWeight, callbacks: [peek] })
    assert.equal(bits(disturbed), bits(quiet))
    disturbed.gradients(more, new Int32Array(500))
  })

  test('shuffled training in two parts is training in one', async () => {
    const [parts, whole] = [followed(), followed()]
    await whole.fit(x, y, { epochs: 4, batchSize: 7 })
    await parts.fit(x, y, { epochs: 2, batchSize: 7 })
    const resumed = modelFromBytes(parts.toBytes({ includeOptimizer: true }))
    await resumed.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 7 })
    assert.equal(bits(resumed), bits(whole))
  })

  test('class weights are not for validation', async () => {
    const run = async (classWeight: object) => {
      const model = followed()
      model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'sparseCategoricalCrossentropy' })
      return (await model.fit(x, y, { validationSplit: 0.3, ...classWeight })).metrics.val_loss[0]
    }
    assert.is(await run({ classWeight: { 0: 100 } }), await run({}))
  })

  test('metrics of one kind have names of their own', () => {
    const model = followed()
    const metrics = [topKAccuracy({ k: 1 }), topKAccuracy({ k: 2 })]
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics })
    assert.equal(Object.keys(model.evaluate(x, y)), ['loss', 'topKAccuracy', 'topKAccuracy_2'])
  })

  test('partialFit goes on where training stands', async () => {
    const [parts, whole] = [followed(), followed()]
    await parts.partialFit(x, y, { batchSize: 20 })
    await parts.partialFit(x, y, { batchSize: 20 })
    await whole.fit(x, y, { batchSize: 20, epochs: 2, shuffle: false })
    assert.equal(bits(parts), bits(whole))
  })

  test.run()
}
