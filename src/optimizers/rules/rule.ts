/** The parts of an update rule, and the optimizer object that users hold. */
import type { HyperNames, StateNames, UpdateOp } from '../../machine/ops/optimizers.ts'
import type { Schedule } from '../schedules/schedules.ts'
import type { ParameterGroup } from './groups.ts'

/** Hyperparameters of a rule, with all defaults filled in. */
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

/** An update rule with all its options, as returned by `adam(...)`. */
export interface OptimizerOf<Kind extends string = string> {
  readonly kind: Kind
  readonly learningRate: number | Schedule
  readonly weightDecay: number | Schedule
  /** The other options. */
  readonly options: Hypers
  readonly parameterGroups: readonly ParameterGroup[]
}

/** How a rule applies weight decay: added to the gradient, to the parameters, either by option, inside its own formula, or not at all. */
export type DecayForm = 'L2' | 'decoupled' | 'either' | 'inside' | 'none'

/** One row of the catalogue: how a rule runs. Its equation is in optimizers.docs.ts. */
export interface Rule {
  readonly op: UpdateOp
  /** Ops on the same operands that run before `op`, each seeing the previous one's output. */
  readonly before?: readonly UpdateOp[]
  /** State blocks, all shaped like the parameters; files store them in this order. */
  readonly states: readonly string[]
  /** Whether these options need the state; by default all states are needed. */
  uses?(state: string, options: Hypers): boolean
  /** The op's constants, each rounded to float32 once; hence complements such as 1 - beta are separate constants. */
  hypers(options: Hypers): Readonly<Record<string, number>>
  /**
   * The record's scalars for update t = 1, 2, ... under that update's options. `memory` belongs to one run and starts at zeros;
   * `optionsOf` gives the options of any update.
   */
  scalars?(
    options: Hypers,
    t: number,
    learningRate: number,
    memory: Float64Array,
    optionsOf: (t: number) => Hypers,
  ): readonly number[]
  /** Initial value of each state; default 0. Padding always starts at 0. */
  initialState?(options: Hypers, learningRate: number): readonly number[]
  /** Its steps run once per tensor and need scratch for partial sums. */
  readonly perTensor?: boolean
  /** Gradients below it count as 0, so that their squares are never denormal. */
  readonly tiny: number
  readonly decay: DecayForm
}

/** A rule that uses the names of its op's states and constants. */
export interface RuleOf<O extends UpdateOp> extends Rule {
  readonly op: O
  readonly states: readonly StateNames<O>[]
  hypers(options: Hypers): Readonly<Record<HyperNames<O>, number>>
}

/** `tiny` for rules that square gradients: the square of 2^-56, the smallest gradient kept, is normal even times 1 - beta2. */
export const SQUARED = 2e-10
/** `tiny` for rules that do not. */
export const LINEAR = 1e-20

/** A numeric hyperparameter; 0 if the rule has none of that name. */
export const number = (options: Hypers, name: string): number => Number(options[name] ?? 0)

/** The constants shared by all rules with a second moment. */
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

/** The constants shared by all rules with two moments. */
export const momentHypers = (options: Hypers, decoupled = false) => {
  const beta1 = number(options, 'beta1')
  return { beta1, rest1: 1 - beta1, ...secondHypers(options, decoupled) }
}

/** Adam's bias corrections: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t). */
export const corrections = (options: Hypers, t: number): [number, number] => [
  1 / (1 - number(options, 'beta1') ** t),
  1 / Math.sqrt(1 - number(options, 'beta2') ** t),
]
