/** Gradients and their update apart: together they are one training step, to the bit. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clipping } from '../../src/compiler/objective.ts'
import { batchNorm, dense, dropout, input } from '../../src/layers/layers.ts'
import { type Model, sequential } from '../../src/model/model.ts'
import { adam, lamb, type Optimizer, rprop, sgd } from '../../src/optimizers/optimizers.ts'
import { assertSame, bits, features, ready } from '../support/threading.ts'

const ROWS = 48
const batch = (step: number) => ({
  rows: ROWS,
  features: features(ROWS, 16).map((value, i) => value + Math.cos(step * 3 + i)),
  targets: features(ROWS, 5).map((value) => value * step),
})

const optimizers: readonly (() => Optimizer)[] = [
  () => sgd({ learningRate: 0.05 }),
  () => sgd({ momentum: 0.9, weightDecay: 0.01 }),
  () => adam({ learningRate: (step) => 0.01 / (step + 1) }),
  () => lamb(),
  () => rprop(),
]
const clippings: readonly Clipping[] = [{}, { clipValue: 0.01 }, { clipNorm: 0.05, globalClipNorm: 0.1 }]

function build(optimizer: Optimizer, clipping: Clipping, threads: number): Model {
  const layers = [input(16), dense(64, { activation: 'tanh' }), batchNorm(), dropout(0.3), dense(5)]
  const model = sequential(layers, { seed: 9, threads })
  model.compile({ optimizer, loss: 'meanSquaredError', ...clipping })
  return threads > 1 ? ready(model) : model
}

/** Parameters, running statistics and optimizer state. */
const imageOf = ({ engine: { storage } }: Model) =>
  [storage.parameters, ...storage.states].map((address) => bits(storage.view(address).slice())).join()

for (const threads of [1, 2]) {
  test(`gradients and update are one step, on ${threads} threads`, () => {
    for (const make of optimizers) {
      for (const clipping of clippings) {
        const whole = build(make(), clipping, threads)
        const apart = build(make(), clipping, threads)
        for (let step = 1; step <= 4; step++) {
          const loss = whole.engine.trainBatch(batch(step))
          assert.is(apart.engine.computeGradients(batch(step)), loss)
          apart.engine.applyUpdate()
          assert.is(apart.engine.steps, step)
          assertSame(imageOf(apart), imageOf(whole), `${make().kind} ${JSON.stringify(clipping)} step ${step}`)
        }
        for (const model of [whole, apart]) model.close()
      }
    }
  })
}

test('steps made either way follow each other', () => {
  const whole = build(adam(), { clipNorm: 0.1 }, 1)
  const mixed = build(adam(), { clipNorm: 0.1 }, 1)
  for (let step = 1; step <= 6; step++) {
    whole.engine.trainBatch(batch(step))
    if (step % 3 === 0) mixed.engine.trainBatch(batch(step))
    else {
      mixed.engine.computeGradients(batch(step))
      mixed.engine.applyUpdate()
    }
  }
  assertSame(imageOf(mixed), imageOf(whole), 'after 6 steps')
})

test('an update takes the gradient block as it finds it', () => {
  const model = build(sgd({ learningRate: 1 }), {}, 1)
  const { storage } = model.engine
  model.engine.computeGradients(batch(1))
  const before = model.parameters[0].get()
  storage.view(storage.gradients ?? 0).fill(0.25)
  model.engine.applyUpdate()
  const after = model.parameters[0].get()
  assert.ok(after.every((value, i) => value === Math.fround(before[i] - 0.25)))
})

test('an update without fresh gradients is refused, and changes nothing', () => {
  const model = build(adam(), {}, 1)
  const { engine } = model
  const spoilers: readonly (() => unknown)[] = [
    () => undefined,
    () => engine.predict(features(4, 16), 4, new Float32Array(20)),
    () => engine.evaluate(batch(1)),
    () => engine.trainBatch(batch(1)),
    () => engine.applyUpdate(),
    () => engine.setFrozen([1], false),
    () => engine.setFrozenStatistics(false),
    () => engine.resetOptimizer(),
  ]
  for (const [i, spoil] of spoilers.entries()) {
    if (i > 0) engine.computeGradients(batch(1))
    spoil()
    const { steps } = engine
    const image = imageOf(model)
    assert.throws(() => engine.applyUpdate(), /no fresh gradients; call computeGradients first/, `spoiler ${i}`)
    assert.is(engine.steps, steps)
    assertSame(imageOf(model), image, `spoiler ${i}`)
  }
})

test('a schedule that fails leaves the gradients for another try', () => {
  let rate = Number.NaN
  const model = build(sgd({ learningRate: (step) => (step === 0 ? 0.1 : rate) }), {}, 1)
  const twin = build(sgd({ learningRate: 0.1 }), {}, 1)
  for (const each of [model, twin]) each.engine.trainBatch(batch(1))
  model.engine.computeGradients(batch(2))
  assert.throws(() => model.engine.applyUpdate(), /schedule of "learningRate"/)
  assert.is(model.engine.steps, 1)
  rate = 0.1
  model.engine.applyUpdate()
  twin.engine.trainBatch(batch(2))
  assertSame(imageOf(model), imageOf(twin), 'second try')
})

test.run()
