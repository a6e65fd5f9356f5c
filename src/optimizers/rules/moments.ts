/** Adam's family and Lion. Update t = 1, 2, ...; g includes L2 decay if the rule has it. */
import * as ops from '../../machine/ops/optimizers.ts'
import { corrections, type Hypers, LINEAR, momentHypers, number, type RuleOf, SQUARED, secondHypers } from './rule.ts'

const states = ['firstMoment', 'secondMoment'] as const

const adam: RuleOf<typeof ops.adam> = {
  op: ops.adam,
  states: [...states, 'maxSecondMoment'],
  uses: (state, options) => state !== 'maxSecondMoment' || options.amsgrad === true,
  hypers: (options) => secondHypers(options),
  scalars(options, t) {
    const beta1 = number(options, 'beta1')
    return [...corrections(options, t), beta1, 1 - beta1]
  },
  tiny: SQUARED,
  decay: 'L2',
}

/** mu_t of Dozat's momentum schedule. */
const mu = (options: Hypers, t: number): number =>
  number(options, 'beta1') * (1 - 0.5 * 0.96 ** (t * number(options, 'momentumDecay')))

/** Number of factors multiplied one by one; enough for beta1 up to 0.9999. */
const FOLLOWED = 2 ** 20

/** mu_1 * ... * mu_t, bit for bit as accumulated by a run from the start, unless so small that 1 minus it is 1. */
function momentumProduct(optionsOf: (t: number) => Hypers, t: number): number {
  let product = 1
  const end = Math.min(t, FOLLOWED)
  for (let step = 1; step <= end && product > 1e-30; step++) product *= mu(optionsOf(step), step)
  // mu equals beta1 by then
  return product * number(optionsOf(t), 'beta1') ** (t - end)
}

/** Length of the simple moving average with the variance at t, and its limit. */
const averageLength = (beta2: number, t: number): [length: number, limit: number] => {
  const limit = 2 / (1 - beta2) - 1
  const power = beta2 ** t
  return [limit - (2 * t * power) / (1 - power), limit]
}

export const moments: {
  readonly [Kind in 'adam' | 'adamw' | 'adamax' | 'nadam' | 'radam' | 'yogi' | 'adabelief' | 'lion']: RuleOf<
    (typeof ops)[Kind extends 'adamw' ? 'adam' : Kind]
  >
} = {
  adam,
  adamw: {
    ...adam,
    hypers: (options) => secondHypers(options, true),
    decay: 'decoupled',
  },
  adamax: {
    op: ops.adamax,
    states: ['firstMoment', 'infinityNorm'],
    hypers: (options) => momentHypers(options, options.decoupledWeightDecay === true),
    scalars: corrections,
    tiny: SQUARED,
    decay: 'either',
  },
  nadam: {
    op: ops.nadam,
    states,
    hypers: (options) => secondHypers(options, options.decoupledWeightDecay === true),
    scalars(options, t, _learningRate, memory, optionsOf) {
      // memory: the previous t and mu_1 * ... * mu_t; recomputed after resuming in the middle of a run
      if (t === 1 || memory[0] !== t - 1) {
        memory[1] = momentumProduct(optionsOf, t - 1)
      }
      const now = mu(options, t)
      const next = mu(options, t + 1)
      memory[0] = t
      memory[1] *= now
      const [, second] = corrections(options, t)
      const beta1 = number(options, 'beta1')
      return [next / (1 - memory[1] * next), second, beta1, 1 - beta1, (1 - now) / (1 - memory[1])]
    },
    tiny: SQUARED,
    decay: 'either',
  },
  radam: {
    op: ops.radam,
    states,
    hypers: (options) => momentHypers(options, options.decoupledWeightDecay === true),
    scalars(options, t) {
      const beta2 = number(options, 'beta2')
      const [first] = corrections(options, t)
      const [length, limit] = averageLength(beta2, t)
      if (length <= 5) return [first, 0, 1]
      const rectifier = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length))
      return [first, rectifier * Math.sqrt(1 - beta2 ** t), 0]
    },
    tiny: SQUARED,
    decay: 'either',
  },
  yogi: {
    op: ops.yogi,
    states,
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    initialState: (options) => [number(options, 'initialAccumulatorValue'), number(options, 'initialAccumulatorValue')],
    tiny: SQUARED,
    decay: 'L2',
  },
  adabelief: {
    op: ops.adabelief,
    states,
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    tiny: SQUARED,
    decay: 'L2',
  },
  lion: {
    op: ops.lion,
    states: ['firstMoment'],
    hypers: (options) => momentHypers(options),
    tiny: LINEAR,
    decay: 'decoupled',
  },
}
