/** Muon against PyTorch's trajectories and the float64 oracle, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { muon } from '../../../src/optimizers/matrices/muon.ts'
import { sgd } from '../../../src/optimizers/optimizers.ts'
import { optimize } from '../../../src/training/optimize.ts'
import { matrix, transpose } from '../../oracles/matrix.ts'
import { Muon } from '../../oracles/matrixRules.ts'
import { assertClose, type GoldenTensor, readGolden, TRAJECTORY } from '../../support/golden.ts'
import { rowsOf } from '../../support/goldenNetworks.ts'
import { stream } from '../../support/optimizerCases.ts'
import { targets } from '../../support/targets.ts'

const test = suite('muon')

interface Case {
  readonly id: string
  readonly config: {
    readonly lr: number
    readonly weight_decay: number
    readonly momentum: number
    readonly nesterov: boolean
    readonly ns_coefficients: readonly [number, number, number]
    readonly eps: number
    readonly ns_steps: number
    readonly adjust_lr_fn: 'original' | 'match_rms_adamw'
  }
  readonly inputs: { readonly W: GoldenTensor; readonly gradients: readonly GoldenTensor[] }
  readonly expect: { readonly f64: { readonly W: readonly GoldenTensor[] } }
}

/** PyTorch's [units, inputs] as ours. */
const turned = (tensor: GoldenTensor): number[] => transpose(rowsOf(tensor)).flat()

for (const target of targets) {
  test(`golden trajectories, ${target}`, () => {
    for (const { id, config, inputs, expect } of readGolden<{ cases: readonly Case[] }>('muon').cases) {
      const rule = muon({
        learningRate: config.lr,
        weightDecay: config.weight_decay,
        momentum: config.momentum,
        nesterov: config.nesterov,
        coefficients: config.ns_coefficients,
        epsilon: config.eps,
        newtonSchulzSteps: config.ns_steps,
        adjustLearningRate: config.adjust_lr_fn === 'original' ? 'original' : 'matchRmsAdamw',
      })
      const [units, columns] = inputs.W.shape
      const { values, gradients, step } = optimize(rule, [turned(inputs.W)], { shapes: [[columns, units]], target })
      inputs.gradients.forEach((gradient, t) => {
        gradients[0].set(turned(gradient))
        step()
        assertClose(values[0], turned(expect.f64.W[t]), TRAJECTORY, `${id}, step ${t + 1}`)
      })
    }
  })

  test(`awkward shapes against float64, ${target}`, () => {
    for (const [inputs, units] of [
      [1, 1],
      [1, 13],
      [13, 1],
      [7, 10],
      [10, 7],
      [33, 30],
      [3, 150],
    ]) {
      const next = stream(inputs * 100 + units)
      const start = matrix(units, inputs, next)
      const options = {
        learningRate: 0.02,
        weightDecay: 0.1,
        momentum: 0.95,
        newtonSchulzSteps: 5,
        epsilon: 1e-7,
      } as const
      const rest = { nesterov: true, coefficients: [3.4445, -4.775, 2.0315], adjustLearningRate: 'original' } as const
      const oracle = new Muon(start, { ...options, ...rest })
      const at = optimize(muon(options), [transpose(start).flat()], { shapes: [[inputs, units]], target })
      for (let t = 1; t <= 5; t++) {
        const gradient = matrix(units, inputs, next)
        oracle.step(gradient)
        at.gradients[0].set(transpose(gradient).flat())
        at.step()
        assertClose(at.values[0], transpose(oracle.w).flat(), TRAJECTORY, `${inputs} x ${units}, step ${t}`)
      }
    }
  })
}

test('what is no matrix takes the fallback with its own rates, scalars and groups', () => {
  const rates = { learningRate: (step: number) => 0.1 / (step + 1), weightDecay: 0.5 }
  const rule = muon({ fallback: sgd({ ...rates, momentum: 0.9, dampening: 0.5 }) })
  const initial = [[1, 2, 3, 4], [1, -2, 3], [5]]
  const shapes = [[2, 2], undefined, [1]]
  const both = optimize(rule, initial, { shapes })
  const alone = optimize(sgd({ ...rates, momentum: 0.9, dampening: 0.5 }), initial.slice(1))
  for (let t = 0; t < 5; t++) {
    both.gradients[0].set([1, -1, 0.5, t])
    for (const i of [1, 2]) {
      both.gradients[i].set(initial[i].map((value) => value * Math.cos(t)))
      alone.gradients[i - 1].set(both.gradients[i])
    }
    both.step()
    alone.step()
    assert.equal(both.values.slice(1), alone.values)
    assert.equal(both.state.velocity.slice(1), alone.state.velocity)
  }
  assert.equal(
    [both.state.momentum, both.state.velocity].map((arrays) => arrays.map(({ length }) => length)),
    [
      [4, 0, 0],
      [0, 3, 1],
    ],
  )
})

test('a matrix whose gradient is 0 only decays; one with a NaN becomes NaN, and no other', () => {
  const { values, gradients, step } = optimize(
    muon({ learningRate: 0.1, weightDecay: 0.5 }),
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    {
      shapes: [
        [2, 2],
        [2, 2],
      ],
    },
  )
  gradients[1][0] = Number.NaN
  step()
  assertClose(values[0], [0.95, 1.9, 2.85, 3.8], TRAJECTORY, 'decay')
  assert.ok(values[1].every(Number.isNaN))
})

test('bad options are refused by name', () => {
  const refused = (make: () => unknown, message: RegExp) => assert.throws(make, message)
  refused(() => muon({ lr: 1 } as never), /muon: unknown option "lr"; did you mean "learningRate"\?/)
  refused(() => muon({ momentum: 1 }), /muon: "momentum" must be a finite number at least 0 and less than 1, got 1/)
  refused(() => muon({ coefficients: [1, 2] as never }), /muon: "coefficients" must be an array of three numbers/)
  refused(() => muon({ newtonSchulzSteps: 1.5 }), /muon: "newtonSchulzSteps" must be a whole number from 0 to 99/)
  refused(() => muon({ adjustLearningRate: 'rms' as never }), /muon: unknown adjustLearningRate "rms"/)
  refused(
    () => muon({ match: 5 as never }),
    /muon: "match" must be a name, an array of names, an expression or a function/,
  )
  refused(
    () => muon({ fallback: 'adamm' as never }),
    /muon: fallback: unknown optimizer "adamm"; did you mean "adam"\?/,
  )
  refused(
    () => muon({ fallback: muon() as never }),
    /muon: fallback: "optimizer" is muon, which updates whole matrices/,
  )
  refused(() => optimize('muon' as never, [[1]]), /unknown optimizer "muon"/)
  refused(() => optimize(muon(), [[1, 2]]), /muon: it takes no matrix of this model; there are no matrices/)
  refused(
    () => optimize(muon({ match: 'x' }), [[1]], { shapes: [[1, 1]] }),
    /"match" takes no matrix; .* "parameter_0"/,
  )
  refused(
    () => optimize(muon(), [[1, 2]], { shapes: [[2, 2]] }),
    /"shapes\[0\]" is \[2, 2\], 4 values, but the tensor has 2/,
  )
  refused(
    () => optimize(muon(), [[1]], { shapes: [[1, 1, 1]] }),
    /"shapes\[0\]" must be \[inputs, units\], or undefined/,
  )
})

test.run()
