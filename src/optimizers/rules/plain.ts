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
    title: 'SGD',
    equation: `b = g in the first update, then momentum * b + (1 - dampening) * g
w -= learningRate * b
nesterov:         w -= learningRate * (g + momentum * b)
without momentum: w -= learningRate * g`,
    state: '`velocity` b, only with momentum',
    source: 'Robbins and Monro 1951; momentum: Polyak 1964; nesterov: Nesterov 1983 as in Sutskever et al. 2013',
    equivalent: 'PyTorch SGD; Keras SGD keeps the rate inside the velocity',
    use: 'With momentum 0.9 and a schedule the best final accuracy, for those who tune.',
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
    title: 'ASGD',
    equation: `eta = learningRate / (1 + lambda * learningRate * (t - 1))^alpha
w -= eta * (g + lambda * w)
average += (w - average) / max(1, t - 1 - t0)`,
    state: '`average`: the mean of the parameters since update t0',
    source: 'Polyak and Juditsky 1992',
    equivalent: 'PyTorch ASGD, where a rate that changes enters eta one update later',
    use: 'Convex problems: the average converges at the optimal rate. The parameters themselves stay unaveraged.',
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
    title: 'Rprop',
    equation: `same sign as the previous gradient:  size = min(size * etas[1], stepSizes[1])
opposite sign:                       size = max(size * etas[0], stepSizes[0]), and g = 0 now and as the next previous gradient
w -= sign(g) * size
size starts at learningRate, which has no other effect`,
    state: '`previousGradient`, `stepSize`',
    source: 'Riedmiller and Braun 1993',
    equivalent: 'PyTorch Rprop',
    use: 'Full batches only: signs of mini-batch gradients are mostly noise.',
  },
  adagrad: {
    op: ops.adagrad,
    states: ['sumOfSquares'],
    hypers: (options) => ({ epsilon: number(options, 'epsilon') }),
    scalars: (options, t) => [1 / (1 + (t - 1) * number(options, 'learningRateDecay'))],
    initialState: (options) => [number(options, 'initialAccumulatorValue')],
    tiny: SQUARED,
    decay: 'L2',
    title: 'Adagrad',
    equation: `s += g^2, from initialAccumulatorValue
w -= learningRate / (1 + (t - 1) * learningRateDecay) * g / (sqrt(s) + epsilon)`,
    state: '`sumOfSquares` s',
    source: 'Duchi, Hazan and Singer 2011',
    equivalent: 'PyTorch Adagrad',
    use: 'Sparse features: rare ones keep large rates.',
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
    title: 'Adadelta',
    equation: `v = rho * v + (1 - rho) * g^2
d = sqrt((u + epsilon) / (v + epsilon)) * g
u = rho * u + (1 - rho) * d^2
w -= learningRate * d`,
    state: '`secondMoment` v, `secondDelta` u',
    source: 'Zeiler 2012',
    equivalent: 'PyTorch Adadelta',
    use: 'No rate to choose: steps have the units of the parameters.',
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
    title: 'RMSprop',
    equation: `v = rho * v + (1 - rho) * g^2
centered: m = rho * m + (1 - rho) * g, and v - m^2 takes the place of v below
w -= learningRate * g / (sqrt(v) + epsilon)
momentum: b = momentum * b + g / (sqrt(v) + epsilon);  w -= learningRate * b`,
    state: '`secondMoment` v; `velocity` b with momentum; `firstMoment` m when centered',
    source: 'Tieleman and Hinton 2012; centered: Graves 2013',
    equivalent: 'PyTorch RMSprop with alpha = rho; Keras RMSprop adds its epsilon inside the root',
    use: 'Non-stationary problems such as reinforcement learning.',
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
    title: 'LAMB',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t) + epsilonRoot) + epsilon) + weightDecay * w
w -= learningRate * |w| / |u| * u
norms over each tensor; the ratio is 1 where one of them is 0`,
    state: '`firstMoment` m, `secondMoment` v',
    source: 'You et al. 2020',
    equivalent: 'Optax lamb, Keras Lamb',
    use: 'Very large batches: every tensor moves by the same share of its norm.',
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
    title: 'NovoGrad',
    equation: `n = |g|^2 in the first update, then beta2 * n + (1 - beta2) * |g|^2, one number per tensor
m = beta1 * m + g / (sqrt(n + epsilonRoot) + epsilon) + weightDecay * w
w -= learningRate * m`,
    state: '`firstMoment` m; `secondMoment`: n is the first value of each tensor',
    source: 'Ginsburg et al. 2019',
    equivalent: 'Optax novograd',
    use: 'Large batches and long runs without a warm-up; one second moment per tensor.',
  },
}
