/** What docs/losses.md says. */
import type { LossName } from './losses.ts'

export const INTRO = `# Losses

A loss is a name or a factory's result: \`compile({ loss: 'huber' })\` or \`compile({ loss: huber({ delta: 2 }) })\`.
y is an output, t its target. A row's loss is a mean over its outputs, a sum where the loss is one of distributions, or a
single term; the loss of a batch is the mean of its rows' losses, weighted by \`sampleWeight\` times \`classWeight\` and divided
by the sum of these weights.
`

/** After the list. */
export const NOTES = `A last layer of \`softmax\`, \`logSoftmax\` or \`sigmoid\` is computed together with its cross entropy, from the logits: the loss stays
finite for logits of any size and the gradient is y - t. With \`fromLogits: true\` the last layer is linear and its outputs stay
logits. Where a loss takes probabilities that it did not make itself, it keeps them in [1e-7, 1 - 1e-7] before taking
logarithms, and what it had to move gets no gradient. A loss that does not suit the last layer is refused by \`compile\`.
`

export interface LossDoc {
  /** One term, of an output y and its target t, or of a row of them. */
  readonly equation: string
  /** How a row's terms become the row's loss. */
  readonly reduction: 'mean over outputs' | 'sum over outputs' | 'one term a row'
  /** Of one term. */
  readonly gradient: string
  readonly source: string
  readonly pytorch: string
  readonly keras: string
  readonly use: string
}

export const LOSS_DOCS: Readonly<Record<LossName, LossDoc>> = {
  meanSquaredError: {
    equation: '(y - t)²',
    reduction: 'mean over outputs',
    gradient: '2 (y - t)',
    source: 'Legendre 1805, Gauss 1809: least squares',
    pytorch: 'MSELoss',
    keras: 'MeanSquaredError',
    use: 'Regression with errors of about one size.',
  },
  meanAbsoluteError: {
    equation: '|y - t|',
    reduction: 'mean over outputs',
    gradient: 'sign(y - t), 0 where y = t',
    source: 'Boscovich 1757, Laplace 1793: least absolute deviations',
    pytorch: 'L1Loss',
    keras: 'MeanAbsoluteError',
    use: 'Regression of the median; outliers weigh no more than others.',
  },
  huber: {
    equation: 'e² / 2 where |e| ≤ delta, else delta (|e| - delta / 2), with e = y - t',
    reduction: 'mean over outputs',
    gradient: 'e kept in [-delta, delta]',
    source: 'Huber, "Robust estimation of a location parameter", 1964',
    pytorch: 'HuberLoss(delta=delta); SmoothL1Loss(beta=delta) is this divided by delta',
    keras: 'Huber(delta=delta)',
    use: 'Regression with outliers: quadratic near the target, linear far away.',
  },
  logCosh: {
    equation: 'ln cosh(y - t)',
    reduction: 'mean over outputs',
    gradient: 'tanh(y - t)',
    source: 'Green, "Bayesian reconstructions from emission tomography data using a modified EM algorithm", 1990',
    pytorch: 'none',
    keras: 'LogCosh',
    use: 'As huber with delta 1, with smooth derivatives of every order.',
  },
  binaryCrossentropy: {
    equation:
      '-t ln y - (1 - t) ln(1 - y); with positiveWeight w, one for all outputs or an array of one each, -w t ln y - (1 - t) ln(1 - y); with smoothing s, t (1 - s) + s / 2 in place of t',
    reduction: 'mean over outputs',
    gradient: 'with respect to the logit: y - t; weighted (1 - t) y - w t (1 - y)',
    source: 'Good, "Rational decisions", 1952',
    pytorch: 'BCELoss; with fromLogits BCEWithLogitsLoss, whose pos_weight is positiveWeight',
    keras: 'BinaryCrossentropy(from_logits=fromLogits, label_smoothing=labelSmoothing)',
    use: 'One or more independent yes-or-no outputs, with a last layer of sigmoid, or of linear and fromLogits; `positiveWeight` above 1 for labels that are rare. Targets in [0, 1].',
  },
  categoricalCrossentropy: {
    equation: '-t ln y; with smoothing s over C classes, t (1 - s) + s / C in place of t',
    reduction: 'sum over outputs',
    gradient: 'with respect to the logit: y Σt - t, which is y - t where the targets sum to 1',
    source:
      'Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; smoothing: Szegedy et al., "Rethinking the Inception architecture", 2016',
    pytorch: 'CrossEntropyLoss(label_smoothing=labelSmoothing) with class probabilities, on logits',
    keras: 'CategoricalCrossentropy(from_logits=fromLogits, label_smoothing=labelSmoothing)',
    use: 'One class of many, targets as one-hot or soft rows, with a last layer of softmax, or of linear and fromLogits.',
  },
  sparseCategoricalCrossentropy: {
    equation: '-ln y at the class of the row; smoothing as in categoricalCrossentropy',
    reduction: 'one term a row',
    gradient: 'with respect to the logit: y, less 1 at the class of the row',
    source: 'as categoricalCrossentropy',
    pytorch: 'CrossEntropyLoss(label_smoothing=labelSmoothing) with class indices, on logits',
    keras: 'SparseCategoricalCrossentropy(from_logits=fromLogits)',
    use: 'One class of many, targets as class indices from 0: the usual choice for classification.',
  },
  klDivergence: {
    equation: 't ln(t / y), both kept in [1e-7, 1]; 0 where t = 0',
    reduction: 'sum over outputs',
    gradient: '-t / y, 0 where y was clipped',
    source: 'Kullback and Leibler, "On information and sufficiency", 1951',
    pytorch: "KLDivLoss(reduction='batchmean') on ln y",
    keras: 'KLDivergence, which counts t = 0 as 1e-7',
    use: 'Distance from a given distribution, after softmax. Outputs that are negative or above 1 get no gradient.',
  },
  poisson: {
    equation: 'y - t ln(y + 1e-7)',
    reduction: 'mean over outputs',
    gradient: '1 - t / (y + 1e-7)',
    source: 'Nelder and Wedderburn, "Generalized linear models", 1972',
    pytorch: 'PoissonNLLLoss(log_input=False, eps=1e-7)',
    keras: 'Poisson',
    use: 'Counts, with a last layer that is positive, such as softplus: the loss of a negative output is NaN.',
  },
  hinge: {
    equation: 'max(0, 1 - s y), with s = 1 where t > 0, else -1',
    reduction: 'mean over outputs',
    gradient: '-s where 1 - s y > 0, else 0',
    source: 'Cortes and Vapnik, "Support-vector networks", 1995',
    pytorch: 'none (HingeEmbeddingLoss is another loss)',
    keras: 'Hinge',
    use: 'Maximum-margin yes or no, with a last layer of linear or tanh. Targets 0 and 1, or -1 and 1.',
  },
  squaredHinge: {
    equation: 'max(0, 1 - s y)², with s as in hinge',
    reduction: 'mean over outputs',
    gradient: '-2 s max(0, 1 - s y)',
    source: 'Lee and Mangasarian, "SSVM: a smooth support vector machine", 2001',
    pytorch: 'none',
    keras: 'SquaredHinge',
    use: 'As hinge, with a smooth gradient that grows with the violation.',
  },
  categoricalHinge: {
    equation: 'max(0, 1 + max((1 - t) y) - Σ t y)',
    reduction: 'one term a row',
    gradient: 'while positive: -t, and 1 at the largest (1 - t) y, shared equally between ties, where t = 0',
    source:
      'Keras. Not the loss of Crammer and Singer (2001), whose maximum is over the other classes alone: here the class itself takes part with 0, so other outputs below 0 cost nothing',
    pytorch: 'none (MultiMarginLoss sums over all classes)',
    keras: 'CategoricalHinge',
    use: 'Maximum-margin classification, targets as one-hot rows, with a last layer of linear.',
  },
  meanAbsolutePercentageError: {
    equation: '100 |y - t| / max(|t|, 1e-7)',
    reduction: 'mean over outputs',
    gradient: '100 sign(y - t) / max(|t|, 1e-7)',
    source: 'Makridakis, "Accuracy measures: theoretical and practical concerns", 1993',
    pytorch: 'none',
    keras: 'MeanAbsolutePercentageError',
    use: 'Quantities of very different sizes, none near 0, of which relative errors count. The same value is a metric.',
  },
}
