/** The activations and what their backward passes need. What each computes is in activations.docs.ts. */
import {
  ACTIVATION_COS,
  ACTIVATION_ELU,
  ACTIVATION_EXPONENTIAL,
  ACTIVATION_GELU,
  ACTIVATION_GELU_TANH,
  ACTIVATION_HARD_SIGMOID,
  ACTIVATION_HARD_SWISH,
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_LINEAR,
  ACTIVATION_LOG_SOFTMAX,
  ACTIVATION_MISH,
  ACTIVATION_RELU,
  ACTIVATION_RELU6,
  ACTIVATION_SELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,
  ACTIVATION_SIN,
  ACTIVATION_SOFTMAX,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
} from '../abi/activations.ts'
import { checkFloat, checkNoMore, checkOneOf, checkOptions, show } from '../lib/check.ts'

export type ActivationName =
  | 'linear'
  | 'relu'
  | 'leakyRelu'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'geluTanh'
  | 'sigmoid'
  | 'hardSigmoid'
  | 'tanh'
  | 'silu'
  | 'hardSwish'
  | 'softplus'
  | 'softsign'
  | 'mish'
  | 'relu6'
  | 'softmax'
  | 'logSoftmax'
  | 'exponential'
  | 'cos'
  | 'sin'

/** An activation with its parameter; plain data, so it can be saved. */
export interface Activation {
  readonly kind: ActivationName
  /** Only for kinds with a parameter, see `activationKinds`. */
  readonly alpha?: number
}

export interface ActivationKind {
  /** ACTIVATION_* of the machine. */
  readonly code: number
  /** What the derivative is computed from: the output y, the input x, or nothing. */
  readonly saves: 'output' | 'input' | 'none'
  /** Whether each output depends on its whole row. */
  readonly rowwise: boolean
  /** Whether it is a separate step instead of part of the dense layer's: by row, or in the extension `features`. */
  readonly apart: boolean
  /** Default of the parameter, for kinds that have one; at least 0. */
  readonly alpha?: number
  /** Whether the default is omitted, as in files older than the parameter. */
  readonly plain?: boolean
}

export const activationKinds: Readonly<Record<ActivationName, ActivationKind>> = Object.freeze({
  linear: Object.freeze({
    code: ACTIVATION_LINEAR,
    saves: 'none',
    rowwise: false,
    apart: false,
  }),
  relu: Object.freeze({
    code: ACTIVATION_RELU,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  leakyRelu: Object.freeze({
    code: ACTIVATION_LEAKY_RELU,
    saves: 'output',
    rowwise: false,
    apart: false,
    alpha: 0.01,
  }),
  elu: Object.freeze({
    code: ACTIVATION_ELU,
    saves: 'output',
    rowwise: false,
    apart: false,
    alpha: 1,
  }),
  selu: Object.freeze({
    code: ACTIVATION_SELU,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  gelu: Object.freeze({
    code: ACTIVATION_GELU,
    saves: 'input',
    rowwise: false,
    apart: false,
  }),
  geluTanh: Object.freeze({
    code: ACTIVATION_GELU_TANH,
    saves: 'input',
    rowwise: false,
    apart: false,
  }),
  sigmoid: Object.freeze({
    code: ACTIVATION_SIGMOID,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  hardSigmoid: Object.freeze({
    code: ACTIVATION_HARD_SIGMOID,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  tanh: Object.freeze({
    code: ACTIVATION_TANH,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  silu: Object.freeze({
    code: ACTIVATION_SILU,
    saves: 'input',
    rowwise: false,
    apart: false,
  }),
  hardSwish: Object.freeze({
    code: ACTIVATION_HARD_SWISH,
    saves: 'input',
    rowwise: false,
    apart: false,
  }),
  softplus: Object.freeze({
    code: ACTIVATION_SOFTPLUS,
    saves: 'output',
    rowwise: false,
    apart: false,
    alpha: 1,
    plain: true,
  }),
  softsign: Object.freeze({
    code: ACTIVATION_SOFTSIGN,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  mish: Object.freeze({
    code: ACTIVATION_MISH,
    saves: 'input',
    rowwise: false,
    apart: false,
  }),
  relu6: Object.freeze({
    code: ACTIVATION_RELU6,
    saves: 'output',
    rowwise: false,
    apart: false,
  }),
  softmax: Object.freeze({
    code: ACTIVATION_SOFTMAX,
    saves: 'output',
    rowwise: true,
    apart: true,
  }),
  logSoftmax: Object.freeze({
    code: ACTIVATION_LOG_SOFTMAX,
    saves: 'output',
    rowwise: true,
    apart: true,
  }),
  exponential: Object.freeze({
    code: ACTIVATION_EXPONENTIAL,
    saves: 'output',
    rowwise: false,
    apart: true,
  }),
  cos: Object.freeze({
    code: ACTIVATION_COS,
    saves: 'input',
    rowwise: false,
    apart: true,
  }),
  sin: Object.freeze({
    code: ACTIVATION_SIN,
    saves: 'input',
    rowwise: false,
    apart: true,
  }),
})

const names = Object.keys(activationKinds) as ActivationName[]

/**
 * An activation from its name or from a factory such as `leakyRelu({ alpha: 0.2 })`, with its parameter filled in.
 * @throws TypeError for anything else; RangeError for an unknown name or an alpha out of range.
 */
export function resolveActivation(where: string, value: ActivationName | Activation): Activation {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) {
    throw new TypeError(
      `${where}: "activation" must be a name or leakyRelu({ alpha }) and the like, got ${show(value)}`,
    )
  }
  if (typeof value === 'object') checkOptions(where, value, ['kind', 'alpha'])
  const { kind, alpha }: { kind: ActivationName; alpha?: number } = typeof value === 'string' ? { kind: value } : value
  checkOneOf(where, 'activation', kind, names)
  const { alpha: known, plain } = activationKinds[kind]
  if (known === undefined) {
    if (alpha !== undefined) throw new RangeError(`${where}: activation "${kind}" takes no "alpha", got ${show(alpha)}`)
    return Object.freeze({ kind })
  }
  if (plain && (alpha === undefined || alpha === known)) return Object.freeze({ kind })
  // a divisor must not be 0
  const range = kind === 'softplus' ? { above: 0 } : { minimum: 0 }
  return Object.freeze({ kind, alpha: alpha === undefined ? known : checkFloat(where, 'alpha', alpha, range) })
}

/** The activation's parameter, if its kind has one. */
export const alphaOf = ({ kind, alpha }: Activation): number | undefined => alpha ?? activationKinds[kind].alpha

/**
 * y = x if x > 0, else alpha x (Maas et al. 2013). PyTorch's LeakyReLU with alpha = negative_slope.
 * Default: alpha 0.01 (Keras' is 0.2).
 * @throws TypeError for an unknown option; RangeError for a negative alpha.
 */
export function leakyRelu(options: { alpha?: number } = {}): Activation {
  checkOptions('leakyRelu', options, ['alpha'])
  return resolveActivation('leakyRelu', { ...options, kind: 'leakyRelu' })
}

/**
 * y = x if x > 0, else alpha (e^x - 1) (Clevert et al. 2015). PyTorch's ELU.
 * Default: alpha 1.
 * @throws TypeError for an unknown option; RangeError for a negative alpha.
 */
export function elu(options: { alpha?: number } = {}): Activation {
  checkOptions('elu', options, ['alpha'])
  return resolveActivation('elu', { ...options, kind: 'elu' })
}

/** Above it, softplus(x) = x in float32. */
const STRAIGHT = 17

/**
 * y = ln(1 + e^(beta x)) / beta (Dugas et al. 2000). PyTorch's Softplus.
 * Defaults: beta 1, threshold 20: y = x if beta x > threshold. In float32 this holds from 17 on, so all thresholds >= 17 give the same
 * function; lower ones, which would make it discontinuous, are rejected.
 * @throws TypeError for an unknown option; RangeError for a beta that is not positive or a threshold below 17.
 */
export function softplus(options: { beta?: number; threshold?: number } = {}): Activation {
  const where = 'softplus'
  checkOptions(where, options, ['beta', 'threshold'])
  const { beta = 1, threshold = 20 } = options
  checkFloat(where, 'threshold', threshold, { minimum: STRAIGHT })
  return resolveActivation(where, { kind: where, alpha: checkFloat(where, 'beta', beta, { above: 0 }) })
}

/**
 * y = x Phi(x), or with `approximate: 'tanh'` y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel 2016).
 * PyTorch's GELU. Default: approximate 'none'.
 * @throws TypeError or RangeError for an unknown option.
 */
export function gelu(options: { approximate?: 'none' | 'tanh' } = {}): Activation {
  checkOptions('gelu', options, ['approximate'])
  const { approximate = 'none' } = options
  checkOneOf('gelu', 'approximate', approximate, ['none', 'tanh'])
  return resolveActivation('gelu', approximate === 'tanh' ? 'geluTanh' : 'gelu')
}

function bare(kind: ActivationName, more: readonly unknown[]): Activation {
  checkNoMore(kind, more)
  return resolveActivation(kind, kind)
}

/**
 * y = e^min(x, 88), since larger results overflow float32. Keras' exponential.
 * @throws TypeError if called with an argument.
 */
export const exponential = (...more: []): Activation => bare('exponential', more)

/**
 * y = cos x; |x| is clamped to 8192, beyond which float32 has few values per period.
 * @throws TypeError if called with an argument.
 */
export const cos = (...more: []): Activation => bare('cos', more)

/**
 * y = sin x (Sitzmann et al. 2020, arXiv:2006.09661); |x| is clamped to 8192, beyond which float32 has few values per period.
 * @throws TypeError if called with an argument.
 */
export const sin = (...more: []): Activation => bare('sin', more)
