/**
 * The catalogue of optimizers. A factory checks its options and returns a plain frozen object; state and sources are in
 * optimizers.docs.ts. Semantics and defaults are PyTorch's; for Lion, LAMB, Yogi, AdaBelief and NovoGrad they are Optax's, with
 * the usual learning rates, for which Optax has no defaults.
 *
 * In the equations w is a parameter, g its gradient (weightDecay * w included, unless decay is decoupled), lr the learning rate
 * and t = 1, 2, ... the update. Every factory throws a TypeError or RangeError naming an option that is unknown or out of range.
 */
import { accumulators } from './rules/accumulators.ts'
import type { ParameterGroup } from './rules/groups.ts'
import { layerwise } from './rules/layerwise.ts'
import { make } from './rules/make.ts'
import { moments } from './rules/moments.ts'
import { plain } from './rules/plain.ts'
import type { Optimizer, OptimizerName, OptimizerOf, Rule } from './rules/rule.ts'
import type { Schedule } from './schedules/schedules.ts'

export { checkMatches, describeGroup, matcherOf, type ParameterGroup } from './rules/groups.ts'
export type { Hypers, Optimizer, OptimizerName, Rule } from './rules/rule.ts'

/** Rules by kind. */
export const rules: Readonly<Record<OptimizerName, Rule>> = Object.freeze({
  ...plain,
  ...accumulators,
  ...layerwise,
  ...moments,
})

export const ruleOf = (optimizer: Optimizer): Rule => rules[optimizer.kind]

/** Options every factory takes. */
export interface CommonOptions {
  /** A rate, or a function of the update's index 0, 1, 2, ... */
  readonly learningRate?: number | Schedule
  readonly parameterGroups?: readonly ParameterGroup[]
}

export interface DecayOptions extends CommonOptions {
  /** weightDecay * w is added to the gradient, unless the factory says otherwise; a number or a schedule. */
  readonly weightDecay?: number | Schedule
}

export interface SgdOptions extends DecayOptions {
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
}

/**
 * Stochastic gradient descent: b = momentum * b + (1 - dampening) * g (b = g in the first update), w -= lr * b;
 * with nesterov w -= lr * (g + momentum * b). PyTorch's SGD; Keras keeps lr inside b.
 * Defaults: learningRate 0.01, momentum 0, dampening 0, nesterov false, weightDecay 0.
 * @throws RangeError also for nesterov without momentum or with dampening.
 */
export function sgd(options: SgdOptions = {}): OptimizerOf<'sgd'> {
  const made = make('sgd', options, { learningRate: 0.01, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 })
  const { momentum, dampening, nesterov } = made.options
  if (nesterov && !(Number(momentum) > 0 && dampening === 0)) {
    throw new RangeError(
      `sgd: "nesterov" needs "momentum" above 0 and "dampening" 0, got momentum ${momentum} and dampening ${dampening}`,
    )
  }
  return made
}

export interface AdagradOptions extends DecayOptions {
  readonly learningRateDecay?: number
  readonly initialAccumulatorValue?: number
  readonly epsilon?: number
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011): s += g², w -= lr / (1 + (t - 1) learningRateDecay) * g / (√s + epsilon). PyTorch's Adagrad.
 * Defaults: learningRate 0.01, learningRateDecay 0, initialAccumulatorValue 0 (of s), epsilon 1e-10, weightDecay 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adagrad = (options: AdagradOptions = {}): OptimizerOf<'adagrad'> =>
  make('adagrad', options, {
    learningRate: 0.01,
    learningRateDecay: 0,
    initialAccumulatorValue: 0,
    epsilon: 1e-10,
    weightDecay: 0,
  })

export interface AdadeltaOptions extends DecayOptions {
  readonly rho?: number
  readonly epsilon?: number
}

/**
 * Adadelta (Zeiler 2012): v = rho v + (1 - rho) g², d = √((u + epsilon) / (v + epsilon)) g, u = rho u + (1 - rho) d², w -= lr d.
 * PyTorch's Adadelta. Defaults: learningRate 1, rho 0.9, epsilon 1e-6, weightDecay 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adadelta = (options: AdadeltaOptions = {}): OptimizerOf<'adadelta'> =>
  make('adadelta', options, { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 })

export interface RmspropOptions extends DecayOptions {
  readonly rho?: number
  readonly epsilon?: number
  readonly momentum?: number
  readonly centered?: boolean
}

/**
 * RMSprop (Tieleman and Hinton 2012): v = rho v + (1 - rho) g², w -= lr g / (√v + epsilon). `centered` replaces v by v - m²,
 * m = rho m + (1 - rho) g; with momentum, b = momentum b + g / (√v + epsilon), w -= lr b. PyTorch's RMSprop with alpha = rho.
 * Defaults: learningRate 0.01, rho 0.99, epsilon 1e-8, momentum 0, centered false, weightDecay 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const rmsprop = (options: RmspropOptions = {}): OptimizerOf<'rmsprop'> =>
  make('rmsprop', options, {
    learningRate: 0.01,
    rho: 0.99,
    epsilon: 1e-8,
    momentum: 0,
    centered: false,
    weightDecay: 0,
  })

export interface MomentOptions extends DecayOptions {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

export interface AdamOptions extends MomentOptions {
  readonly amsgrad?: boolean
}

const adamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const

/**
 * Adam (Kingma and Ba 2015): m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g²,
 * w -= lr / (1 - beta1^t) * m / (√v / √(1 - beta2^t) + epsilon); `amsgrad` uses the largest v so far. PyTorch's Adam.
 * Defaults: learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, amsgrad false, weightDecay 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adam = (options: AdamOptions = {}): OptimizerOf<'adam'> =>
  make('adam', options, { ...adamDefaults, amsgrad: false })

/**
 * AdamW (Loshchilov and Hutter 2019): w -= lr weightDecay w, then Adam's step without weight decay. PyTorch's AdamW.
 * Defaults: Adam's, with weightDecay 0.01.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adamw = (options: AdamOptions = {}): OptimizerOf<'adamw'> =>
  make('adamw', options, { ...adamDefaults, weightDecay: 0.01, amsgrad: false })

export interface DecoupledOptions extends MomentOptions {
  /** Subtracts weight decay from the parameters, as AdamW does, instead of adding it to the gradient. Default false. */
  readonly decoupledWeightDecay?: boolean
}

/**
 * AdaMax (Kingma and Ba 2015, section 7.1): m as in Adam, u = max(beta2 u, |g| + epsilon), w -= lr / (1 - beta1^t) * m / u.
 * PyTorch's Adamax. Defaults: Adam's, with learningRate 0.002.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adamax = (options: DecoupledOptions = {}): OptimizerOf<'adamax'> =>
  make('adamax', options, { ...adamDefaults, learningRate: 0.002, decoupledWeightDecay: false })

export interface NadamOptions extends DecoupledOptions {
  readonly momentumDecay?: number
}

/**
 * NAdam (Dozat 2016): Adam with Nesterov momentum. mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2), P = mu_1 ... mu_t,
 * w -= lr ((1 - mu_t) / (1 - P) g + mu_(t+1) / (1 - P mu_(t+1)) m) / (√(v / (1 - beta2^t)) + epsilon). PyTorch's NAdam.
 * Defaults: Adam's, with learningRate 0.002 and momentumDecay 0.004.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const nadam = (options: NadamOptions = {}): OptimizerOf<'nadam'> =>
  make('nadam', options, { ...adamDefaults, learningRate: 0.002, momentumDecay: 0.004, decoupledWeightDecay: false })

/**
 * RAdam (Liu et al. 2020): Adam whose step is multiplied by r, the rectification of v's variance; momentum without v while that
 * variance is intractable (l <= 5). With L = 2 / (1 - beta2) - 1 and l = L - 2 t beta2^t / (1 - beta2^t):
 * r = √((l - 4) (l - 2) L / ((L - 4) (L - 2) l)). PyTorch's RAdam. Defaults: Adam's.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const radam = (options: DecoupledOptions = {}): OptimizerOf<'radam'> =>
  make('radam', options, { ...adamDefaults, decoupledWeightDecay: false })

export interface RpropOptions extends CommonOptions {
  /** Factors on the step size if the gradient's sign flips, and if it stays. Default [0.5, 1.2]. */
  readonly etas?: readonly [number, number]
  /** Smallest and largest step size. Default [1e-6, 50]. */
  readonly stepSizes?: readonly [number, number]
}

/**
 * Rprop (Riedmiller and Braun 1993), for full batches: w -= sign(g) size, with one size per parameter, which grows by etas[1] while
 * the gradient's sign stays and shrinks by etas[0] when it flips (g then counts as 0). PyTorch's Rprop.
 * Defaults: learningRate 0.01 (the initial size), etas [0.5, 1.2], stepSizes [1e-6, 50].
 * @throws RangeError also if the smallest step size is above the largest.
 */
export function rprop(options: RpropOptions = {}): OptimizerOf<'rprop'> {
  const made = make('rprop', options, { learningRate: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50] })
  const [smallest, largest] = made.options.stepSizes as readonly number[]
  if (smallest > largest)
    throw new RangeError(`rprop: "stepSizes" must be [smallest, largest], got [${smallest}, ${largest}]`)
  return made
}

export interface AsgdOptions extends DecayOptions {
  readonly lambda?: number
  readonly alpha?: number
  readonly t0?: number
}

/**
 * Averaged SGD (Polyak and Juditsky 1992): eta = lr / (1 + lambda lr (t - 1))^alpha, w -= eta (g + lambda w); the state holds the
 * average of w from update t0 on. PyTorch's ASGD. Defaults: learningRate 0.01, lambda 1e-4, alpha 0.75, t0 1e6, weightDecay 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const asgd = (options: AsgdOptions = {}): OptimizerOf<'asgd'> =>
  make('asgd', options, { learningRate: 0.01, lambda: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0 })

export interface LionOptions extends DecayOptions {
  readonly beta1?: number
  readonly beta2?: number
}

/**
 * Lion (Chen et al. 2023): w -= lr (sign(beta1 m + (1 - beta1) g) + weightDecay w), m = beta2 m + (1 - beta2) g. Optax' lion.
 * Defaults: learningRate 1e-4, beta1 0.9, beta2 0.99, weightDecay 0.001 (decoupled).
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const lion = (options: LionOptions = {}): OptimizerOf<'lion'> =>
  make('lion', options, { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0.001 })

export interface RootOptions extends MomentOptions {
  /** Added inside the square root. Default 0; 1e-16 in AdaBelief. */
  readonly epsilonRoot?: number
}

/**
 * LAMB (You et al. 2020): u = Adam's direction + weightDecay w, w -= lr |w| / |u| u, norms per tensor (ratio 1 if either is 0).
 * Optax' lamb. Defaults: Adam's, with epsilon 1e-6 and epsilonRoot 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const lamb = (options: RootOptions = {}): OptimizerOf<'lamb'> =>
  make('lamb', options, { ...adamDefaults, epsilon: 1e-6, epsilonRoot: 0 })

export interface YogiOptions extends MomentOptions {
  readonly initialAccumulatorValue?: number
}

/**
 * Yogi (Zaheer et al. 2018): Adam with v -= (1 - beta2) sign(v - g²) g². Optax' yogi.
 * Defaults: Adam's, with learningRate 0.01, epsilon 0.001 and initialAccumulatorValue 1e-6 (of m and v).
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const yogi = (options: YogiOptions = {}): OptimizerOf<'yogi'> =>
  make('yogi', options, { ...adamDefaults, learningRate: 0.01, epsilon: 0.001, initialAccumulatorValue: 1e-6 })

/**
 * AdaBelief (Zhuang et al. 2020): Adam with v = beta2 v + (1 - beta2) (g - m)² + epsilonRoot. Optax' adabelief.
 * Defaults: Adam's, with epsilon 1e-16 and epsilonRoot 1e-16.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const adabelief = (options: RootOptions = {}): OptimizerOf<'adabelief'> =>
  make('adabelief', options, { ...adamDefaults, epsilon: 1e-16, epsilonRoot: 1e-16 })

/**
 * NovoGrad (Ginsburg et al. 2019): n = beta2 n + (1 - beta2) |g|² per tensor (|g|² in the first update),
 * m = beta1 m + g / (√(n + epsilonRoot) + epsilon) + weightDecay w, w -= lr m. Optax' novograd.
 * Defaults: Adam's, with beta2 0.25, epsilon 1e-6 and epsilonRoot 0.
 * @throws TypeError or RangeError naming an unknown or bad option.
 */
export const novograd = (options: RootOptions = {}): OptimizerOf<'novograd'> =>
  make('novograd', options, { ...adamDefaults, beta2: 0.25, epsilon: 1e-6, epsilonRoot: 0 })

/** Factories by kind. */
export const optimizers: { readonly [Kind in OptimizerName]: (options?: Record<string, never>) => OptimizerOf<Kind> } =
  {
    sgd,
    adagrad,
    adadelta,
    rmsprop,
    adam,
    adamw,
    adamax,
    nadam,
    radam,
    rprop,
    asgd,
    lion,
    lamb,
    yogi,
    adabelief,
    novograd,
  }
