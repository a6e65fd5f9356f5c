// What fit does with rates, logs, steps and splits between epochs and calls, and what it warns of.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Callback,
  dense,
  type FitOptions,
  input,
  modelFromBytes,
  sequential,
  sgd,
  terminateOnNaN,
} from '../../src/entries/public.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, classifier, wave } from '../support/samples.ts'

const ROWS = 60
const x = wave(ROWS * 4)
const y = Int32Array.from({ length: ROWS }, (_, i) => i % 3)

/** What is said on the console meanwhile. */
async function warnings(act: () => Promise<unknown>): Promise<string[]> {
  const said: string[] = []
  const { warn } = console
  console.warn = (text: string) => void said.push(text)
  try {
    await act()
  } finally {
    console.warn = warn
  }
  return said
}

test('a rate that callbacks have scaled is for its own fit, unless a training goes on', async () => {
  const model = classifier()
  const seen: number[] = []
  const halve: Callback = {
    onEpochEnd(_epoch, _logs, context) {
      context.learningRateScale *= 0.5
    },
  }
  const look: Callback = { onTrainBegin: ({ learningRateScale }) => void seen.push(learningRateScale) }
  await model.fit(x, y, { epochs: 2, callbacks: [halve, look] })
  await model.fit(x, y, { callbacks: [look] })
  await model.fit(x, y, { epochs: 2, callbacks: [halve] })
  const resumed = modelFromBytes(model.toBytes({ includeOptimizer: true }))
  await model.fit(x, y, { epochs: 3, initialEpoch: 2, callbacks: [look] })
  await resumed.fit(x, y, { epochs: 3, initialEpoch: 2, callbacks: [look] })
  await model.partialFit(x, y, { callbacks: [look] })
  await model.fit(x, y, { callbacks: [look] })
  assert.equal(seen, [1, 1, 0.25, 0.25, 0.25, 1])
})

test('numbers that a callback adds to the logs reach later callbacks and the history', async () => {
  const seen: number[] = []
  const add: Callback = {
    onEpochEnd(epoch, logs) {
      logs.own = 10 * epoch
      if (epoch === 1) logs.late = 7
    },
  }
  const look: Callback = { onEpochEnd: (_epoch, logs) => void seen.push(logs.own) }
  const { metrics } = await classifier().fit(x, y, { epochs: 3, callbacks: [add, look] })
  assert.equal(seen, [0, 10, 20])
  assert.equal(metrics.own, [0, 10, 20])
  assert.equal(metrics.late, [Number.NaN, 7, Number.NaN])
  const bad = { onEpochEnd: (_: number, logs: object) => void Object.assign(logs, { own: 'much' }) }
  await rejects(classifier().fit(x, y, { callbacks: [bad] }), TypeError, 'put "much" into the logs as "own"')
})

test('no epochs: the history has its keys and no entries', async () => {
  for (const options of [{ epochs: 0 }, { epochs: 3, initialEpoch: 3 }]) {
    const { epoch, metrics } = await classifier().fit(x, y, { ...options, validationSplit: 0.5 })
    assert.equal(epoch, [])
    assert.equal(metrics, { loss: [], accuracy: [], val_loss: [], val_accuracy: [] })
  }
})

test('stepsPerEpoch goes on in the data where the last epoch stopped, and begins anew where they end', async () => {
  const order = async (options: FitOptions) => {
    const seen: number[][] = []
    const model = sequential([input(1), dense(1)], { seed: 3 })
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'meanSquaredError' })
    const watch: Callback = {
      onEpochBegin: () => void seen.push([]),
      onBatchEnd: (_batch, _logs, context) => void seen[seen.length - 1].push(context.rows),
    }
    const numbers = Float32Array.from({ length: 10 }, (_, i) => i)
    await model.fit(numbers, numbers, { batchSize: 4, callbacks: [watch], ...options })
    return seen
  }
  // batches of 4, 4 and 2 rows
  assert.equal(await order({ epochs: 1 }), [[4, 8, 10]])
  assert.equal(await order({ epochs: 4, stepsPerEpoch: 2 }), [
    [4, 8],
    [2, 6],
    [4, 6],
    [4, 8],
  ])
  assert.equal(await order({ epochs: 1, stepsPerEpoch: 5 }), [[4, 8, 10, 14, 18]])
  assert.equal(await order({ epochs: 2, stepsPerEpoch: 2, maxSteps: 3 }), [[4, 8], [2]])

  // two epochs of two steps are one of four, of any chunks
  const weights = async (options: FitOptions) => {
    const model = classifier()
    await model.fit(x, y, { batchSize: 16, ...options })
    return bits(model)
  }
  const whole = await weights({ epochs: 2 })
  assert.equal(await weights({ epochs: 1, stepsPerEpoch: 8 }), whole)
  assert.equal(await weights({ epochs: 4, stepsPerEpoch: 2 }), whole)
  assert.equal(await weights({ epochs: 8, stepsPerEpoch: 1, callbacks: [{ onBatchEnd: () => {} }] }), whole)
})

test('a loss that is lost is said once, with what stops it', async () => {
  const losing = () => {
    const model = classifier()
    model.compile({ optimizer: sgd({ learningRate: 1e38 }), loss: 'sparseCategoricalCrossentropy' })
    return model
  }
  const said = await warnings(() => losing().fit(x, y, { epochs: 5 }))
  assert.is(said.length, 1)
  assert.match(said[0], /^fit: the loss is NaN in epoch \d.*terminateOnNaN\(\)/)
  assert.equal(await warnings(() => losing().fit(x, y, { epochs: 5, callbacks: [terminateOnNaN()] })), [])
  assert.is((await warnings(() => losing().fit(x, y, { epochs: 5, maxSteps: 8 }))).length, 1)
  assert.equal(await warnings(() => classifier().fit(x, y, { epochs: 2 })), [])
})

const sorted = Int32Array.from({ length: ROWS }, (_, i) => Math.floor((i * 3) / ROWS))
const outputsOf = (labels: Int32Array) =>
  Float32Array.from({ length: ROWS * 3 }, (_, i) => Number(labels[Math.floor(i / 3)] === i % 3))

test('a class that validationSplit leaves nothing of to train on is warned of', async () => {
  const categorical = () => {
    const model = classifier()
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    return model
  }
  for (const act of [
    () => classifier().fit(x, sorted, { validationSplit: 0.4 }),
    () => categorical().fit(x, outputsOf(sorted), { validationSplit: 0.4 }),
  ]) {
    const said = await warnings(act)
    assert.is(said.length, 1)
    assert.match(said[0], /^fit: class 2 is only among the rows that validationSplit holds out.*stratify: true/)
  }
  const many = await warnings(() => classifier().fit(x, sorted, { validationSplit: 0.7 }))
  assert.match(many[0], /classes 1, 2 are only among/)
  const fine = [
    () => classifier().fit(x, y, { validationSplit: 0.4 }),
    () => classifier().fit(x, sorted, { validationSplit: { fraction: 0.4, stratify: true } }),
    () => classifier().fit(x, sorted, { validationSplit: 0.2 }),
  ]
  for (const act of fine) assert.equal(await warnings(act), [])
})

test('validationSplit takes rows at random, and the same share of every class', async () => {
  const losses = async (validationSplit: FitOptions['validationSplit'], seed = 5) => {
    const model = classifier({ seed })
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'sparseCategoricalCrossentropy' })
    const { metrics } = await model.fit(x, sorted, { validationSplit: validationSplit ?? 0.3, shuffle: false })
    return [metrics.loss[0], metrics.val_loss[0], model.evaluate(x, sorted).loss] as const
  }
  assert.equal(await losses({ fraction: 0.2 }), await losses(0.2))
  const shuffled = await losses({ fraction: 0.2, shuffle: true })
  assert.equal(await losses({ fraction: 0.2, shuffle: true }), shuffled)
  assert.is.not(shuffled[1], (await losses(0.2))[1])
  // a weighted mean of the parts is the whole: every row is in one of them
  for (const split of [
    { fraction: 0.2, shuffle: true },
    { fraction: 0.2, stratify: true },
  ]) {
    const [trained, held, all] = await losses(split)
    assert.ok(Math.abs(0.8 * trained + 0.2 * held - all) < 1e-6)
  }
  // without a shuffle, the last rows of every class
  const model = classifier()
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'sparseCategoricalCrossentropy' })
  const { metrics } = await model.fit(x, sorted, { validationSplit: { fraction: 0.2, stratify: true } })
  const last = [0, 1, 2].flatMap((label) => [0, 1, 2, 3].map((i) => label * 20 + 16 + i))
  const held = model.evaluate(
    last.flatMap((row) => [...x.subarray(4 * row, 4 * row + 4)]),
    last.map((row) => sorted[row]),
  )
  assert.is(metrics.val_loss[0], held.loss)

  const bad = (validationSplit: unknown) => classifier().fit(x, y, { validationSplit: validationSplit as number })
  await rejects(
    bad({ fraction: 0.2, stratified: true }),
    TypeError,
    'unknown option "stratified"; did you mean "stratify"?',
  )
  await rejects(bad({ stratify: true }), TypeError, '"validationSplit" must be a number, got undefined')
  await rejects(bad({ fraction: 0.2, shuffle: 1 }), TypeError, '"validationSplit.shuffle" must be true or false')
  await rejects(bad(null), TypeError, '"validationSplit" must be a number, got null')
  const regression = sequential([input(4), dense(1)])
  regression.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  await rejects(
    regression.fit(x, wave(ROWS), { validationSplit: { fraction: 0.2, stratify: true } }),
    TypeError,
    'needs one class a row',
  )
})

test('a batch without any weight trains nothing: in trainStep as in a batch of fit', async () => {
  const none = new Float32Array(ROWS)
  for (const act of ['trainStep', 'gradients'] as const) {
    const model = classifier()
    const before = bits(model)
    const result = model[act](x, y, { sampleWeight: none })
    assert.is(typeof result === 'number' ? result : result.loss, 0)
    if (typeof result === 'object') assert.ok(result.gradient.every((value) => value === 0))
    assert.equal(bits(model), before)
  }
  const [steps, epoch, batches] = [classifier(), classifier(), classifier()]
  const sampleWeight = Float32Array.from({ length: ROWS }, (_, row) => Number(row >= 20))
  const parts = [0, 1, 2].map((i) => ({
    x: x.subarray(80 * i, 80 * i + 80),
    y: y.subarray(20 * i, 20 * i + 20),
    sampleWeight: sampleWeight.subarray(20 * i, 20 * i + 20),
  }))
  for (const part of parts) steps.trainStep(part.x, part.y, { sampleWeight: part.sampleWeight })
  await epoch.fit(x, y, { batchSize: 20, shuffle: false, sampleWeight })
  await batches.fit(parts)
  assert.equal(bits(epoch), bits(steps))
  assert.equal(bits(batches), bits(steps))
  // a data set without any is a mistake
  await rejects(classifier().fit(x, y, { sampleWeight: none }), RangeError, 'the weights of all 60 rows are 0')
  refuses(() => classifier().evaluate(x, y, { sampleWeight: none }), RangeError, 'the weights of all 60 rows are 0')
})

test('classWeight is for classes: a Map as an object, nothing for quantities', async () => {
  const [object, map] = [classifier(), classifier()]
  await object.fit(x, y, { classWeight: { 1: 3 } })
  await map.fit(x, y, { classWeight: new Map([[1, 3]]) })
  assert.equal(bits(object), bits(map))
  const balanced = classifier()
  const rare = Int32Array.from({ length: ROWS }, (_, i) => (i % 6 === 0 ? 2 : i % 2))
  await balanced.fit(x, rare, { classWeight: 'balanced' })
  const same = classifier()
  const counts = [0, 1, 2].map((label) => rare.filter((value) => value === label).length)
  await same.fit(x, rare, { classWeight: counts.map((count) => ROWS / (3 * count)) })
  assert.equal(bits(balanced), bits(same))

  const model = sequential([input(4), dense(3, { activation: 'sigmoid' })], { seed: 1 })
  const multiHot = Float32Array.from({ length: ROWS * 3 }, (_, i) => Number(i % 2 === 0))
  model.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy' })
  await rejects(model.fit(x, multiHot, { classWeight: { 0: 2 } }), RangeError, 'needs one class a row')
  await model.fit(x, outputsOf(y), { classWeight: { 0: 2 } })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  await rejects(model.fit(x, outputsOf(y), { classWeight: { 0: 2 } }), TypeError, 'the loss is of quantities')
})

test.run()
