/** The activations and what their backward passes need. What each computes is in activations.docs.ts. */
import {
  ACTIVATION_ELU,
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
  ACTIVATION_SOFTMAX,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
} from '../abi/activations.ts'
import { checkFloat, checkOneOf, checkOptions, show } from '../lib/check.ts'

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

/** An activation with its parameter; plain data, so it can be written to a file. */
export interface Activation {
  readonly kind: ActivationName
  /** Only for kinds that have one, see `activationKinds`. */
  readonly alpha?: number
}

export interface ActivationKind {
  /** ACTIVATION_* of the machine. */
  readonly code: number
  /** What the derivative is computed from: the output y, the input x, or nothing at all. */
  readonly saves: 'output' | 'input' | 'none'
  /** Whether an output depends on its whole row. */
  readonly rowwise: boolean
  /** Default of the parameter, for kinds that have one; at least 0. */
  readonly alpha?: number
}

export const activationKinds: Readonly<Record<ActivationName, ActivationKind>> = Object.freeze({
  linear: Object.freeze({
    code: ACTIVATION_LINEAR,
    saves: 'none',
    rowwise: false,
  }),
  relu: Object.freeze({
    code: ACTIVATION_RELU,
    saves: 'output',
    rowwise: false,
  }),
  leakyRelu: Object.freeze({
    code: ACTIVATION_LEAKY_RELU,
    saves: 'output',
    rowwise: false,
    alpha: 0.01,
  }),
  elu: Object.freeze({
    code: ACTIVATION_ELU,
    saves: 'output',
    rowwise: false,
    alpha: 1,
  }),
  selu: Object.freeze({
    code: ACTIVATION_SELU,
    saves: 'output',
    rowwise: false,
  }),
  gelu: Object.freeze({
    code: ACTIVATION_GELU,
    saves: 'input',
    rowwise: false,
  }),
  geluTanh: Object.freeze({
    code: ACTIVATION_GELU_TANH,
    saves: 'input',
    rowwise: false,
  }),
  sigmoid: Object.freeze({
    code: ACTIVATION_SIGMOID,
    saves: 'output',
    rowwise: false,
  }),
  hardSigmoid: Object.freeze({
    code: ACTIVATION_HARD_SIGMOID,
    saves: 'output',
    rowwise: false,
  }),
  tanh: Object.freeze({
    code: ACTIVATION_TANH,
    saves: 'output',
    rowwise: false,
  }),
  silu: Object.freeze({
    code: ACTIVATION_SILU,
    saves: 'input',
    rowwise: false,
  }),
  hardSwish: Object.freeze({
    code: ACTIVATION_HARD_SWISH,
    saves: 'input',
    rowwise: false,
  }),
  softplus: Object.freeze({
    code: ACTIVATION_SOFTPLUS,
    saves: 'output',
    rowwise: false,
  }),
  softsign: Object.freeze({
    code: ACTIVATION_SOFTSIGN,
    saves: 'output',
    rowwise: false,
  }),
  mish: Object.freeze({
    code: ACTIVATION_MISH,
    saves: 'input',
    rowwise: false,
  }),
  relu6: Object.freeze({
    code: ACTIVATION_RELU6,
    saves: 'output',
    rowwise: false,
  }),
  softmax: Object.freeze({
    code: ACTIVATION_SOFTMAX,
    saves: 'output',
    rowwise: true,
  }),
  logSoftmax: Object.freeze({
    code: ACTIVATION_LOG_SOFTMAX,
    saves: 'output',
    rowwise: true,
  }),
})

const names = Object.keys(activationKinds) as ActivationName[]

/**
 * An activation from its name or from a factory such as `leakyRelu({ alpha: 0.2 })`, its parameter filled in.
 * @throws TypeError for anything else, RangeError for an unknown name or an alpha the kind cannot take.
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
  const known = activationKinds[kind].alpha
  if (known === undefined) {
    if (alpha !== undefined) throw new RangeError(`${where}: activation "${kind}" takes no "alpha", got ${show(alpha)}`)
    return Object.freeze({ kind })
  }
  return Object.freeze({
    kind,
    alpha: alpha === undefined ? known : checkFloat(where, 'alpha', alpha, { minimum: 0 }),
  })
}

/**
 * y = x if x > 0, else alpha x (Maas et al. 2013); PyTorch's LeakyReLU with alpha = negative_slope.
 * Default: alpha 0.01 (Keras has 0.2).
 * @throws TypeError for an unknown option, RangeError for a negative alpha.
 */
export function leakyRelu(options: { alpha?: number } = {}): Activation {
  checkOptions('leakyRelu', options, ['alpha'])
  return resolveActivation('leakyRelu', { ...options, kind: 'leakyRelu' })
}

/**
 * y = x if x > 0, else alpha (e^x - 1) (Clevert et al. 2015); PyTorch's ELU.
 * Default: alpha 1.
 * @throws TypeError for an unknown option, RangeError for a negative alpha.
 */
export function elu(options: { alpha?: number } = {}): Activation {
  checkOptions('elu', options, ['alpha'])
  return resolveActivation('elu', { ...options, kind: 'elu' })
}
