/** Rules on two moments of the gradient: Adam's family and Lion. Update t = 1, 2, ...; g includes L2 where a rule has it. */
import * as ops from '../../machine/ops/optimizers.ts'
import { corrections, type Hypers, LINEAR, momentHypers, number, type RuleOf, SQUARED } from './rule.ts'

const states = ['firstMoment', 'secondMoment'] as const

const adam: RuleOf<typeof ops.adam> = {
  op: ops.adam,
  states: [...states, 'maxSecondMoment'],
  uses: (state, options) => state !== 'maxSecondMoment' || options.amsgrad === true,
  hypers: (options) => momentHypers(options),
  scalars: corrections,
  tiny: SQUARED,
  decay: 'L2',
  title: 'Adam',
  equation: `m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g^2
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
amsgrad: the largest v so far takes the place of v in the last line`,
  state: '`firstMoment` m, `secondMoment` v; with `amsgrad` also `maxSecondMoment`',
  source: 'Kingma and Ba 2015; AMSGrad: Reddi, Kale and Kumar 2018',
  equivalent: 'PyTorch Adam; Keras Adam adds its epsilon (1e-7) before the correction of v',
  use: 'The default choice for dense networks: rates hardly need tuning.',
}

/** mu_t of Dozat's momentum schedule. */
const mu = (options: Hypers, t: number): number =>
  number(options, 'beta1') * (1 - 0.5 * 0.96 ** (t * number(options, 'momentumDecay')))

/** Length of the simple average that variance t is worth, and its limit. */
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
    hypers: (options) => momentHypers(options, true),
    decay: 'decoupled',
    title: 'AdamW',
    equation: `w -= learningRate * weightDecay * w
then Adam's step without weight decay`,
    source: 'Loshchilov and Hutter 2019',
    equivalent: 'PyTorch AdamW, Keras AdamW, Optax adamw',
    use: 'Adam with weight decay that acts on all weights alike, whatever the size of their gradients.',
  },
  adamax: {
    op: ops.adamax,
    states: ['firstMoment', 'infinityNorm'],
    hypers: (options) => momentHypers(options, options.decoupledWeightDecay === true),
    scalars: corrections,
    tiny: SQUARED,
    decay: 'either',
    title: 'AdaMax',
    equation: `m = beta1 * m + (1 - beta1) * g
u = max(beta2 * u, |g| + epsilon)
w -= learningRate / (1 - beta1^t) * m / u`,
    state: '`firstMoment` m, `infinityNorm` u',
    source: 'Kingma and Ba 2015, section 7.1',
    equivalent: 'PyTorch Adamax (which has no decoupledWeightDecay), Keras Adamax',
    use: 'Sparse or heavy-tailed gradients: one large gradient is not squared.',
  },
  nadam: {
    op: ops.nadam,
    states,
    hypers: (options) => momentHypers(options, options.decoupledWeightDecay === true),
    scalars(options, t, _learningRate, memory) {
      // memory: the last t and mu_1 * ... * mu_t; made again where a run resumes in the middle
      if (t === 1 || memory[0] !== t - 1) {
        memory[1] = 1
        for (let past = 1; past < t; past++) memory[1] *= mu(options, past)
      }
      const now = mu(options, t)
      const next = mu(options, t + 1)
      memory[0] = t
      memory[1] *= now
      const [, second] = corrections(options, t)
      return [next / (1 - memory[1] * next), second, (1 - now) / (1 - memory[1])]
    },
    tiny: SQUARED,
    decay: 'either',
    title: 'NAdam',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2);  P = mu_1 * ... * mu_t
w -= learningRate * ((1 - mu_t) / (1 - P) * g + mu_(t+1) / (1 - P * mu_(t+1)) * m) / (sqrt(v / (1 - beta2^t)) + epsilon)`,
    state: '`firstMoment` m, `secondMoment` v',
    source: 'Dozat 2016',
    equivalent: 'PyTorch NAdam, Keras Nadam',
    use: "Adam with Nesterov's look-ahead; often a little faster at the start.",
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
    title: 'RAdam',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
L = 2 / (1 - beta2) - 1;  l = L - 2 * t * beta2^t / (1 - beta2^t)
l > 5: w -= learningRate / (1 - beta1^t) * m * r * sqrt(1 - beta2^t) / (sqrt(v) + epsilon),
       r = sqrt((l - 4) * (l - 2) * L / ((L - 4) * (L - 2) * l))
else:  w -= learningRate / (1 - beta1^t) * m`,
    state: '`firstMoment` m, `secondMoment` v',
    source: 'Liu et al. 2020',
    equivalent: 'PyTorch RAdam, Optax radam',
    use: 'Adam without a warm-up to tune: the first steps, whose variance is unknown, are plain momentum.',
  },
  yogi: {
    op: ops.yogi,
    states,
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    initialState: (options) => [number(options, 'initialAccumulatorValue'), number(options, 'initialAccumulatorValue')],
    tiny: SQUARED,
    decay: 'L2',
    title: 'Yogi',
    equation: `m = beta1 * m + (1 - beta1) * g
v -= (1 - beta2) * sign(v - g^2) * g^2
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
m and v start at initialAccumulatorValue`,
    state: '`firstMoment` m, `secondMoment` v',
    source: 'Zaheer et al. 2018',
    equivalent: 'Optax yogi',
    use: 'Gradients that come in bursts: v changes by at most (1 - beta2) * g^2, so small gradients after large ones do not raise the rate at once.',
  },
  adabelief: {
    op: ops.adabelief,
    states,
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    tiny: SQUARED,
    decay: 'L2',
    title: 'AdaBelief',
    equation: `m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * (g - m)^2 + epsilonRoot
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)`,
    state: '`firstMoment` m, `secondMoment` v',
    source: 'Zhuang et al. 2020',
    equivalent: 'Optax adabelief',
    use: 'Large steps where gradients are as predicted, small ones where they surprise.',
  },
  lion: {
    op: ops.lion,
    states: ['firstMoment'],
    hypers: (options) => momentHypers(options),
    tiny: LINEAR,
    decay: 'decoupled',
    title: 'Lion',
    equation: `w -= learningRate * (sign(beta1 * m + (1 - beta1) * g) + weightDecay * w)
m = beta2 * m + (1 - beta2) * g`,
    state: '`firstMoment` m',
    source: 'Chen et al. 2023',
    equivalent: 'Optax lion, Keras Lion',
    use: 'Half the state of Adam; wants a rate 3 to 10 times smaller and a decay as much larger.',
  },
}
