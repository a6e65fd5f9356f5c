/** What docs/layers.md says; the layers registered by their factories are in carried.docs.ts. */
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
statistics and no noise; with \`{ training: true }\` they process all rows as one training batch (batch statistics, fresh
noise in every call) without changing the model. \`model.freezeStatistics()\` makes training use the running statistics as constants, for
fine-tuning on small batches; \`unfreezeStatistics()\` undoes it. \`model.fold()\` returns a new model for inference: batch normalization and scales merged
into adjacent dense layers, weight normalization resolved, dropout and noise removed.

Layers with parameters take \`trainable\` (default true) and \`name\` (the parameters' prefix). Running statistics are parameters that no optimizer
updates: they are saved, counted and read like the others.
`

export const LAYER_DOCS: Readonly<Record<Exclude<Layer['kind'], CarriedKind>, LayerDoc>> = {
  input: {
    signature: 'input(size)',
    equation: 'x, rows of `size` features',
    use: 'always the first layer, and only there',
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
      '`weightNorm: true` (Salimans and Kingma 2016, arXiv:1602.07868): W = scale · direction / |direction| for each unit. `direction` and `scale` replace `kernel`, and W starts as initialized. An l2 penalty applies to the scales, which is equivalent to one on W; l1 is rejected.',
    ],
    example: dense(4),
  },
  activation: {
    signature: 'activation(kind)',
    equation: 'y = f(x), see [activations.md](activations.md)',
    use: 'an activation after a normalization or a residual block; elsewhere the `activation` of `dense` is cheaper',
    pytorch: 'the module of the same name',
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
      'A batch of one row has no statistics: `fit` (including a last batch of one row), `trainStep` and `gradients` reject it before anything changes.',
      '`momentum: null` makes the running statistics the average over all batches so far.',
      "`synchronized: true`: ranks that train together ([scale.md](scale.md)) share the statistics of all their rows, like PyTorch's SyncBatchNorm and Keras' `synchronized`. No effect in a single process.",
      'Give the preceding dense layer `useBias: false`: subtracting the mean cancels a bias.',
      'Only updates change the running statistics, `gradients()` does not. Layers frozen by `freeze(layer)` or `trainable: false` use them and do not update them.',
    ],
    example: batchNorm(),
  },
  batchRenorm: {
    signature: 'batchRenorm({ ... })',
    equation: [
      'y = gamma (r (x - mean) / spread + d) + beta, spread = sqrt(variance + epsilon)',
      'training: mean and spread of the batch, r = clip(spread / runningDeviation, 1 / rMax, rMax),',
      '          d = clip((mean - runningMean) / runningDeviation, -dMax, dMax), both constants in the backward pass;',
      '          then running += momentum (batch - running)',
      'otherwise: y = gamma (x - runningMean) / runningDeviation + beta',
    ].join('\n'),
    use: 'batch normalization for small or non-i.i.d. batches',
    source: 'Ioffe 2017, arXiv:1702.03275',
    pytorch: 'none',
    keras: 'BatchNormalization(renorm=True) of Keras 2',
    notes: ['The paper starts with rMax 1 and dMax 0, which is batch normalization, and relaxes both during training.'],
    example: batchRenorm(),
  },
  layerNorm: {
    signature: 'layerNorm({ ... })',
    equation: 'y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row, biased variance',
    use: 'any batch size, including one row; identical in training and inference',
    source: 'Ba, Kiros and Hinton 2016, arXiv:1607.06450',
    pytorch: 'LayerNorm',
    keras: 'LayerNormalization, whose epsilon is 1e-3',
    example: layerNorm(),
  },
  groupNorm: {
    signature: 'groupNorm(groups, { channels, ... })',
    equation: 'layerNorm over each of `groups` groups of adjacent columns; one gamma and beta per channel',
    use: 'features that come in groups',
    source: 'Wu and He 2018, arXiv:1803.08494',
    pytorch: 'GroupNorm(groups, channels)',
    keras: 'GroupNormalization(groups), whose epsilon is 1e-3',
    notes: [
      'By default every column is a channel. With `channels`, a row is [channels, length], row-major, and each channel has one gamma and beta.',
      'Groups must divide the channels.',
    ],
    example: groupNorm(2),
  },
  instanceNorm: {
    signature: 'instanceNorm({ channels, ... })',
    equation: 'layerNorm over each channel of a row [channels, length]; gamma and beta, if any, per channel',
    use: 'rows that hold several signals whose offset and amplitude do not matter',
    source: 'Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022',
    pytorch: 'InstanceNorm1d(channels)',
    keras: 'GroupNormalization(groups=channels)',
    notes: ['A channel of a single column is rejected: its normalized value would always be 0.'],
    example: instanceNorm({ channels: 2 }),
  },
  rmsNorm: {
    signature: 'rmsNorm({ ... })',
    equation: 'y = gamma x / sqrt(mean x² + epsilon), row by row',
    use: 'cheaper than layerNorm',
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
      'The mask is a hash of seed, step, layer and element: the same on every host, for any number of threads, and after resuming from a file.',
      'A schedule gives the rate for each update, such as `dropout(flatCosine({ learningRate: 0.15, totalSteps: 10000 }))`; layers with equal schedules share one, and a model may have up to 8.',
      'rate must lie in [0, 1). Dropout after the last layer would corrupt the logits: `compile` warns.',
    ],
    example: dropout(0.5),
  },
  gaussianNoise: {
    signature: 'gaussianNoise(stddev)',
    equation: 'training: y = x + stddev z, z standard normal\notherwise: y = x',
    use: 'noisy measurements: regularizes by perturbing inputs anew in every epoch',
    source: 'Bishop 1995, "Training with noise is equivalent to Tikhonov regularization"',
    pytorch: 'x + stddev * torch.randn_like(x)',
    keras: 'GaussianNoise',
    example: gaussianNoise(0.1),
  },
  prelu: {
    signature: 'prelu({ ... })',
    equation: 'y = x if x > 0, else alpha x; one trained alpha per unit',
    use: 'relu networks with spare capacity',
    source: 'He et al. 2015, arXiv:1502.01852',
    pytorch: 'PReLU(units)',
    keras: 'PReLU, whose alphas start at 0',
    notes: ['Weight decay pulls the slopes to 0; exclude them with `parameterGroups`.'],
    example: prelu(),
  },
  residual: {
    signature: 'residual([layers])',
    equation: 'y = f(x) + x, f the given layers in order',
    use: 'stacks of more than ten layers: the gradient bypasses every block',
    source: 'He et al. 2015, arXiv:1512.03385',
    pytorch: 'x + f(x)',
    keras: 'Add()([x, f(x)])',
    notes: [
      'The output of the block must be as wide as its input. Blocks may be nested; parameters are named `residual_1.dense_1.kernel`.',
      'The original form is `residual([dense(n, { activation: "relu" }), dense(n)]), activation("relu")`; `residual([batchNorm(), activation("relu"), dense(n)])` is the pre-activation form, which trains deeper networks.',
    ],
    example: residual([dense(6)]),
  },
}
