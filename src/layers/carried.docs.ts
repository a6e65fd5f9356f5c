/** What docs/layers.md says of the layers that come along with their factories. */
import { type CarriedKind, carrying } from './carried.ts'
import { headsKind, headsOf } from './heads.ts'
import type { LayerDoc } from './layerDoc.ts'
import {
  activation,
  alphaDropout,
  blend,
  catalogue,
  concatenate,
  dense,
  embedding,
  type Lowerable,
  oneHotColumns,
  periodicEmbedding,
  scale,
  select,
  unitNorm,
} from './layers.ts'

/** As src/model/heads.ts, but for what heads are trained for. */
const heads = carrying('heads', headsKind<Lowerable>(catalogue), headsOf<Lowerable, string>)

const carried = (kind: string) =>
  `In programs that name it only: to read a file with this layer, pass \`{ custom: { ${kind} } }\` to \`loadModel\` or \`loadPredictor\`, unless the program makes such layers itself.`

export const CARRIED_DOCS: Readonly<Record<CarriedKind, LayerDoc>> = {
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
}
