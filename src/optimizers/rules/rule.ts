/** What an update rule is made of, and what an optimizer chosen by the user looks like. */
import type { HyperNames, StateNames, UpdateOp } from '../../machine/ops/optimizers.ts'
import type { Schedule } from '../schedules/schedules.ts'
import type { ParameterGroup } from './groups.ts'

/** Hyper-parameters of a rule, all resolved: no defaults are left to fill in. */
export type Hypers = Readonly<Record<string, number | boolean | string | readonly number[]>>

export type OptimizerName =
  | 'sgd'
  | 'asgd'
  | 'rprop'
  | 'adagrad'
  | 'adadelta'
  | 'rmsprop'
  | 'adam'
  | 'adamw'
  | 'adamax'
  | 'nadam'
  | 'radam'
  | 'yogi'
  | 'adabelief'
  | 'lion'
  | 'lamb'
  | 'novograd'
export type Optimizer = OptimizerOf<OptimizerName>

/** An update rule with all its options: what `adam(...)` returns. */
export interface OptimizerOf<Kind extends string = string> {
  readonly kind: Kind
  readonly learningRate: number | Schedule
  readonly weightDecay: number | Schedule
  /** The other options. */
  readonly options: Hypers
  readonly parameterGroups: readonly ParameterGroup[]
}

/** How a rule takes weight decay: added to the gradient, off the parameters, by choice, in a place of its own, or not. */
export type DecayForm = 'L2' | 'decoupled' | 'either' | 'inside' | 'none'

/** One row of the catalogue: how a rule runs. Its equation is in optimizers.docs.ts. */
export interface Rule {
  readonly op: UpdateOp
  /** Ops over the same operands that run before `op`, each seeing what the one before wrote. */
  readonly before?: readonly UpdateOp[]
  /** State blocks, all shaped like the parameters; files keep them in this order. */
  readonly states: readonly string[]
  /** Whether these options need the state; without this, all states are. */
  uses?(state: string, options: Hypers): boolean
  /** The op's constants; rounded to float32 once, so complements such as 1 - beta are constants of their own. */
  hypers(options: Hypers): Readonly<Record<string, number>>
  /**
   * The record's scalars in update t = 1, 2, ..., of the options then; `memory` belongs to one run and starts as zeros, `optionsOf` gives the
   * options of any update.
   */
  scalars?(
    options: Hypers,
    t: number,
    learningRate: number,
    memory: Float64Array,
    optionsOf: (t: number) => Hypers,
  ): readonly number[]
  /** What each state starts from, 0 by default. Padding starts from 0 always. */
  initialState?(options: Hypers, learningRate: number): readonly number[]
  /** Its steps run once per tensor and need room for partial sums. */
  readonly perTensor?: boolean
  /** Gradients far below it count as 0: where they are squared, their squares must not be denormal. */
  readonly tiny: number
  readonly decay: DecayForm
}

/** A rule that names its states and constants as its op does. */
export interface RuleOf<O extends UpdateOp> extends Rule {
  readonly op: O
  readonly states: readonly StateNames<O>[]
  hypers(options: Hypers): Readonly<Record<HyperNames<O>, number>>
}

/** Where gradients are squared: 2^-56, the smallest that is left, has a normal square even times 1 - beta2. */
export const SQUARED = 2e-10
/** Where they are not. */
export const LINEAR = 1e-20

/** A hyper-parameter that is a number; 0 where the rule has none of that name. */
export const number = (options: Hypers, name: string): number => Number(options[name] ?? 0)

/** The constants of all rules with two moments, but for those of the first. */
export const secondHypers = (options: Hypers, decoupled = false) => {
  const beta2 = number(options, 'beta2')
  return {
    beta2,
    rest2: 1 - beta2,
    epsilon: number(options, 'epsilon'),
    decoupled: decoupled ? 1 : 0,
    epsilonRoot: number(options, 'epsilonRoot'),
  }
}

/** The constants of all rules with two moments. */
export const momentHypers = (options: Hypers, decoupled = false) => {
  const beta1 = number(options, 'beta1')
  return { beta1, rest1: 1 - beta1, ...secondHypers(options, decoupled) }
}

/** Adam's bias corrections: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t). */
export const corrections = (options: Hypers, t: number): [number, number] => [
  1 / (1 - number(options, 'beta1') ** t),
  1 / Math.sqrt(1 - number(options, 'beta2') ** t),
]
