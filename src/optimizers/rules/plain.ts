/** Rules that do not normalize by a running magnitude of the gradient: SGD, averaged SGD, Rprop. */
import * as ops from '../../machine/ops/optimizers.ts'
import { type Hypers, LINEAR, number, type RuleOf, SQUARED } from './rule.ts'

const pair = (options: Hypers, name: string): readonly number[] => {
  const value = options[name]
  return Array.isArray(value) ? value : []
}

export const plain: { readonly [Kind in 'sgd' | 'asgd' | 'rprop']: RuleOf<(typeof ops)[Kind]> } = {
  sgd: {
    op: ops.sgd,
    states: ['velocity'],
    uses: (_state, options) => number(options, 'momentum') > 0,
    hypers: ({ nesterov }) => ({ gradientShare: nesterov ? 1 : 0 }),
    scalars(options, t) {
      const momentum = number(options, 'momentum')
      return [t === 1 ? 1 : 1 - number(options, 'dampening'), momentum, options.nesterov ? momentum : 1]
    },
    tiny: LINEAR,
    decay: 'L2',
  },
  asgd: {
    op: ops.asgd,
    states: ['average'],
    hypers: (options) => ({ lambda: number(options, 'lambda') }),
    scalars(options, t, learningRate) {
      const slowed = (1 + number(options, 'lambda') * learningRate * (t - 1)) ** number(options, 'alpha')
      return [1 / slowed, 1 / Math.max(1, t - 1 - number(options, 't0'))]
    },
    tiny: LINEAR,
    decay: 'L2',
  },
  rprop: {
    op: ops.rprop,
    states: ['previousGradient', 'stepSize'],
    hypers(options) {
      const [shrink, grow] = pair(options, 'etas')
      const [smallest, largest] = pair(options, 'stepSizes')
      return { shrink, grow, smallest, largest }
    },
    initialState: (_options, learningRate) => [0, learningRate],
    tiny: SQUARED,
    decay: 'none',
  },
}
