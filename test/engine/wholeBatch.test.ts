/** Batches that several processes make together: the parts add up to the whole. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { noise } from '../../bench/workloads.ts'
import { type DataSet, sliceRows } from '../../src/data/dataset.ts'
import { emptyTally, OWN_BATCH } from '../../src/engine/records.ts'
import { dense, dropout, embedding, gaussianNoise, input, l2, type Model, sequential } from '../../src/entries/full.ts'
import { configureRuntime } from '../../src/machine/wasm.ts'
import { targets } from '../support/targets.ts'

const ROWS = 11
const INPUTS = 5
/** Rows of three processes, the second of which has none. */
const PARTS = [4, 0, 7]

function modelOf(weights?: Float32Array): { model: Model; data: DataSet } {
  const model = sequential(
    [
      input(INPUTS),
      gaussianNoise(0.3),
      dense(9, { activation: 'tanh', activityRegularizer: l2(0.1), kernelRegularizer: l2(0.2) }),
      dropout(0.4),
      dense(3, { activation: 'softmax' }),
    ],
    { seed: 5 },
  )
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', globalClipNorm: 0.4 })
  const y = Int32Array.from({ length: ROWS }, (_, row) => row % 3)
  return { model, data: { rows: ROWS, features: noise(ROWS * INPUTS, 1), targets: y, ...(weights && { weights }) } }
}

/** An update of processes that wait for one another, played one after the other in this one. */
function trainInParts(models: readonly Model[], data: DataSet): void {
  const weight = data.weights?.reduce((sum, own) => sum + own, 0) ?? data.rows
  const sum: number[] = []
  // once to learn the sum, then with it
  for (const isKnown of [false, true]) {
    let before = 0
    models.forEach(({ engine }, i) => {
      const { storage } = engine
      const block = () => storage.view(storage.gradients ?? 0)
      const join = () => {
        if (isKnown) block().set(sum)
        else for (const [at, value] of block().entries()) sum[at] = (sum[at] ?? 0) + value
        return isKnown
      }
      engine.records.whole = { before, rows: data.rows, weight }
      if (PARTS[i] === 0) engine.trainUnseen(false, join)
      else engine.trainPart(sliceRows(data, before, PARTS[i]), emptyTally(), join)
      engine.records.whole = OWN_BATCH
      before += PARTS[i]
    })
  }
}

for (const target of targets) {
  const test = suite(`parts of a batch (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const [name, weights] of [
    ['rows alike', undefined],
    ['weighted rows', Float32Array.from({ length: ROWS }, (_, row) => (row % 4) / 2)],
  ] as const) {
    test(`an update of parts is that of the whole: ${name}`, () => {
      const { model: whole, data } = modelOf(weights)
      const models = PARTS.map(() => modelOf().model)
      for (let step = 0; step < 3; step++) {
        whole.engine.trainBatch(data)
        trainInParts(models, data)
        const expected = whole.getWeights()
        for (const model of models) {
          assert.is(model.engine.steps, step + 1)
          const got = model.getWeights()
          for (const [i, value] of expected.entries()) {
            assert.ok(Math.abs(got[i] - value) < 1e-6, `step ${step}, ${i}: ${got[i]}, not ${value}`)
          }
        }
      }
      assert.equal(models[0].getWeights(), models[1].getWeights())
      assert.equal(models[0].getWeights(), models[2].getWeights())
    })
  }

  test('an update that is not made leaves the model where it was', () => {
    const { model, data } = modelOf()
    const before = model.getWeights()
    model.engine.trainPart(data, emptyTally(), () => false)
    assert.is(model.engine.steps, 0)
    assert.equal(model.getWeights(), before)
  })

  for (const optimizer of ['adam', 'sgd', 'rmsprop', 'lion', 'rprop'] as const) {
    test(`shares of an update make all of it, bit for bit: ${optimizer}`, () => {
      const layers = [embedding([{ columns: 0, categories: 20, units: 3 }]), dense(9, { kernelRegularizer: l2(0.2) })]
      const made = () => {
        const model = sequential([input(INPUTS), ...layers, dense(3, { activation: 'softmax' })], { seed: 5 })
        model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', clipValue: 0.01 })
        return model
      }
      const { data } = modelOf()
      const features = data.features.map((value, i) => (i % INPUTS === 0 ? i % 20 : value))
      const whole = made()
      const floats = whole.engine.storage.bytes / 4
      const cuts = [0, 16, 16, 112, floats]
      const sharers = cuts.slice(1).map((to, i) => {
        const model = made()
        model.engine.planner.share = { from: cuts[i], to }
        return model
      })
      for (let step = 0; step < 3; step++) {
        whole.engine.trainBatch({ ...data, features })
        const parameters = new Float32Array(floats)
        for (const [i, { engine }] of sharers.entries()) {
          const view = () => engine.storage.view(engine.storage.parameters)
          const before = view().slice()
          engine.trainPart({ ...data, features }, emptyTally(), () => true)
          const block = view()
          for (let at = 0; at < floats; at++) {
            if (at >= cuts[i] && at < cuts[i + 1]) parameters[at] = block[at]
            else assert.is(block[at], before[at], `${at} is not of share ${i}`)
          }
        }
        for (const { engine } of sharers) engine.storage.view(engine.storage.parameters).set(parameters)
        assert.equal(sharers[0].getWeights(), whole.getWeights())
      }
    })
  }

  test.run()
}
