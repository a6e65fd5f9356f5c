/** What docs/layers.md says about the layers that are registered by their factories. */
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

/** The factory of src/model/heads.ts without its training part. */
const heads = carrying('heads', headsKind<Lowerable>(catalogue), headsOf<Lowerable, string>)

const carried = (kind: string) =>
  `Bundled only where it is imported: to load a file with this layer, pass \`{ custom: { ${kind} } }\` to \`loadModel\` or \`loadPredictor\`, unless the program has already created such a layer.`

export const CARRIED_DOCS: Readonly<Record<CarriedKind, LayerDoc>> = {
  alphaDropout: {
    signature: 'alphaDropout(rate)',
    equation:
      'training: y = a x + b with probability 1 - rate, else a s + b, s = -1.7581, the limit of selu for x → -∞;\na = 1 / sqrt((1 - rate) (1 + rate s²)), b = -a rate s\notherwise: y = x',
    use: 'after `selu`: keeps mean 0 and variance 1; 0.05 to 0.1',
    source: 'Klambauer et al. 2017, "Self-normalizing neural networks" (arXiv:1706.02515)',
    pytorch: 'AlphaDropout',
    keras: 'AlphaDropout',
    notes: ['Uses the same random stream scheme as `dropout`; `rate` must lie in [0, 1).', carried('alphaDropout')],
    example: alphaDropout(0.1),
  },
  scale: {
    signature: 'scale({ ... })',
    equation: 'y = scale · x, one trained factor per column',
    use: 'the first layer for numeric tables: learns which columns matter; give it a higher learning rate with `parameterGroups`',
    source: 'Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491',
    pytorch: 'x * Parameter(ones(size))',
    keras: 'none',
    notes: [carried('scale')],
    example: scale(),
  },
  blend: {
    signature: 'blend(activation, { ... })',
    equation: 'y = x + alpha (f(x) - x), one trained alpha per column',
    use: 'in place of an activation: each unit learns how nonlinear it is',
    source: 'Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491, "parametric activation"',
    pytorch: 'torch.lerp(x, f(x), alpha)',
    keras: 'none',
    notes: [carried('blend')],
    example: blend('mish'),
  },
  periodicEmbedding: {
    signature: 'periodicEmbedding({ ... })',
    equation: 'for each column x: x, then kernel · cos(2 pi x w + b) + bias',
    use: 'numeric columns of tables, scaled to vary by about 1, as the first layer',
    source:
      'Gorishniy, Rubachev and Babenko 2022, arXiv:2203.05556; as "PBLD" in Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491',
    pytorch: "rtdl_num_embeddings' PeriodicEmbeddings, without activation, x beside it",
    keras: 'none',
    notes: [
      'Each column has its own `frequencies` and `units`; the output has inputs x (1 + units) columns, grouped by input column.',
      carried('periodicEmbedding'),
    ],
    example: periodicEmbedding(),
  },
  unitNorm: {
    signature: 'unitNorm()',
    equation: 'y = x / sqrt(sum x² + 1e-12), row by row',
    use: 'keeps the direction only: before a dense layer that computes cosines, or to compare outputs by cosine similarity',
    pytorch: 'functional.normalize',
    keras: 'UnitNormalization',
    notes: [carried('unitNorm')],
    example: unitNorm(),
  },
  select: {
    signature: 'select({ columns })',
    equation: 'y = x[:, columns], in the given order',
    use: 'a branch that reads some columns of a wide row',
    pytorch: 'x[:, columns]',
    keras: 'ops.take(x, columns, axis=1)',
    notes: [carried('select')],
    example: select({ columns: [2, 0] }),
  },
  concatenate: {
    signature: 'concatenate([[layers], [layers], ...])',
    equation: 'y = the outputs of all branches on the same x, concatenated',
    use: 'wide and deep models, dense skips, several kinds of inputs; `[]` is the identity branch',
    source: 'Cheng et al. 2016, "Wide & deep learning for recommender systems", arXiv:1606.07792',
    pytorch: 'torch.cat([f(x), g(x)], 1)',
    keras: 'Concatenate()([f(x), g(x)])',
    notes: [
      'Parameters are named `concatenate_1.branch_2.dense_1.kernel`. Branches may contain residual blocks and further branches.',
      carried('concatenate'),
    ],
    example: concatenate([[dense(4), activation('relu')], []]),
  },
  heads: {
    signature: 'heads({ name: [layers], name: [layers], ... })',
    equation:
      'each head applies its layers to the same x; the loss of the model is the sum over heads of lossWeight times loss',
    use: 'several outputs on a shared body, each with its own loss, weights and metrics; only as the last layer',
    source: 'Caruana 1997, "Multitask learning"',
    pytorch: 'a module with several Linear layers at its end',
    keras: 'Model(inputs, { name: ..., name: ... })',
    notes: [
      "`compile({ loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' }, lossWeights: { price: 0.5 }, metrics: { kind: ['accuracy'] } })`; targets, predictions, `out`, `classNames`, what `predictClasses` gives and what callbacks of `trainStep` get are objects with one value per head, and logs contain `loss`, `price_loss`, `kind_loss`, `kind_accuracy`.",
      '`sampleWeight` is one array for all heads, or an object with an array for some, for example 0 where a label is missing. Weights count relative to their mean over the given rows, so results on parts of the data can be combined.',
      'Losses of heads are computed in JavaScript in float64, like custom losses; with softmax and sigmoid they are computed from logits, as elsewhere. Parameters are named `heads_1.price.dense_1.kernel`.',
      '`classWeight` and int8 models support a single output only. A head without layers, `[]`, outputs x.',
      carried('heads'),
    ],
    example: heads({ price: [dense(1)], kind: [dense(3, { activation: 'softmax' })] }),
  },
  embedding: {
    signature: 'embedding({ columns, categories, units, ... })',
    equation: 'y = the other columns, then table[index] for each index column; zeros where the index is -1',
    use: 'IDs and categories: users, items, words, shops',
    source: 'Bengio et al. 2003, "A neural probabilistic language model"',
    pytorch: 'Embedding(categories, units)',
    keras: 'Embedding(categories, units), whose rows start from U(±0.05)',
    notes: [
      '`columns` may be several, which share the table; `embedding([{ ... }, { ... }])` has several tables, `table_1`, `table_2`, over columns of the same input.',
      'Indices are integers from 0 to categories - 1, or -1 for missing, and must reach the layer unchanged from the input, through `select`, `concatenate` and other embeddings only: they are checked by row and column before anything runs. Scale the other columns with the `columns` option of scalers.',
      'Plain `sgd` without momentum, decay, penalty on the table or clipping reads and writes only the rows that occur in the batch: the cost of a step does not depend on the number of categories. Other optimizers update the whole table.',
      carried('embedding'),
    ],
    example: embedding({ columns: 0, categories: 10, units: 4 }),
  },
  oneHotColumns: {
    signature: 'oneHotColumns({ columns, categories })',
    equation: 'y = the other columns, then the one-hot encoding of each index column',
    use: 'few categories; `embedding` computes `oneHotColumns` followed by a dense layer without bias, without multiplying zeros',
    pytorch: 'torch.nn.functional.one_hot',
    keras: 'CategoryEncoding',
    notes: ['-1 is missing: all zeros. Indices are checked as for `embedding`.', carried('oneHotColumns')],
    example: oneHotColumns({ columns: 0, categories: 3 }),
  },
}
