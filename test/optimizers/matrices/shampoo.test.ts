/** Shampoo against the float64 oracle, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input, sequential } from '../../../src/entries/public.ts'
import { type ShampooOptions, shampoo } from '../../../src/optimizers/matrices/shampoo.ts'
import { optimize } from '../../../src/training/optimize.ts'
import { matrix } from '../../oracles/matrix.ts'
import { Shampoo } from '../../oracles/matrixRules.ts'
import { noise } from '../../support/activate.ts'
import { assertClose, TRAJECTORY } from '../../support/golden.ts'
import { targets } from '../../support/targets.ts'
import { assertOneTraining } from '../../support/threading.ts'

const test = suite('shampoo')

const DEFAULTS = {
  learningRate: 0.1,
  momentum: 0,
  weightDecay: 0,
  epsilon: 1e-4,
  preconditionerEvery: 1,
  maxPreconditionerSize: 2048,
}
const variants: readonly ShampooOptions[] = [
  {},
  // a gradient that the roots have not seen meets directions without any: float32 knows them to 1e-7 of the largest
  { preconditionerEvery: 3, weightDecay: 0.1, epsilon: 0.01 },
  { momentum: 0.9, epsilon: 0.01 },
  { maxPreconditionerSize: 8, epsilon: 0.01 },
  { maxPreconditionerSize: 1 },
]

for (const target of targets) {
  test(`trajectories against float64, ${target}`, () => {
    for (const [inputs, units] of [
      [1, 1],
      [1, 9],
      [7, 1],
      [6, 10],
      [13, 5],
      [17, 18],
    ]) {
      for (const variant of variants) {
        const options = { ...DEFAULTS, ...variant } as typeof DEFAULTS
        // of one size: squares of smaller values would be lost in float32 sums
        const drawn = noise(inputs * units * 8, 1, inputs * 100 + units)
        const draw = (t: number) => matrix(inputs, units, (i, j) => drawn[(t * inputs + i) * units + j])
        const start = draw(0)
        const oracle = new Shampoo(start, options)
        const at = optimize(shampoo(options), [start.flat()], { shapes: [[inputs, units]], target })
        for (let t = 1; t <= 7; t++) {
          const gradient = draw(t)
          oracle.step(gradient)
          at.gradients[0].set(gradient.flat())
          at.step()
          assertClose(
            at.values[0],
            oracle.w.flat(),
            TRAJECTORY,
            `${inputs} x ${units}, ${JSON.stringify(variant)}, step ${t}`,
          )
        }
      }
    }
  })
}

test('the same bits on two threads and from a file', async () => {
  const make = (threads: number) => {
    const tanh = { activation: 'tanh' } as const
    const layers = [input(13), dense(30, tanh), dense(21, tanh), dense(10, { activation: 'softmax' })]
    const model = sequential(layers, { seed: 2, threads })
    model.compile({
      optimizer: shampoo({ preconditionerEvery: 4, momentum: 0.9 }),
      loss: 'sparseCategoricalCrossentropy',
    })
    return model
  }
  await assertOneTraining(make, { shampoo })
})

test('a gradient of zeros moves nothing', () => {
  const { values, step } = optimize(shampoo(), [[1, 2, 3, 4, 5, 6]], { shapes: [[2, 3]] })
  step()
  assert.equal([...values[0]], [1, 2, 3, 4, 5, 6])
})

test('bad options are refused by name', () => {
  assert.throws(
    () => shampoo({ preconditionerEvery: 0 }),
    /shampoo: "preconditionerEvery" must be a whole number at least 1/,
  )
  assert.throws(
    () => shampoo({ maxPreconditionerSize: 4096 }),
    /"maxPreconditionerSize" must be a whole number from 1 to 2048/,
  )
  assert.throws(() => shampoo({ momentum: 1 }), /"momentum" must be a finite number at least 0 and less than 1/)
  assert.throws(() => shampoo({ epsilon: 0 }), /"epsilon" must be a finite number at least 1e-30, got 0/)
})

test.run()
