// Averages of the weights, against float64 loops over what the steps leave.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  type Callback,
  configureRuntime,
  dense,
  ema,
  input,
  type Layer,
  type Model,
  sequential,
  sgd,
  swa,
} from '../../../src/entries/public.ts'
import { refuses } from '../../support/refuses.ts'
import { wave } from '../../support/samples.ts'
import { targets } from '../../support/targets.ts'

const layers: readonly Layer[] = [input(3), dense(5, { activation: 'tanh' }), batchNorm(), dense(2)]
const x = wave(3 * 20)
const y = wave(2 * 20, 2)

function model(threads = 1): Model {
  const made = sequential(layers, { seed: 6, threads })
  made.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), loss: 'meanSquaredError' })
  return made
}

const flat = (made: Model): number[] => made.parameters.flatMap((parameter) => [...parameter.get()])

/** The parameters after every update and after every epoch of a training without averages. */
async function plain(epochs: number): Promise<{ updates: number[][]; ends: number[][] }> {
  const made = model()
  const updates: number[][] = []
  const ends: number[][] = []
  const watch: Callback = {
    onBatchEnd: () => void updates.push(flat(made)),
    onEpochEnd: () => void ends.push(flat(made)),
  }
  await made.fit(x, y, { epochs, batchSize: 6, callbacks: [watch] })
  return { updates, ends }
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.is(actual.length, expected.length)
  actual.forEach((value, i) => {
    const error = Math.abs(value - expected[i])
    assert.ok(error <= 1e-6 * (1 + Math.abs(expected[i])), `value ${i}: ${value} and not ${expected[i]}`)
  })
}

for (const target of targets) {
  const test = suite(`averages (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('ema: from the weights after the first update, decay of it stays with every other', async () => {
    const { updates } = await plain(3)
    assert.is(updates.length, 12)
    for (const decay of [0, 0.5, 0.99]) {
      const made = model()
      await made.fit(x, y, { epochs: 3, batchSize: 6, callbacks: [ema({ decay })] })
      const expected = updates.reduce((average, weights) =>
        average.map((value, i) => decay * value + (1 - decay) * weights[i]),
      )
      assertClose(flat(made), expected)
    }
  })

  test('swa: the mean of the weights at the ends of the epochs from one on', async () => {
    const { ends } = await plain(5)
    for (const from of [0, 2, 4, 5]) {
      const made = model()
      await made.fit(x, y, { epochs: 5, batchSize: 6, callbacks: [swa({ from })] })
      const counted = ends.slice(from)
      const mean = ends[0].map((_, i) => counted.reduce((sum, weights) => sum + weights[i], 0) / counted.length)
      assertClose(flat(made), counted.length > 0 ? mean : ends[4])
    }
  })
  test.run()
}

const test = suite('averages')

test('metrics are those of the weights themselves, and so is training', async () => {
  const made = model()
  const history = await made.fit(x, y, {
    epochs: 3,
    batchSize: 6,
    validationSplit: 0.2,
    callbacks: [ema(), swa({ from: 1 })],
  })
  const twin = model()
  assert.equal(history, await twin.fit(x, y, { epochs: 3, batchSize: 6, validationSplit: 0.2 }))
})

test('every fit averages anew, and one that is stopped leaves its average', async () => {
  const callback = ema({ decay: 0.5 })
  const once = model()
  const again = model()
  await once.fit(x, y, { epochs: 1, batchSize: 6, callbacks: [ema({ decay: 0.5 })] })
  await model().fit(x, y, { epochs: 2, batchSize: 6, callbacks: [callback] })
  await again.fit(x, y, { epochs: 1, batchSize: 6, callbacks: [callback] })
  assert.equal(flat(again), flat(once))
  const stopped = model()
  const stop: Callback = { onEpochEnd: (_, __, context) => context.stop('enough') }
  await stopped.fit(x, y, { epochs: 9, batchSize: 6, callbacks: [ema({ decay: 0.5 }), stop] })
  assert.equal(flat(stopped), flat(once))
})

test('bits do not depend on threads', async () => {
  const run = async (threads: number) => {
    const made = model(threads)
    await made.fit(x, y, { epochs: 3, batchSize: 20, callbacks: [ema({ decay: 0.9 })] })
    made.close()
    return flat(made)
  }
  assert.equal(await run(2), await run(1))
})

test('options are checked', () => {
  refuses(() => ema({ decay: 1 }), RangeError, 'ema: "decay" must be a finite number at least 0 and less than 1, got 1')
  refuses(() => ema({ dekay: 0.5 } as object), TypeError, 'ema: unknown option "dekay"; did you mean "decay"?')
  refuses(() => swa({ from: 1.5 }), RangeError, 'swa: "from" must be a whole number at least 0, got 1.5')
  refuses(() => swa({} as never), TypeError, 'swa: "from" must be a whole number, got undefined')
})
test.run()
