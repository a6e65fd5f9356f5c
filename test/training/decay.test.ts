// L2 and weight decay: one under SGD, two under Adam.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  adamw,
  configureRuntime,
  dense,
  input,
  l2,
  type Optimizer,
  optimize,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { targets } from '../support/targets.ts'

const x = Float32Array.from({ length: 20 * 3 }, (_, i) => Math.sin(1 + i * 1.3) * [10, 1, 0.1][i % 3])
const y = Float32Array.from({ length: 20 }, (_, i) => x[3 * i] / 10 + x[3 * i + 1] + 10 * x[3 * i + 2])

function kernel(optimizer: Optimizer, penalty = 0): number[] {
  const regularized = penalty ? { kernelRegularizer: l2(penalty) } : {}
  const model = sequential([input(3), dense(1, { useBias: false, kernelInitializer: 'ones', ...regularized })], {
    seed: 2,
  })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  for (let i = 0; i < 400; i++) model.trainStep(x, y)
  return Array.from(model.parameters[0].get())
}
const near = (a: number[], b: number[]) => a.every((value, i) => Math.abs(value - b[i]) < 1e-5)

for (const target of targets) {
  const test = suite(`weight decay (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('under SGD an L2 penalty and weight decay are the same', () => {
    const settings = { learningRate: 0.005, momentum: 0.9 }
    const decayed = kernel(sgd({ ...settings, weightDecay: 0.1 }))
    assert.ok(near(decayed, kernel(sgd(settings), 0.1)))
    assert.not.ok(near(decayed, kernel(sgd(settings))))
  })

  test('under Adam a penalty is coupled decay, and not AdamW', () => {
    const coupled = kernel(adam({ learningRate: 0.01, weightDecay: 0.1 }))
    assert.ok(near(coupled, kernel(adam({ learningRate: 0.01 }), 0.1)))
    assert.not.ok(near(coupled, kernel(adamw({ learningRate: 0.01, weightDecay: 0.1 }))))
  })

  test("Adam's coupled decay depends on the size of the gradients, AdamW's does not", () => {
    // gradients that only change sign: nothing to learn, so what moves the values is decay
    const decayed = (rule: Optimizer) => {
      const run = optimize(rule, [[1, 1]], { target })
      for (let step = 0; step < 200; step++) {
        const sign = step % 2 ? 1 : -1
        run.gradients[0].set([sign * 100, sign * 0.01])
        run.step()
      }
      return Array.from(run.values[0], (value) => 1 - value)
    }
    const [large, small] = decayed(adam({ learningRate: 0.01, weightDecay: 0.5 }))
    assert.ok(large < 0.05 && small > 0.5, `coupled: ${large} and ${small}`)
    const [one, other] = decayed(adamw({ learningRate: 0.01, weightDecay: 0.5 }))
    assert.ok(Math.abs(one - other) < 1e-3 && one > 0.5, `decoupled: ${one} and ${other}`)
  })
  test.run()
}
