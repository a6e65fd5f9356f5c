// Dropout with a scheduled rate: the masks of each update, files, and invalid rates.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  configureRuntime,
  dense,
  dropout,
  flatCosine,
  input,
  joinSchedules,
  type Layer,
  modelFromBytes,
  residual,
  type Schedule,
  sequential,
  sgd,
  stepDecay,
} from '../../src/entries/public.ts'
import { settingsOf } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const x = wave(24 * 5)
const y = wave(24, 3)
const made = (...layers: Layer[]) => {
  const model = sequential([input(5), dense(8, { activation: 'tanh' }), ...layers, dense(1)], { seed: 3 })
  model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' })
  return model
}

for (const target of targets) {
  const test = suite(`scheduled dropout (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('every update drops what that rate drops', () => {
    // rates that float32 has
    const schedule = stepDecay({ learningRate: 0.75, stepSize: 1, gamma: 0.5 })
    const model = made(dropout(schedule))
    let values = model.getWeights()
    for (const rate of [0.75, 0.375, 0.1875, 0.09375]) {
      const plain = made(dropout(rate))
      plain.setWeights(Float32Array.from(values))
      plain.engine.steps = model.engine.steps
      model.trainStep(x, y)
      plain.trainStep(x, y)
      assert.equal(bits(model), bits(plain))
      values = model.getWeights()
    }
  })

  test('fit, steps and gradients see the rate of the same update; predictions see none', async () => {
    const layers = () => [
      dropout(flatCosine({ learningRate: 0.5, totalSteps: 12 })),
      residual([dropout(joinSchedules([{ schedule: 0.2, until: 5 }, { schedule: 0 }]))]),
    ]
    const [a, b] = [made(...layers()), made(...layers())]
    await a.fit(x, y, { epochs: 3, batchSize: 6, shuffle: false })
    for (let step = 0; step < 12; step++) {
      const [rows, wanted] = [
        x.subarray((step % 4) * 30, (step % 4) * 30 + 30),
        y.subarray((step % 4) * 6, (step % 4) * 6 + 6),
      ]
      const { loss } = b.gradients(rows, wanted)
      assert.is(b.trainStep(rows, wanted), loss)
    }
    assert.equal(bits(a), bits(b))
    // all rates of the updates to come are 0
    const outputs = a.predict(x)
    assert.equal(a.predict(x, { training: true }), outputs)
  })

  test('files keep the schedule', () => {
    const model = made(
      dropout(
        joinSchedules([{ schedule: flatCosine({ learningRate: 0.5, totalSteps: 9 }), until: 4 }, { schedule: 0.25 }]),
      ),
    )
    model.trainStep(x, y)
    const bytes = model.toBytes({ includeOptimizer: true })
    const again = modelFromBytes(bytes)
    assert.equal(again.layers, model.layers)
    assert.equal(predictorFromBytes(bytes).predict(x), model.predict(x))
    for (const each of [model, again]) for (let step = 0; step < 5; step++) each.trainStep(x, y)
    assert.equal(bits(again), bits(model))
    assert.equal((settingsOf(bytes).layers as { rate?: unknown }[])[2].rate, {
      kind: 'joinSchedules',
      options: {
        segments: [
          {
            schedule: {
              kind: 'flatCosine',
              options: { learningRate: 0.5, minLearningRate: 0, totalSteps: 9, flatFraction: 0.5 },
            },
            until: 4,
          },
          { schedule: 0.25 },
        ],
      },
    })
  })

  test('layers with one schedule share its place, and there is room for eight', () => {
    const same = Array.from({ length: 12 }, () => dropout(flatCosine({ learningRate: 0.1, totalSteps: 10 })))
    assert.not.throws(() => made(...same).trainStep(x, y))
    const others = Array.from({ length: 9 }, (_, i) => dropout(flatCosine({ learningRate: 0.1, totalSteps: 10 + i })))
    assert.not.throws(() => made(...others.slice(1)).trainStep(x, y))
    refuses(() => made(...others).trainStep(x, y), RangeError, '8 schedules of dropout')
  })

  test('what is no rate is refused', () => {
    const wrong = (value: unknown) => value as never
    refuses(() => dropout((step: number) => step / 10), TypeError, 'was not made by this library')
    refuses(() => dropout(wrong({ kind: 'flatCosine' })), TypeError, '"rate" must be a number')
    refuses(
      () => sequential([input(2), wrong({ kind: 'dropout', rate: { kind: 'flatCosine', options: {} } })]),
      TypeError,
      'a schedule such as flatCosine',
    )
    const high: Schedule = flatCosine({ learningRate: 1, totalSteps: 10 })
    const model = made(dropout(high))
    const before = bits(model)
    refuses(
      () => model.trainStep(x, y),
      RangeError,
      '"rate at step 0" must be a finite number at least 0 and less than 1',
    )
    assert.equal(bits(model), before)
  })
  test.run()
}
