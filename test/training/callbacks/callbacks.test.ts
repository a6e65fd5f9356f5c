import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkCallbacks } from '../../../src/training/callbacks/callback.ts'
import {
  type Callback,
  csvLogger,
  earlyStopping,
  type Logs,
  lambdaCallback,
  modelCheckpoint,
  progressBar,
  reduceLearningRateOnPlateau,
  tensorBoard,
  terminateOnNaN,
} from '../../../src/training/callbacks/callbacks.ts'
import { assertClose, readGolden } from '../../support/golden.ts'
import { rejects } from '../../support/refuses.ts'
import { losses, Training } from '../../support/training.ts'

test('earlyStopping: patience 0 stops at the first epoch without improvement', async () => {
  const training = new Training()
  assert.is(await training.run(earlyStopping(), losses(3, 2, 2, 1)), 3)
  assert.is(training.stopReason, 'val_loss has not improved for 1 epoch (best 2.0000 in epoch 2)')
  assert.is(training.weights[0], 2)
})

test('earlyStopping: patience, minDelta, startFromEpoch', async () => {
  const run = (options: object, logs: Logs[]) => new Training().run(earlyStopping(options), logs)
  assert.is(await run({ patience: 2 }, losses(3, 4, 2, 3, 2, 1)), 5)
  assert.is(await run({ patience: 3 }, losses(3, 4, 2, 3, 2, 1)), 6)
  assert.is(await run({ minDelta: 0.5 }, losses(3, 2.6, 1)), 2)
  assert.is(await run({ minDelta: 0.3 }, losses(3, 2.6, 2.5)), 3)
  assert.is(await run({ startFromEpoch: 3 }, losses(1, 2, 3, 9, 9, 9)), 5)
  assert.is(await run({}, losses(1, Number.NaN, 0.5)), 2)
})

test("earlyStopping: the mode comes from the metric's name", async () => {
  const rising = (name: string) => [0.1, 0.2, 0.3].map((value) => ({ [name]: value }))
  const run = (name: string, mode?: 'min' | 'max') =>
    new Training().run(earlyStopping({ monitor: name, ...(mode && { mode }) }), rising(name))
  for (const name of [
    'accuracy',
    'val_binaryAccuracy',
    'topKAccuracy',
    'val_auc',
    'f1Score',
    'precision',
    'recall',
    'r2Score',
  ]) {
    assert.is(await run(name), 3, name)
    assert.is(await run(name, 'min'), 2, name)
  }
  for (const name of ['loss', 'val_meanSquaredError', 'logLoss']) {
    assert.is(await run(name), 2, name)
    assert.is(await run(name, 'max'), 3, name)
  }
})

test('reduceLearningRateOnPlateau: a relative threshold is a part of the best value', async () => {
  const run = async (options: object, logs: Logs[]) => {
    const training = new Training(1)
    const relative = { factor: 0.5, patience: 1, minDelta: 0.1, thresholdMode: 'relative' as const, ...options }
    await training.run(reduceLearningRateOnPlateau(relative), logs)
    return training.learningRate
  }
  // PyTorch's: better below best (1 - threshold), in 'max' above best (1 + threshold)
  assert.is(await run({}, losses(100, 89, 80)), 1)
  assert.is(await run({}, losses(100, 91)), 0.5)
  assert.is(await run({}, losses(0.01, 0.0089)), 1)
  assert.is(await run({ thresholdMode: 'absolute' }, losses(0.01, 0.0089)), 0.5)
  const rising = (...values: number[]) => values.map((value) => ({ val_auc: value }))
  assert.is(await run({ monitor: 'val_auc' }, rising(0.5, 0.56)), 1)
  assert.is(await run({ monitor: 'val_auc' }, rising(0.5, 0.54)), 0.5)
  // below 0 too, better is better
  assert.is(await run({}, losses(-10, -11.5)), 1)
  assert.is(await run({}, losses(-10, -10.5)), 0.5)
  const odd = () => reduceLearningRateOnPlateau({ thresholdMode: 'rel' } as object)
  assert.throws(odd, /unknown thresholdMode "rel"/)
})

test('earlyStopping: the best weights come back, stopped or not', async () => {
  const stopped = new Training()
  assert.is(await stopped.run(earlyStopping({ patience: 2, restoreBestWeights: true }), losses(3, 1, 2, 2, 0)), 4)
  assert.is(stopped.weights[0], 1)
  const finished = new Training()
  assert.is(await finished.run(earlyStopping({ patience: 9, restoreBestWeights: true }), losses(3, 1, 2)), 3)
  assert.is(finished.weights[0], 1)
})

test('earlyStopping: a baseline must be beaten for waiting to start anew', async () => {
  const callback = earlyStopping({ patience: 2, baseline: 1 })
  assert.is(await new Training().run(callback, losses(3, 2, 2.5, 0)), 3)
  assert.is(await new Training().run(callback, losses(3, 0.5, 2, 2, 2)), 4)
})

test('earlyStopping: starts anew with every training', async () => {
  const callback = earlyStopping({ restoreBestWeights: true })
  assert.is(await new Training().run(callback, losses(1, 2)), 2)
  const again = new Training()
  assert.is(await again.run(callback, losses(9, 8, 8)), 3)
  assert.is(again.weights[0], 1)
})

test('a metric that does not exist is named with those that do', async () => {
  const run = (callback: Callback) => () => new Training().run(callback, [{ loss: 1, accuracy: 0.5 }])
  await rejects(
    run(earlyStopping()),
    RangeError,
    /^earlyStopping: there is no metric "val_loss" to monitor; available: loss, accuracy; give fit validationData or validationSplit$/,
  )
  await rejects(
    run(reduceLearningRateOnPlateau({ monitor: 'acc' })),
    RangeError,
    /no metric "acc" to monitor; available: loss, accuracy$/,
  )
  await rejects(
    run(modelCheckpoint({ path: 'x', saveBestOnly: true })),
    RangeError,
    /modelCheckpoint: there is no metric "val_loss"/,
  )
  await rejects(
    run(modelCheckpoint({ path: 'x{val_loss}' })),
    RangeError,
    /"path" names \{val_loss\}, but there is no such metric; available: epoch, loss, accuracy/,
  )
})

interface ScheduleCase {
  schedule: string
  config: {
    lr: number
    factor: number
    patience: number
    threshold: number
    threshold_mode: string
    cooldown: number
    min_lr: number
  }
  inputs: { metrics: number[] }
  expect: { lr: number[] }
}

test("reduceLearningRateOnPlateau: PyTorch's, whose patience is one less", async () => {
  const golden = readGolden<{ cases: ScheduleCase[] }>('schedules').cases.filter(
    ({ schedule }) => schedule === 'reduce_on_plateau',
  )
  assert.is(golden.length, 2)
  for (const { config, inputs, expect } of golden) {
    const training = new Training(config.lr)
    const callback = reduceLearningRateOnPlateau({
      monitor: 'loss',
      factor: config.factor,
      patience: config.patience + 1,
      // no improvement of these metrics lies between a relative and an absolute threshold of 1e-4
      minDelta: config.threshold,
      cooldown: config.cooldown,
      minLearningRate: config.min_lr,
    })
    const rates: number[] = []
    await training.run(
      callback,
      inputs.metrics.map((loss) => ({ loss })),
      () => rates.push(training.learningRate),
    )
    assertClose(rates, expect.lr, { absolute: 0, relative: 1e-12 }, config.threshold_mode)
  }
})

test("reduceLearningRateOnPlateau: Keras' defaults, on top of a schedule", async () => {
  const training = new Training()
  await training.run(reduceLearningRateOnPlateau(), losses(...new Array(10).fill(1)))
  assert.is(training.learningRateScale, 1)
  await training.run(reduceLearningRateOnPlateau(), losses(...new Array(11).fill(1)))
  assert.is(training.learningRateScale, 0.1)
  training.baseRate = 0.05
  await training.run(reduceLearningRateOnPlateau({ factor: 0.5, patience: 1, minLearningRate: 0.004 }), losses(1, 1, 1))
  assert.ok(Math.abs(training.learningRate - 0.004) < 1e-15)
  const rising = new Training()
  await rising.run(reduceLearningRateOnPlateau({ monitor: 'accuracy', patience: 1 }), [
    { accuracy: 0.1 },
    { accuracy: 0.2 },
  ])
  assert.is(rising.learningRateScale, 1)
})

test("terminateOnNaN: at the epoch's end or in its midst", async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const training = new Training()
    assert.is(await training.run(terminateOnNaN(), [{ loss: 1 }, { loss: bad }, { loss: 1 }]), 2)
    assert.is(training.stopReason, `the loss is ${bad} in epoch 2; try a smaller learningRate or clipNorm`)
    const midst = new Training()
    terminateOnNaN().onProgress?.({ epoch: 0, epochs: 3, batch: 1, batches: 9, rows: 32, logs: { loss: bad } }, midst)
    assert.match(midst.stopReason ?? '', /in epoch 1/)
  }
})

test('lambdaCallback and own callbacks are checked', async () => {
  const calls: string[] = []
  const callback = lambdaCallback({
    onTrainBegin: () => void calls.push('begin'),
    onEpochEnd: async (epoch) => void calls.push(`end ${epoch}`),
  })
  await new Training().run(callback, [{ loss: 1 }, { loss: 1 }])
  assert.equal(calls, ['begin', 'end 0', 'end 1'])
  assert.throws(
    () => lambdaCallback({ onEpochEnds: () => {} } as Callback),
    /lambdaCallback: unknown option "onEpochEnds"; did you mean "onEpochEnd"\?/,
  )
  const check =
    (...callbacks: unknown[]) =>
    () =>
      checkCallbacks('fit', callbacks)
  class Own {
    history = []
    onEpochEnd() {}
  }
  assert.is(check(new Own(), callback, progressBar())().length, 3)
  assert.throws(() => checkCallbacks('fit', callback), /fit: "callbacks" must be an array, got an object/)
  assert.throws(
    check(earlyStopping),
    /fit: "callbacks\[0\]" must be an object with event functions, got function earlyStopping; call it: earlyStopping\(\)/,
  )
  assert.throws(check(callback, { onEpochEnd: 3 }), /fit: "callbacks\[1\]\.onEpochEnd" must be a function, got 3/)
  assert.throws(
    check({ onBatchend: () => {} }),
    /"callbacks\[0\]" has unknown event "onBatchend"; did you mean "onBatchEnd"\?/,
  )
  assert.throws(check({}), /"callbacks\[0\]" has none of onTrainBegin, /)
  assert.throws(check(null), /must be an object with event functions, got null/)
})

test('callbacks: bad options are refused by name', () => {
  assert.throws(() => earlyStopping({ patience: -1 }), /earlyStopping: "patience" must be a whole number at least 0/)
  assert.throws(() => earlyStopping({ mode: 'maximum' as 'max' }), /earlyStopping: unknown mode "maximum"/)
  assert.throws(
    () => earlyStopping({ monitor: 3 as never }),
    /earlyStopping: "monitor" must be the name of a metric, got 3/,
  )
  assert.throws(() => earlyStopping({ minDelta: -1 }), /"minDelta"/)
  assert.throws(() => earlyStopping({ baseline: Number.NaN }), /"baseline"/)
  assert.throws(() => earlyStopping({ restoreBestWeight: true } as object), /did you mean "restoreBestWeights"\?/)
  assert.throws(
    () => reduceLearningRateOnPlateau({ factor: 1 }),
    /"factor" must be a finite number greater than 0 and less than 1, got 1/,
  )
  assert.throws(() => reduceLearningRateOnPlateau({ minLr: 0 } as object), /unknown option "minLr"/)
  assert.throws(() => modelCheckpoint({} as never), /modelCheckpoint: "path" must be a path, got undefined/)
  assert.throws(() => csvLogger({ path: '' }), /csvLogger: "path" must be a path, got ""/)
  assert.throws(() => csvLogger({ path: 'x', separator: ', ' }), /csvLogger: "separator" must be one character/)
  assert.throws(
    () => tensorBoard({ logdir: 'x' } as object),
    /tensorBoard: unknown option "logdir"; did you mean "logDir"\?/,
  )
  assert.throws(() => progressBar({ stream: 1 } as object), /progressBar: unknown option "stream"/)
})

test('callbacks: what is left undefined takes its default', () => {
  assert.ok(earlyStopping({ patience: undefined } as object))
  assert.throws(() => earlyStopping({ patience: null } as object), /earlyStopping: "patience" must be a whole number/)
})

test.run()
