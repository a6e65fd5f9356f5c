/** Rules without moments of Adam's kind: SGD, averages of it, Rprop, accumulators of squares, and rules with norms per tensor. */
import * as ops from '../../machine/ops/optimizers.ts'
import { corrections, type Hypers, LINEAR, momentHypers, number, type RuleOf, SQUARED } from './rule.ts'

const pair = (options: Hypers, name: string): readonly number[] => {
  const value = options[name]
  return Array.isArray(value) ? value : []
}

export const plain: {
  readonly [Kind in 'sgd' | 'asgd' | 'rprop' | 'adagrad' | 'adadelta' | 'rmsprop' | 'lamb' | 'novograd']: RuleOf<
    (typeof ops)[Kind]
  >
} = {
  sgd: {
    op: ops.sgd,
    states: ['velocity'],
    uses: (_state, options) => number(options, 'momentum') > 0,
    hypers(options) {
      const momentum = number(options, 'momentum')
      const { nesterov } = options
      return { momentum, gradientShare: nesterov ? 1 : 0, velocityShare: nesterov ? momentum : 1 }
    },
    scalars: (options, t) => [t === 1 ? 1 : 1 - number(options, 'dampening')],
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
  adagrad: {
    op: ops.adagrad,
    states: ['sumOfSquares'],
    hypers: (options) => ({ epsilon: number(options, 'epsilon') }),
    scalars: (options, t) => [1 / (1 + (t - 1) * number(options, 'learningRateDecay'))],
    initialState: (options) => [number(options, 'initialAccumulatorValue')],
    tiny: SQUARED,
    decay: 'L2',
  },
  adadelta: {
    op: ops.adadelta,
    states: ['secondMoment', 'secondDelta'],
    hypers(options) {
      const rho = number(options, 'rho')
      return { rho, rest: 1 - rho, epsilon: number(options, 'epsilon') }
    },
    tiny: SQUARED,
    decay: 'L2',
  },
  rmsprop: {
    op: ops.rmsprop,
    states: ['secondMoment', 'velocity', 'firstMoment'],
    uses: (state, options) =>
      state === 'velocity'
        ? number(options, 'momentum') > 0
        : state === 'firstMoment'
          ? options.centered === true
          : true,
    hypers(options) {
      const rho = number(options, 'rho')
      return { rho, rest: 1 - rho, epsilon: number(options, 'epsilon'), momentum: number(options, 'momentum') }
    },
    tiny: SQUARED,
    decay: 'L2',
  },
  lamb: {
    op: ops.lamb,
    before: [ops.lambNorms],
    states: ['firstMoment', 'secondMoment'],
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    perTensor: true,
    tiny: SQUARED,
    decay: 'inside',
  },
  novograd: {
    op: ops.novograd,
    before: [ops.novogradNorms, ops.novogradMoment],
    states: ['firstMoment', 'secondMoment'],
    hypers: (options) => momentHypers(options),
    scalars: (options, t) => (t === 1 ? [0, 1] : [number(options, 'beta2'), 1 - number(options, 'beta2')]),
    perTensor: true,
    tiny: SQUARED,
    decay: 'inside',
  },
}
