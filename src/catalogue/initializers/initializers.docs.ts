/** What docs/initializers.md says. */
import type { InitializerName } from './initializers.ts'

export const INTRO = `# Initializers

How a parameter's initial values are drawn: \`dense(100, { kernelInitializer: 'heNormal', biasInitializer: constant(0.1) })\`.
An initializer is given by name, with default options, or by a factory. Kernels are
\`[inputs, units]\`; fanIn is the number of inputs and fanOut the number of units, also for biases. Values are drawn in float64 from the
model's seed, using only operations that all engines round identically: the same seed gives the same bits everywhere.

\`initialGain(activation)\`, for the gain of \`glorotUniform\`, \`glorotNormal\`, \`heUniform\`, \`heNormal\` and \`orthogonal\`, is 1 for linear
and sigmoid, 5/3 for tanh, √2 for relu, 3/4 for selu and √(2 / (1 + alpha²)) for leakyRelu.
`

export interface InitializerDoc {
  /** If it is not the name and its options. */
  readonly signature?: string
  readonly equation: string
  readonly source: string
  readonly pytorch: string
  readonly keras: string
  readonly use: string
}

const GLOROT = 'Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010'
const HE = 'He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015'
const LECUN = 'LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998'

export const INITIALIZER_DOCS: Readonly<Record<InitializerName, InitializerDoc>> = {
  zeros: {
    equation: 'w = 0',
    source: '',
    pytorch: 'torch.nn.init.zeros_',
    keras: 'Zeros',
    use: 'Biases. A kernel of zeros never learns: all units stay identical.',
  },
  ones: {
    equation: 'w = 1',
    source: '',
    pytorch: 'torch.nn.init.ones_',
    keras: 'Ones',
    use: 'Scales of normalization layers.',
  },
  constant: {
    signature: 'constant(value)',
    equation: 'w = value',
    source: '',
    pytorch: 'torch.nn.init.constant_',
    keras: 'Constant',
    use: 'Biases of gates that should start open, or biases at the log-odds of rare classes.',
  },
  randomUniform: {
    equation: 'w ~ U(minval, maxval)',
    source: '',
    pytorch: 'torch.nn.init.uniform_ (defaults 0, 1)',
    keras: 'RandomUniform',
    use: 'When a paper specifies the range.',
  },
  randomNormal: {
    equation: 'w ~ N(mean, stddev²)',
    source: '',
    pytorch: 'torch.nn.init.normal_ (defaults 0, 1)',
    keras: 'RandomNormal',
    use: 'When a paper specifies the standard deviation.',
  },
  truncatedNormal: {
    equation: 'w ~ N(mean, stddev²), redrawn beyond mean ± 2 stddev; standard deviation 0.8796 stddev',
    source: '',
    pytorch: 'torch.nn.init.trunc_normal_ with a, b = mean ± 2 stddev (its own a, b are -2 and 2)',
    keras: 'TruncatedNormal',
    use: 'Like randomNormal, without outliers.',
  },
  varianceScaling: {
    equation:
      'Var w = scale / n; n is fanIn, fanOut or their mean (fanAvg); distribution is truncatedNormal, normal or uniform',
    source: HE,
    pytorch: '',
    keras: 'VarianceScaling',
    use: "Keras' GlorotNormal is scale 1 with fanAvg, its HeNormal scale 2, its LecunNormal the defaults.",
  },
  glorotUniform: {
    equation: 'w ~ U(-a, a), a = gain · √(6 / (fanIn + fanOut))',
    source: GLOROT,
    pytorch: 'torch.nn.init.xavier_uniform_',
    keras: 'GlorotUniform',
    use: 'The default of dense layers: tanh, sigmoid, softmax and linear units.',
  },
  glorotNormal: {
    equation: 'w ~ N(0, σ²), σ = gain · √(2 / (fanIn + fanOut))',
    source: GLOROT,
    pytorch: 'torch.nn.init.xavier_normal_',
    keras: 'GlorotNormal is truncated: varianceScaling({ mode: "fanAvg" })',
    use: 'See glorotUniform.',
  },
  heUniform: {
    equation: 'w ~ U(-a, a), a = gain · √(3 / fan)',
    source: HE,
    pytorch: "torch.nn.init.kaiming_uniform_(nonlinearity='relu')",
    keras: 'HeUniform',
    use: 'relu and its variants. mode "fanOut" preserves the magnitude of gradients instead of activations.',
  },
  heNormal: {
    equation: 'w ~ N(0, σ²), σ = gain / √fan',
    source: HE,
    pytorch: "torch.nn.init.kaiming_normal_(nonlinearity='relu')",
    keras: 'HeNormal is truncated: varianceScaling({ scale: 2 })',
    use: 'See heUniform.',
  },
  lecunUniform: {
    equation: 'w ~ U(-a, a), a = √(3 / fanIn)',
    source: LECUN,
    pytorch: "torch.nn.init.kaiming_uniform_(nonlinearity='linear')",
    keras: 'LecunUniform',
    use: 'See lecunNormal.',
  },
  lecunNormal: {
    equation: 'w ~ N(0, σ²), σ = √(1 / fanIn)',
    source: `${LECUN}; Klambauer et al., "Self-normalizing neural networks", 2017`,
    pytorch: "torch.nn.init.kaiming_normal_(nonlinearity='linear')",
    keras: 'LecunNormal is truncated: varianceScaling()',
    use: 'selu, which is only self-normalizing with it.',
  },
  orthogonal: {
    equation: 'w = gain · Q, QᵀQ = I (QQᵀ = I if fanIn < fanOut), Q uniform',
    source:
      'Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014',
    pytorch: 'torch.nn.init.orthogonal_',
    keras: 'Orthogonal',
    use: 'Deep and recurrent networks, reinforcement learning. Kernels only; cubic cost, seconds above 1,500 units.',
  },
  identity: {
    equation: 'w[i][j] = gain if i = j, else 0',
    source: '',
    pytorch: 'torch.nn.init.eye_',
    keras: 'Identity',
    use: 'Layers that should start as the identity. Kernels only, of any shape.',
  },
  torchLinear: {
    equation: 'w ~ U(-a, a), a = 1 / √fanIn',
    source: '',
    pytorch: 'the default of torch.nn.Linear, for weights and biases',
    keras: 'VarianceScaling(1 / 3, "fan_in", "uniform")',
    use: 'Reproducing a PyTorch experiment: set both kernelInitializer and biasInitializer.',
  },
}
