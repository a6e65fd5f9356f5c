/**
 * The catalogue of optimizers. A factory checks its options and returns a plain frozen object; equations, state and sources
 * are in optimizers.docs.ts. Semantics and defaults are PyTorch's; those of Lion, LAMB, Yogi, AdaBelief and NovoGrad Optax's,
 * which leaves the learning rate to the user: theirs are the usual ones.
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

/** All rules by kind. */
export const rules: Readonly<Record<OptimizerName, Rule>> = Object.freeze({
  ...plain,
  ...accumulators,
  ...layerwise,
  ...moments,
})

/** The rule of an optimizer. */
export const ruleOf = (optimizer: Optimizer): Rule => rules[optimizer.kind]

/** Options every factory takes. */
export interface CommonOptions {
  /** A rate, or a schedule of the update's index 0, 1, 2, ... */
  readonly learningRate?: number | Schedule
  readonly parameterGroups?: readonly ParameterGroup[]
}

export interface DecayOptions extends CommonOptions {
  /** L2 added to the gradient (weightDecay * w), unless the factory says otherwise; a number or a schedule. */
  readonly weightDecay?: number | Schedule
}

export interface SgdOptions extends DecayOptions {
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
}

/**
 * Stochastic gradient descent, with momentum and Nesterov's look-ahead.
 * @throws RangeError for nesterov without momentum or with dampening.
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

/** Adagrad: rates fall with the root of the sum of squared gradients. */
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

/** Adadelta: steps scaled by the ratio of two running root mean squares. */
export const adadelta = (options: AdadeltaOptions = {}): OptimizerOf<'adadelta'> =>
  make('adadelta', options, { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 })

export interface RmspropOptions extends DecayOptions {
  readonly rho?: number
  readonly epsilon?: number
  readonly momentum?: number
  readonly centered?: boolean
}

/** RMSprop: the gradient over its running root mean square. */
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

/** Adam: the running mean of the gradient over its running root mean square, both corrected for their start at 0. */
export const adam = (options: AdamOptions = {}): OptimizerOf<'adam'> =>
  make('adam', options, { ...adamDefaults, amsgrad: false })

/** AdamW: Adam with decoupled weight decay. */
export const adamw = (options: AdamOptions = {}): OptimizerOf<'adamw'> =>
  make('adamw', options, { ...adamDefaults, weightDecay: 0.01, amsgrad: false })

export interface DecoupledOptions extends MomentOptions {
  /** Takes weight decay off the parameters as AdamW does, instead of adding it to the gradient. */
  readonly decoupledWeightDecay?: boolean
}

/** AdaMax: Adam with a decaying maximum in place of the root mean square. */
export const adamax = (options: DecoupledOptions = {}): OptimizerOf<'adamax'> =>
  make('adamax', options, { ...adamDefaults, learningRate: 0.002, decoupledWeightDecay: false })

export interface NadamOptions extends DecoupledOptions {
  readonly momentumDecay?: number
}

/** NAdam: Adam with Nesterov's look-ahead. */
export const nadam = (options: NadamOptions = {}): OptimizerOf<'nadam'> =>
  make('nadam', options, { ...adamDefaults, learningRate: 0.002, momentumDecay: 0.004, decoupledWeightDecay: false })

/** RAdam: Adam whose first steps, of unknown variance, are rectified. */
export const radam = (options: DecoupledOptions = {}): OptimizerOf<'radam'> =>
  make('radam', options, { ...adamDefaults, decoupledWeightDecay: false })

export interface RpropOptions extends CommonOptions {
  /** Factors of the step size where the gradient's sign flips and where it stays. */
  readonly etas?: readonly [number, number]
  /** Smallest and largest step size. */
  readonly stepSizes?: readonly [number, number]
}

/**
 * Rprop: steps by sign, for full batches; `learningRate` is the first step size.
 * @throws RangeError when the smallest step size is above the largest.
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

/** Averaged SGD: a slowly decaying rate, and the average of the parameters as state. */
export const asgd = (options: AsgdOptions = {}): OptimizerOf<'asgd'> =>
  make('asgd', options, { learningRate: 0.01, lambda: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0 })

export interface LionOptions extends DecayOptions {
  readonly beta1?: number
  readonly beta2?: number
}

/** Lion: steps by the sign of a momentum; weight decay is decoupled. */
export const lion = (options: LionOptions = {}): OptimizerOf<'lion'> =>
  make('lion', options, { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0.001 })

export interface RootOptions extends MomentOptions {
  /** Added inside the root. */
  readonly epsilonRoot?: number
}

/** LAMB: Adam's direction plus weightDecay * w, scaled to the norm of each tensor. */
export const lamb = (options: RootOptions = {}): OptimizerOf<'lamb'> =>
  make('lamb', options, { ...adamDefaults, epsilon: 1e-6, epsilonRoot: 0 })

export interface YogiOptions extends MomentOptions {
  readonly initialAccumulatorValue?: number
}

/** Yogi: Adam with a second moment that changes by at most (1 - beta2) g². */
export const yogi = (options: YogiOptions = {}): OptimizerOf<'yogi'> =>
  make('yogi', options, { ...adamDefaults, learningRate: 0.01, epsilon: 0.001, initialAccumulatorValue: 1e-6 })

/** AdaBelief: Adam with the variance of the gradient around its mean. */
export const adabelief = (options: RootOptions = {}): OptimizerOf<'adabelief'> =>
  make('adabelief', options, { ...adamDefaults, epsilon: 1e-16, epsilonRoot: 1e-16 })

/** NovoGrad: momentum of gradients normalized per tensor, plus weightDecay * w. */
export const novograd = (options: RootOptions = {}): OptimizerOf<'novograd'> =>
  make('novograd', options, { ...adamDefaults, beta2: 0.25, epsilon: 1e-6, epsilonRoot: 0 })

/** All factories by kind. */
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
