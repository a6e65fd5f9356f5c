/** What docs/layers.md says. */
import { carrying } from './carried.ts'
import { headsKind, headsOf } from './heads.ts'
import {
  activation,
  alphaDropout,
  batchNorm,
  batchRenorm,
  blend,
  catalogue,
  concatenate,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  type Lowerable,
  layerNorm,
  oneHotColumns,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  scale,
  select,
  unitNorm,
} from './layers.ts'

/** As src/model/heads.ts, but for what heads are trained for. */
const heads = carrying('heads', headsKind<Lowerable>(catalogue), headsOf<Lowerable, string>)

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

export interface LayerDoc {
  readonly signature: string
  readonly equation: string
  readonly use: string
  readonly source?: string
  readonly pytorch: string
  readonly keras: string
  readonly notes?: readonly string[]
  /** The page reads its defaults and parameters. */
  readonly example: Layer
}

/** Of the kinds that come along with their factories. */
const carried = (kind: string) =>
  `In programs that name it only: to read a file with this layer, pass \`{ custom: { ${kind} } }\` to \`loadModel\` or \`loadPredictor\`, unless the program makes such layers itself.`

export const LAYER_DOCS: Readonly<Record<Layer['kind'], LayerDoc>> = {
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
  alphaDropout: {
    signature: 'alphaDropout(rate)',
    equation:
      'training: y = a x + b with probability 1 - rate, else a s + b, s = -1.7581, which selu tends to on the left;\na = 1 / sqrt((1 - rate) (1 + rate s²)), b = -a rate s\notherwise: y = x',
    use: 'after `selu`: activations of mean 0 and variance 1 keep both; 0.05 to 0.1',
    source: 'Klambauer et al. 2017, "Self-normalizing neural networks" (arXiv:1706.02515)',
    pytorch: 'AlphaDropout',
    keras: 'AlphaDropout',
    notes: ['Drawn as `dropout` draws; `rate` must lie in [0, 1).', carried('alphaDropout')],
    example: alphaDropout(0.1),
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
  scale: {
    signature: 'scale({ ... })',
    equation: 'y = scale · x, one trained factor a column',
    use: 'the first layer for tables of numbers: it learns which columns count; give it a higher learning rate with `parameterGroups`',
    source: 'Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491',
    pytorch: 'x * Parameter(ones(size))',
    keras: 'none',
    notes: [carried('scale')],
    example: scale(),
  },
  blend: {
    signature: 'blend(activation, { ... })',
    equation: 'y = x + alpha (f(x) - x); alpha trained, one a column',
    use: 'in the place of an activation: each unit learns how much of it it wants',
    source: 'Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491, "parametric activation"',
    pytorch: 'torch.lerp(x, f(x), alpha)',
    keras: 'none',
    notes: [carried('blend')],
    example: blend('mish'),
  },
  periodicEmbedding: {
    signature: 'periodicEmbedding({ ... })',
    equation: 'of each column x: x, then kernel · cos(2 pi x w + b) + bias',
    use: 'numeric columns of tables, scaled to vary by about 1, as the first layer',
    source:
      'Gorishniy, Rubachev and Babenko 2022, arXiv:2203.05556; as "PBLD" in Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491',
    pytorch: "rtdl_num_embeddings' PeriodicEmbeddings, without activation, x beside it",
    keras: 'none',
    notes: [
      'Each column has `frequencies` waves and `units` values of its own; it gives inputs x (1 + units) columns, those of a column together.',
      carried('periodicEmbedding'),
    ],
    example: periodicEmbedding(),
  },
  unitNorm: {
    signature: 'unitNorm()',
    equation: 'y = x / sqrt(sum x² + 1e-12), row by row',
    use: 'directions without lengths: before a dense layer of cosines, or at the end of one that is to be compared',
    pytorch: 'functional.normalize',
    keras: 'UnitNormalization',
    notes: [carried('unitNorm')],
    example: unitNorm(),
  },
  select: {
    signature: 'select({ columns })',
    equation: 'y = the columns of x that are named, in that order',
    use: 'one branch of several that share a wide row',
    pytorch: 'x[:, columns]',
    keras: 'ops.take(x, columns, axis=1)',
    notes: [carried('select')],
    example: select({ columns: [2, 0] }),
  },
  concatenate: {
    signature: 'concatenate([[layers], [layers], ...])',
    equation: 'y = the outputs of all branches on the same x, side by side',
    use: 'wide and deep models, dense skips, inputs of several kinds; `[]` is a branch that hands on x',
    source: 'Cheng et al. 2016, "Wide & deep learning for recommender systems", arXiv:1606.07792',
    pytorch: 'torch.cat([f(x), g(x)], 1)',
    keras: 'Concatenate()([f(x), g(x)])',
    notes: [
      'Parameters are named `concatenate_1.branch_2.dense_1.kernel`. Branches may hold blocks and branches.',
      carried('concatenate'),
    ],
    example: concatenate([[dense(4), activation('relu')], []]),
  },
  heads: {
    signature: 'heads({ name: [layers], name: [layers], ... })',
    equation:
      'each head: its layers on the same x; the loss of the model is the sum over heads of lossWeights times loss',
    use: 'several outputs of one body, each with a loss, weights and metrics of its own; only as the last layer',
    source: 'Caruana 1997, "Multitask learning"',
    pytorch: 'a module with several Linear layers at its end',
    keras: 'Model(inputs, { name: ..., name: ... })',
    notes: [
      "`compile({ loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' }, lossWeights: { price: 0.5 }, metrics: { kind: ['accuracy'] } })`; targets, predictions, `out`, `classNames`, what `predictClasses` gives and what callbacks of `trainStep` get are objects with a value for each head, and logs have `loss`, `price_loss`, `kind_loss`, `kind_accuracy`.",
      '`sampleWeight` is one array for all heads, or an object with an array for some, such as 0 where a label is missing: those count relative to their mean over the rows given, so that parts of the rows can be put together again.',
      'Losses of heads are computed in JavaScript, in float64, like losses of your own: with softmax and sigmoid they are computed of logits, as elsewhere. Parameters are named `heads_1.price.dense_1.kernel`.',
      '`classWeight` and int8 models are for one output. A head without layers, `[]`, hands on its rows.',
      carried('heads'),
    ],
    example: heads({ price: [dense(1)], kind: [dense(3, { activation: 'softmax' })] }),
  },
  embedding: {
    signature: 'embedding({ columns, categories, units, ... })',
    equation: 'y = the columns that stay, then table[index] for each column of indices; zeros where the index is -1',
    use: 'identities and categories: users, items, words, shops',
    source: 'Bengio et al. 2003, "A neural probabilistic language model"',
    pytorch: 'Embedding(categories, units)',
    keras: 'Embedding(categories, units), whose rows start from U(±0.05)',
    notes: [
      '`columns` may be several, which share the table; `embedding([{ ... }, { ... }])` has several tables, `table_1`, `table_2`, over the columns of one input.',
      'Indices are whole numbers from 0 to categories - 1, or -1 for missing, and must come from the input as they are, through `select`, `concatenate` and other embeddings only: they are checked by row and column before anything happens. Scale other columns with the `columns` option of scalers.',
      'Plain `sgd` without momentum, decay, penalty on the table or clipping visits only rows that occur in the batch: a step costs the same for any number of categories. Other optimizers update the whole table.',
      carried('embedding'),
    ],
    example: embedding({ columns: 0, categories: 10, units: 4 }),
  },
  oneHotColumns: {
    signature: 'oneHotColumns({ columns, categories })',
    equation: 'y = the columns that stay, then for each column of indices 1 in the column of its index, else 0',
    use: 'categories that are few; `embedding` is `oneHotColumns` and a dense layer without bias, without the zeros',
    pytorch: 'torch.nn.functional.one_hot',
    keras: 'CategoryEncoding',
    notes: ['-1 is missing: only zeros. Indices are checked as those of `embedding` are.', carried('oneHotColumns')],
    example: oneHotColumns({ columns: 0, categories: 3 }),
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
