/** What docs/layers.md says; of the layers that come along with their factories, carried.docs.ts does. */
import type { CarriedKind } from './carried.ts'
import type { LayerDoc } from './layerDoc.ts'
import {
  activation,
  batchNorm,
  batchRenorm,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  prelu,
  residual,
  rmsNorm,
} from './layers.ts'

export const INTRO = `# Layers

\`\`\`ts
const model = sequential([
  input(64),
  dense(100, { useBias: false }),
  batchNorm(),
  activation('relu'),
  dropout(0.2),
  dense(10, { activation: 'softmax' }),
])
\`\`\`

Layers that behave differently in training: \`batchNorm\`, \`batchRenorm\`, \`dropout\`, \`alphaDropout\`, \`gaussianNoise\`. \`predict\` and \`evaluate\` use running
statistics and no noise; with \`{ training: true }\` they pass all their rows through as one batch of training (batch statistics, fresh
noise in every call) and change nothing. \`model.freezeStatistics()\` lets training go on with the running statistics as constants, for
fine-tuning on small batches; \`unfreezeStatistics()\` undoes it. \`model.fold()\` is a new model for inference: batch normalization and scales merged
into the dense layers beside them, weight normalization resolved, dropout and noise gone.

Layers with parameters take \`trainable\` (default true) and \`name\` (the parameters' prefix). Running statistics are parameters that no optimizer
touches: they are saved, counted and read like the others.
`

export const LAYER_DOCS: Readonly<Record<Exclude<Layer['kind'], CarriedKind>, LayerDoc>> = {
  input: {
    signature: 'input(size)',
    equation: 'x, rows of `size` features',
    use: 'the first layer of every model, and only there',
    pytorch: 'implied',
    keras: 'Input(shape=(size,))',
    example: input(6),
  },
  dense: {
    signature: 'dense(units, { ... })',
    equation: 'y = activation(x · W + b), W [inputs, units]',
    use: 'the fully connected layer',
    pytorch: 'Linear, whose weight is transposed: [out, in]',
    keras: 'Dense',
    notes: [
      'Further options: `kernelRegularizer`, `biasRegularizer` (`l1`, `l2`, `l1l2`) and `name`.',
      '`weightNorm: true` (Salimans and Kingma 2016, arXiv:1602.07868): W = scale · direction / |direction| for each unit. `direction` and `scale` take the place of `kernel`, and W starts as drawn. An l2 penalty is put on the scales, which is the same as one on W; l1 is refused.',
    ],
    example: dense(4),
  },
  activation: {
    signature: 'activation(kind)',
    equation: 'y = f(x), see [activations.md](activations.md)',
    use: 'an activation after a normalization or a residual block; elsewhere the `activation` of `dense` is cheaper',
    pytorch: 'the module of that name',
    keras: 'Activation',
    example: activation('relu'),
  },
  batchNorm: {
    signature: 'batchNorm({ ... })',
    equation: [
      'y = gamma (x - mean) / sqrt(variance + epsilon) + beta, column by column',
      'training: mean and biased variance of the batch; running = (1 - momentum) running + momentum batch,',
      '          with the unbiased variance',
      'otherwise: the running mean and variance',
    ].join('\n'),
    use: 'deep plain stacks and high learning rates, with batches of 16 rows or more',
    source: 'Ioffe and Szegedy 2015, arXiv:1502.03167',
    pytorch: 'BatchNorm1d',
    keras:
      'BatchNormalization, whose momentum is 1 - this one, whose epsilon is 1e-3 and whose running variance is biased',
    notes: [
      'A batch of one row has no statistics: `fit`, `trainStep` and `gradients` refuse it (`fit` also a last batch of one row) before anything changes.',
      '`momentum: null` makes the running statistics the mean over all batches so far.',
      "`synchronized: true`: ranks that train together ([scale.md](scale.md)) take the statistics of the rows of all, as PyTorch's SyncBatchNorm and Keras' `synchronized`. Without ranks it changes nothing.",
      'Give the dense layer before it `useBias: false`: the mean takes a bias away again.',
      'Running statistics move with updates only, not with `gradients()`. `freeze(layer)` and `trainable: false` keep them too, and use them.',
    ],
    example: batchNorm(),
  },
  batchRenorm: {
    signature: 'batchRenorm({ ... })',
    equation: [
      'y = gamma (r (x - mean) / spread + d) + beta, spread = sqrt(variance + epsilon)',
      'training: mean and spread of the batch, r = clip(spread / runningDeviation, 1 / rMax, rMax),',
      '          d = clip((mean - runningMean) / runningDeviation, -dMax, dMax), both constants on the way back;',
      '          then running += momentum (batch - running)',
      'otherwise: y = gamma (x - runningMean) / runningDeviation + beta',
    ].join('\n'),
    use: 'batch normalization for small batches, or batches that are not alike',
    source: 'Ioffe 2017, arXiv:1702.03275',
    pytorch: 'none',
    keras: 'BatchNormalization(renorm=True) of Keras 2',
    notes: ['The paper starts with rMax 1 and dMax 0, which is batch normalization, and relaxes both while training.'],
    example: batchRenorm(),
  },
  layerNorm: {
    signature: 'layerNorm({ ... })',
    equation: 'y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row, biased variance',
    use: 'any batch size, one row included; the same in training and afterwards',
    source: 'Ba, Kiros and Hinton 2016, arXiv:1607.06450',
    pytorch: 'LayerNorm',
    keras: 'LayerNormalization, whose epsilon is 1e-3',
    example: layerNorm(),
  },
  groupNorm: {
    signature: 'groupNorm(groups, { channels, ... })',
    equation: 'layerNorm over each of `groups` runs of neighbouring columns; gamma and beta one a channel',
    use: 'features that come in groups',
    source: 'Wu and He 2018, arXiv:1803.08494',
    pytorch: 'GroupNorm(groups, channels)',
    keras: 'GroupNormalization(groups), whose epsilon is 1e-3',
    notes: [
      'Every column is a channel unless `channels` says that a row is channels x length, row-major: then each channel has one gamma and beta.',
      'Groups must divide the channels.',
    ],
    example: groupNorm(2),
  },
  instanceNorm: {
    signature: 'instanceNorm({ channels, ... })',
    equation: 'layerNorm over each channel of a row of channels x length; gamma and beta, if any, one a channel',
    use: 'rows that are several signals in a row, whose level and size do not matter',
    source: 'Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022',
    pytorch: 'InstanceNorm1d(channels)',
    keras: 'GroupNormalization(groups=channels)',
    notes: ['A channel of a single column is refused: its normalized value is always 0.'],
    example: instanceNorm({ channels: 2 }),
  },
  rmsNorm: {
    signature: 'rmsNorm({ ... })',
    equation: 'y = gamma x / sqrt(mean x² + epsilon), row by row',
    use: 'layerNorm at less cost',
    source: 'Zhang and Sennrich 2019, arXiv:1910.07467',
    pytorch: 'RMSNorm',
    keras: 'RMSNormalization, whose epsilon is 1e-6',
    example: rmsNorm(),
  },
  dropout: {
    signature: 'dropout(rate | schedule)',
    equation: 'training: y = x / (1 - rate) with probability 1 - rate, else 0\notherwise: y = x',
    use: 'against overfitting, after hidden activations; 0.2 to 0.5',
    source: 'Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting"',
    pytorch: 'Dropout',
    keras: 'Dropout',
    notes: [
      'What is dropped is a hash of seed, step, layer and element: the same on every host, for any number of threads, and again when training resumes from a file.',
      'A schedule gives the rate for each update, such as `dropout(flatCosine({ learningRate: 0.15, totalSteps: 10000 }))`; layers described alike share it, and a model may have 8.',
      'rate must lie in [0, 1). After the logits it spoils what the loss sees: `compile` warns.',
    ],
    example: dropout(0.5),
  },
  gaussianNoise: {
    signature: 'gaussianNoise(stddev)',
    equation: 'training: y = x + stddev z, z standard normal\notherwise: y = x',
    use: 'inputs that are measurements: training sees each a little differently every time',
    source: 'Bishop 1995, "Training with noise is equivalent to Tikhonov regularization"',
    pytorch: 'x + stddev * torch.randn_like(x)',
    keras: 'GaussianNoise',
    example: gaussianNoise(0.1),
  },
  prelu: {
    signature: 'prelu({ ... })',
    equation: 'y = x if x > 0, else alpha x; alpha trained, one a unit',
    use: 'relu networks with units to spare',
    source: 'He et al. 2015, arXiv:1502.01852',
    pytorch: 'PReLU(units)',
    keras: 'PReLU, whose alphas start at 0',
    notes: ['Weight decay pulls the slopes to 0; keep it off them with `parameterGroups`.'],
    example: prelu(),
  },
  residual: {
    signature: 'residual([layers])',
    equation: 'y = f(x) + x, f the layers in order',
    use: 'stacks of more than ten layers: the gradient has a way around every block',
    source: 'He et al. 2015, arXiv:1512.03385',
    pytorch: 'x + f(x)',
    keras: 'Add()([x, f(x)])',
    notes: [
      'The block must give as many units as it gets. Blocks may hold blocks; parameters are named `residual_1.dense_1.kernel`.',
      'The original form is `residual([dense(n, { activation: "relu" }), dense(n)]), activation("relu")`; `residual([batchNorm(), activation("relu"), dense(n)])` is the pre-activation form, which trains deeper.',
    ],
    example: residual([dense(6)]),
  },
}
