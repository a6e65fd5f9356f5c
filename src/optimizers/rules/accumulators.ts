/** Rules that divide by the root of a running sum or average of squared gradients: Adagrad, Adadelta, RMSprop. */
import * as ops from '../../machine/ops/optimizers.ts'
import { number, type RuleOf, SQUARED } from './rule.ts'

export const accumulators: { readonly [Kind in 'adagrad' | 'adadelta' | 'rmsprop']: RuleOf<(typeof ops)[Kind]> } = {
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
}
