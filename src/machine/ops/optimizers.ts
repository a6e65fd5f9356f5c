/**
 * Ops of update rules: one in-place pass over the parallel blocks of parameters, gradients and states. Equations are beside
 * the kernels in assembly/optimizers; rules in src/optimizers/rules use the names of states and constants of their op.
 */
import * as codes from '../../abi/ops.ts'
import * as abi from '../../abi/optimizers.ts'
import { type Address, type Count, type Float, type Int, type Op, type Optional, op } from './op.ts'

// Operands of every update; rules use those they need.
const blocks = {
  parameters: abi.OPT_PARAMETERS as Address,
  gradients: abi.OPT_GRADIENTS as Address,
  count: abi.OPT_COUNT as Count,
  journal: abi.OPT_JOURNAL as Int,
}
const rates = {
  rateScale: abi.OPT_RATE_SCALE as Float,
  decayScale: abi.OPT_DECAY_SCALE as Float,
  decay: abi.OPT_DECAY as Float,
  tiny: abi.OPT_TINY as Float,
  tinySquare: abi.OPT_TINY_SQUARE as Float,
}
const partials = { partials: abi.OPT_PARTIALS as Address }

const state0 = abi.OPT_STATE as Address
const state1 = (abi.OPT_STATE + 1) as Address
/** A state that some options do not need. */
const maybe0 = abi.OPT_STATE as Optional<Address>
const maybe1 = (abi.OPT_STATE + 1) as Optional<Address>
const maybe2 = (abi.OPT_STATE + 2) as Optional<Address>

export type UpdateOp = Op<Op['ints'] & typeof blocks, Op['floats'] & typeof rates>
/** Names of a rule's state blocks. */
export type StateNames<O extends UpdateOp> = string & Exclude<keyof O['ints'], keyof (typeof blocks & typeof partials)>
/** Names of a rule's own constants. */
export type HyperNames<O extends UpdateOp> = string & Exclude<keyof O['floats'], keyof typeof rates>

/** An elementwise rule that updates the parameters and all its states. */
const update = <S extends Record<string, Address | Optional<Address>>, C extends Record<string, Float>>(
  code: number,
  states: S,
  constants: C,
) =>
  op(
    code,
    'lines',
    { ...blocks, ...states },
    { ...rates, ...constants },
    { inPlace: ['parameters', ...(Object.keys(states) as (keyof S & string)[])] },
  )

export const sgd = update(codes.OP_SGD, { velocity: maybe0 }, { gradientShare: abi.SGD_GRADIENT as Float })
export const asgd = update(codes.OP_ASGD, { average: state0 }, { lambda: abi.ASGD_LAMBDA as Float })
export const rprop = update(
  codes.OP_RPROP,
  { previousGradient: state0, stepSize: state1 },
  {
    shrink: abi.RPROP_SHRINK as Float,
    grow: abi.RPROP_GROW as Float,
    smallest: abi.RPROP_SMALLEST as Float,
    largest: abi.RPROP_LARGEST as Float,
  },
)

export const adagrad = update(codes.OP_ADAGRAD, { sumOfSquares: state0 }, { epsilon: abi.ADAGRAD_EPSILON as Float })
export const adadelta = update(
  codes.OP_ADADELTA,
  { secondMoment: state0, secondDelta: state1 },
  {
    rho: abi.ADADELTA_RHO as Float,
    rest: abi.ADADELTA_REST as Float,
    epsilon: abi.ADADELTA_EPSILON as Float,
  },
)
export const rmsprop = update(
  codes.OP_RMSPROP,
  {
    secondMoment: state0,
    velocity: maybe1,
    firstMoment: maybe2,
  },
  {
    rho: abi.RMSPROP_RHO as Float,
    rest: abi.RMSPROP_REST as Float,
    epsilon: abi.RMSPROP_EPSILON as Float,
    momentum: abi.RMSPROP_MOMENTUM as Float,
  },
)

// Rules with two moments. They share the words of their constants; some use only a part of them.

const moments = { firstMoment: state0, secondMoment: state1 }
const seconds = {
  beta2: abi.MOMENT_BETA2 as Float,
  rest2: abi.MOMENT_REST2 as Float,
  epsilon: abi.MOMENT_EPSILON as Float,
  decoupled: abi.MOMENT_DECOUPLED as Float,
  epsilonRoot: abi.MOMENT_EPSILON_ROOT as Float,
}
const constants = { beta1: abi.MOMENT_BETA1 as Float, rest1: abi.MOMENT_REST1 as Float, ...seconds }

export const adam = update(codes.OP_ADAM, { ...moments, maxSecondMoment: maybe2 }, seconds)
export const adamax = update(codes.OP_ADAMAX, { firstMoment: state0, infinityNorm: state1 }, constants)
export const nadam = update(codes.OP_NADAM, moments, seconds)
export const radam = update(codes.OP_RADAM, moments, constants)
export const yogi = update(codes.OP_YOGI, moments, constants)
export const adabelief = update(codes.OP_ADABELIEF, moments, constants)
export const lion = update(codes.OP_LION, { firstMoment: state0 }, constants)

// Rules with norms per tensor: first sums by chunks, then the update that reads them.

const tensor = { ...blocks, ...partials, ...moments }
const tensorFloats = { ...rates, ...constants }

export const lambNorms = op(codes.OP_LAMB_NORMS, 'chunks', tensor, tensorFloats, {
  inPlace: ['firstMoment', 'secondMoment'],
})
export const lamb = op(codes.OP_LAMB, 'lines', tensor, tensorFloats, { inPlace: ['parameters'] })
export const novogradNorms = op(codes.OP_NOVOGRAD_NORMS, 'chunks', tensor, tensorFloats)
export const novogradMoment = op(codes.OP_NOVOGRAD_MOMENT, 'none', tensor, tensorFloats, {
  inPlace: ['secondMoment'],
})
export const novograd = op(codes.OP_NOVOGRAD, 'lines', tensor, tensorFloats, {
  inPlace: ['parameters', 'firstMoment'],
})
