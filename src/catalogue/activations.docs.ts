/** What docs/activations.md says. */
import type { ActivationName } from './activations.ts'

export const INTRO = `# Activations

Pass a name where a layer takes \`activation\`, or call a factory to set a parameter:

\`\`\`ts
dense(100, { activation: 'tanh' })
dense(100, { activation: leakyRelu({ alpha: 0.2 }) })
activation('softmax')
\`\`\`

The backward pass multiplies the gradient by the derivative listed here, in float32. It is computed from the output y where that
loses no accuracy; the kinds marked "input" also store their input x, which costs one more buffer per layer. Values at kinks are
PyTorch's. The accuracy relative to float64 is in [accuracy.md](accuracy.md).
`

export interface ActivationDoc {
  readonly equation: string
  /** As computed: in terms of y if the kind saves its output, of x if it saves its input; dx for row-wise kinds. */
  readonly derivative: string
  readonly use: string
  readonly source: string
  readonly pytorch: string
  readonly keras: string
}

export const ACTIVATION_DOCS: Readonly<Record<ActivationName, ActivationDoc>> = {
  linear: {
    equation: 'y = x',
    derivative: '1',
    use: 'regression outputs, and logits for a loss with fromLogits',
    source: 'the identity',
    pytorch: 'Identity',
    keras: 'linear',
  },
  relu: {
    equation: 'y = max(x, 0)',
    derivative: '1 if y > 0, else 0',
    use: 'the default for hidden layers; use heNormal or heUniform kernels',
    source: 'Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines',
    pytorch: 'ReLU',
    keras: 'relu',
  },
  leakyRelu: {
    equation: 'y = x if x > 0, else alpha x',
    derivative: '1 if y > 0, else alpha',
    use: 'hidden layers with too many dead relu units',
    source: 'Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models',
    pytorch: 'LeakyReLU(negative_slope=alpha)',
    keras: 'leaky_relu(negative_slope=alpha), whose default is 0.2',
  },
  elu: {
    equation: 'y = x if x > 0, else alpha (e^x - 1)',
    derivative: '1 if y > 0, else y + alpha',
    use: 'hidden layers whose mean output should stay near 0',
    source: 'Clevert, Unterthiner and Hochreiter 2015, arXiv:1511.07289',
    pytorch: 'ELU(alpha)',
    keras: 'elu(alpha)',
  },
  selu: {
    equation: 'y = s x if x > 0, else s a (e^x - 1); s = 1.0507009873554805, a = 1.6732632423543772',
    derivative: 's if y > 0, else y + s a',
    use: 'deep plain stacks with lecunNormal kernels, which then need no normalization',
    source: 'Klambauer et al. 2017, Self-normalizing neural networks, arXiv:1706.02515',
    pytorch: 'SELU',
    keras: 'selu',
  },
  gelu: {
    equation: 'y = x Phi(x), Phi the cumulative normal distribution',
    derivative: 'Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi)',
    use: 'hidden layers, as a smooth relu',
    source: 'Hendrycks and Gimpel 2016, arXiv:1606.08415',
    pytorch: 'GELU',
    keras: 'gelu',
  },
  geluTanh: {
    equation: 'y = x (1 + tanh u) / 2 = x s, s = sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)',
    derivative: "s + x s (1 - s) 2u', u' = sqrt(2 / pi) (1 + 0.134145 x^2)",
    use: 'models trained elsewhere with this approximation; within 5e-4 of gelu',
    source: 'Hendrycks and Gimpel 2016, arXiv:1606.08415',
    pytorch: "GELU(approximate='tanh')",
    keras: 'gelu(approximate=True)',
  },
  sigmoid: {
    equation: 'y = 1 / (1 + e^-x)',
    derivative: 'y (1 - y)',
    use: 'outputs that are independent probabilities',
    source: 'Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating errors',
    pytorch: 'Sigmoid',
    keras: 'sigmoid',
  },
  hardSigmoid: {
    equation: 'y = min(max(x + 3, 0), 6) / 6',
    derivative: '1/6 if 0 < y < 1, else 0',
    use: 'gates where sigmoid is too expensive',
    source: 'Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244',
    pytorch: 'Hardsigmoid',
    keras: 'hard_sigmoid',
  },
  tanh: {
    equation: 'y = (e^x - e^-x) / (e^x + e^-x)',
    derivative: '1 - y^2',
    use: 'small hidden layers, and outputs between -1 and 1; use glorotUniform kernels',
    source: 'LeCun et al. 1998, Efficient BackProp',
    pytorch: 'Tanh',
    keras: 'tanh',
  },
  silu: {
    equation: 'y = x s, s = sigmoid(x)',
    derivative: 's + x s (1 - s)',
    use: 'hidden layers, as a smooth relu cheaper than gelu',
    source:
      'Elfwing, Uchibe and Doya 2017, arXiv:1702.03118; swish in Ramachandran, Zoph and Le 2017, arXiv:1710.05941',
    pytorch: 'SiLU',
    keras: 'silu',
  },
  hardSwish: {
    equation: 'y = x min(max(x + 3, 0), 6) / 6',
    derivative: '0 if x <= -3, 1 if x >= 3, else (2x + 3) / 6',
    use: 'silu without an exponential',
    source: 'Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244',
    pytorch: 'Hardswish',
    keras: 'hard_silu',
  },
  softplus: {
    equation: 'y = ln(1 + e^(alpha x)) / alpha',
    derivative: '1 - e^(-alpha y) = sigmoid(alpha x)',
    use: 'outputs that must be positive: scales, rates, variances',
    source: 'Dugas et al. 2000, Incorporating second-order functional knowledge for better option pricing',
    pytorch: 'Softplus(beta=alpha), which is exactly x for alpha x > 20: identical in float32',
    keras: 'softplus',
  },
  softsign: {
    equation: 'y = x / (1 + |x|)',
    derivative: '(1 - |y|)^2',
    use: 'like tanh, with gradients that vanish more slowly',
    source: 'Bergstra et al. 2009, Quadratic polynomials learn better image features',
    pytorch: 'Softsign',
    keras: 'softsign',
  },
  mish: {
    equation: 'y = x tanh(ln(1 + e^x)) = x w, w = n / (n + 2), n = e^x (e^x + 2)',
    derivative: 'w + 4 x e^x (e^x + 1) / (n + 2)^2',
    use: 'hidden layers, close to silu',
    source: 'Misra 2019, arXiv:1908.08681',
    pytorch: 'Mish',
    keras: 'mish',
  },
  relu6: {
    equation: 'y = min(max(x, 0), 6)',
    derivative: '1 if 0 < y < 6, else 0',
    use: 'hidden layers of models to be quantized',
    source: 'Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10',
    pytorch: 'ReLU6',
    keras: 'relu6',
  },
  softmax: {
    equation: 'y = e^(x - max x) / sum e^(x - max x), over a row',
    derivative: 'dx = y (dy - sum dy y)',
    use: 'class probabilities; fused with a crossentropy loss into one stable step',
    source: 'Bridle 1990, Probabilistic interpretation of feedforward classification network outputs',
    pytorch: 'Softmax(dim=-1)',
    keras: 'softmax',
  },
  logSoftmax: {
    equation: 'y = x - max x - ln sum e^(x - max x), over a row',
    derivative: 'dx = dy - e^y sum dy',
    use: 'log probabilities that stay finite where softmax rounds to 0',
    source: 'the logarithm of softmax',
    pytorch: 'LogSoftmax(dim=-1)',
    keras: 'log_softmax',
  },
  exponential: {
    equation: 'y = e^min(x, 88)',
    derivative: 'y',
    use: 'outputs that must be positive and vary over orders of magnitude',
    source: 'the exponential function, clamped before float32 overflows',
    pytorch: 'torch.exp',
    keras: 'exponential',
  },
  cos: {
    equation: 'y = cos x; |x| is clamped to 8192',
    derivative: '-sin x',
    use: 'periodic features of numeric inputs; see also the layer periodicEmbedding',
    source: 'Rahimi and Recht 2007, Random features for large-scale kernel machines',
    pytorch: 'torch.cos',
    keras: 'none',
  },
  sin: {
    equation: 'y = sin x; |x| is clamped to 8192',
    derivative: 'cos x',
    use: 'functions of coordinates: signals, images, solutions of differential equations',
    source:
      'Sitzmann et al. 2020, Implicit neural representations with periodic activation functions, arXiv:2006.09661',
    pytorch: 'torch.sin',
    keras: 'none',
  },
}
