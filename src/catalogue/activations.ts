/** The activations: what each computes, what its backward pass needs, and what it is called elsewhere. */
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
import { checkNumber, checkOneOf, checkOptions, show } from '../lib/check.ts'

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
  readonly equation: string
  /** As computed, in y for `saves: 'output'` and in x for `saves: 'input'`; dx for row-wise kinds. */
  readonly derivative: string
  readonly source: string
  readonly pytorch: string
  readonly keras: string
  readonly use: string
}

export const activationKinds: Readonly<Record<ActivationName, ActivationKind>> = Object.freeze({
  linear: Object.freeze({
    code: ACTIVATION_LINEAR,
    saves: 'none',
    rowwise: false,
    equation: 'y = x',
    derivative: '1',
    source: 'the identity',
    pytorch: 'Identity',
    keras: 'linear',
    use: 'regression outputs, and logits for a loss that takes them',
  }),
  relu: Object.freeze({
    code: ACTIVATION_RELU,
    saves: 'output',
    rowwise: false,
    equation: 'y = max(x, 0)',
    derivative: '1 if y > 0, else 0',
    source: 'Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines',
    pytorch: 'ReLU',
    keras: 'relu',
    use: 'the default for hidden layers; pair it with heNormal or heUniform kernels',
  }),
  leakyRelu: Object.freeze({
    code: ACTIVATION_LEAKY_RELU,
    saves: 'output',
    rowwise: false,
    alpha: 0.01,
    equation: 'y = x if x > 0, else alpha x',
    derivative: '1 if y > 0, else alpha',
    source: 'Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models',
    pytorch: 'LeakyReLU(negative_slope=alpha)',
    keras: 'leaky_relu(negative_slope=alpha), whose default is 0.2',
    use: 'hidden layers in which too many relu units have died',
  }),
  elu: Object.freeze({
    code: ACTIVATION_ELU,
    saves: 'output',
    rowwise: false,
    alpha: 1,
    equation: 'y = x if x > 0, else alpha (e^x - 1)',
    derivative: '1 if y > 0, else y + alpha',
    source: 'Clevert, Unterthiner and Hochreiter 2015, arXiv:1511.07289',
    pytorch: 'ELU(alpha)',
    keras: 'elu(alpha)',
    use: 'hidden layers whose mean output should stay near 0',
  }),
  selu: Object.freeze({
    code: ACTIVATION_SELU,
    saves: 'output',
    rowwise: false,
    equation: 'y = s x if x > 0, else s a (e^x - 1); s = 1.0507009873554805, a = 1.6732632423543772',
    derivative: 's if y > 0, else y + s a',
    source: 'Klambauer et al. 2017, Self-normalizing neural networks, arXiv:1706.02515',
    pytorch: 'SELU',
    keras: 'selu',
    use: 'deep plain stacks with lecunNormal kernels, which then need no normalization',
  }),
  gelu: Object.freeze({
    code: ACTIVATION_GELU,
    saves: 'input',
    rowwise: false,
    equation: 'y = x Phi(x), Phi the cumulative normal distribution',
    derivative: 'Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi)',
    source: 'Hendrycks and Gimpel 2016, arXiv:1606.08415',
    pytorch: 'GELU',
    keras: 'gelu',
    use: 'hidden layers, a smooth relu',
  }),
  geluTanh: Object.freeze({
    code: ACTIVATION_GELU_TANH,
    saves: 'input',
    rowwise: false,
    equation: 'y = x (1 + tanh u) / 2 = x s, s = sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)',
    derivative: "s + x s (1 - s) 2u', u' = sqrt(2 / pi) (1 + 0.134145 x^2)",
    source: 'Hendrycks and Gimpel 2016, arXiv:1606.08415',
    pytorch: "GELU(approximate='tanh')",
    keras: 'gelu(approximate=True)',
    use: 'models trained elsewhere with this approximation; within 5e-4 of gelu',
  }),
  sigmoid: Object.freeze({
    code: ACTIVATION_SIGMOID,
    saves: 'output',
    rowwise: false,
    equation: 'y = 1 / (1 + e^-x)',
    derivative: 'y (1 - y)',
    source: 'Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating errors',
    pytorch: 'Sigmoid',
    keras: 'sigmoid',
    use: 'outputs that are independent probabilities',
  }),
  hardSigmoid: Object.freeze({
    code: ACTIVATION_HARD_SIGMOID,
    saves: 'output',
    rowwise: false,
    equation: 'y = min(max(x + 3, 0), 6) / 6',
    derivative: '1/6 if 0 < y < 1, else 0',
    source: 'Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244',
    pytorch: 'Hardsigmoid',
    keras: 'hard_sigmoid',
    use: 'gates where sigmoid costs too much',
  }),
  tanh: Object.freeze({
    code: ACTIVATION_TANH,
    saves: 'output',
    rowwise: false,
    equation: 'y = (e^x - e^-x) / (e^x + e^-x)',
    derivative: '1 - y^2',
    source: 'LeCun et al. 1998, Efficient BackProp',
    pytorch: 'Tanh',
    keras: 'tanh',
    use: 'small hidden layers, and outputs between -1 and 1; pair it with glorotUniform kernels',
  }),
  silu: Object.freeze({
    code: ACTIVATION_SILU,
    saves: 'input',
    rowwise: false,
    equation: 'y = x s, s = sigmoid(x)',
    derivative: 's + x s (1 - s)',
    source:
      'Elfwing, Uchibe and Doya 2017, arXiv:1702.03118; swish in Ramachandran, Zoph and Le 2017, arXiv:1710.05941',
    pytorch: 'SiLU',
    keras: 'silu',
    use: 'hidden layers, a smooth relu cheaper than gelu',
  }),
  hardSwish: Object.freeze({
    code: ACTIVATION_HARD_SWISH,
    saves: 'input',
    rowwise: false,
    equation: 'y = x min(max(x + 3, 0), 6) / 6',
    derivative: '0 if x <= -3, 1 if x >= 3, else (2x + 3) / 6',
    source: 'Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244',
    pytorch: 'Hardswish',
    keras: 'hard_silu',
    use: 'silu without an exponential',
  }),
  softplus: Object.freeze({
    code: ACTIVATION_SOFTPLUS,
    saves: 'output',
    rowwise: false,
    equation: 'y = ln(1 + e^x)',
    derivative: '1 - e^-y = sigmoid(x)',
    source: 'Dugas et al. 2000, Incorporating second-order functional knowledge for better option pricing',
    pytorch: 'Softplus, which is exactly x above 20',
    keras: 'softplus',
    use: 'outputs that must be positive: scales, rates, variances',
  }),
  softsign: Object.freeze({
    code: ACTIVATION_SOFTSIGN,
    saves: 'output',
    rowwise: false,
    equation: 'y = x / (1 + |x|)',
    derivative: '(1 - |y|)^2',
    source: 'Bergstra et al. 2009, Quadratic polynomials learn better image features',
    pytorch: 'Softsign',
    keras: 'softsign',
    use: 'tanh with slowly vanishing gradients',
  }),
  mish: Object.freeze({
    code: ACTIVATION_MISH,
    saves: 'input',
    rowwise: false,
    equation: 'y = x tanh(ln(1 + e^x)) = x w, w = n / (n + 2), n = e^x (e^x + 2)',
    derivative: 'w + 4 x e^x (e^x + 1) / (n + 2)^2',
    source: 'Misra 2019, arXiv:1908.08681',
    pytorch: 'Mish',
    keras: 'mish',
    use: 'hidden layers, close to silu',
  }),
  relu6: Object.freeze({
    code: ACTIVATION_RELU6,
    saves: 'output',
    rowwise: false,
    equation: 'y = min(max(x, 0), 6)',
    derivative: '1 if 0 < y < 6, else 0',
    source: 'Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10',
    pytorch: 'ReLU6',
    keras: 'relu6',
    use: 'hidden layers of models to be quantized',
  }),
  softmax: Object.freeze({
    code: ACTIVATION_SOFTMAX,
    saves: 'output',
    rowwise: true,
    equation: 'y = e^(x - max x) / sum e^(x - max x), over a row',
    derivative: 'dx = y (dy - sum dy y)',
    source: 'Bridle 1990, Probabilistic interpretation of feedforward classification network outputs',
    pytorch: 'Softmax(dim=-1)',
    keras: 'softmax',
    use: 'class probabilities; fused with a crossentropy loss into one stable step',
  }),
  logSoftmax: Object.freeze({
    code: ACTIVATION_LOG_SOFTMAX,
    saves: 'output',
    rowwise: true,
    equation: 'y = x - max x - ln sum e^(x - max x), over a row',
    derivative: 'dx = dy - e^y sum dy',
    source: 'the logarithm of softmax',
    pytorch: 'LogSoftmax(dim=-1)',
    keras: 'log_softmax',
    use: 'log probabilities that stay finite where softmax rounds to 0',
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
    alpha: alpha === undefined ? known : checkNumber(where, 'alpha', alpha, { minimum: 0 }),
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
