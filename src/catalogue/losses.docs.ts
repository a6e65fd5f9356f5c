/** What docs/losses.md says. */
import type { LossName } from './losses.ts'

export const INTRO = `# Losses

A loss is given by name or by a factory: \`compile({ loss: 'huber' })\` or \`compile({ loss: huber({ delta: 2 }) })\`.
y is an output, t its target. A row's loss is the mean over its outputs, the sum for losses on distributions, or a
single term; the loss of a batch is the mean of its rows' losses, weighted by \`sampleWeight\` times \`classWeight\` and divided
by the sum of these weights.
`

/** After the list. */
export const NOTES = `A final \`softmax\`, \`logSoftmax\` or \`sigmoid\` is fused with its cross entropy and computed from the logits: the loss is
finite for logits of any size and the gradient is y - t. With \`fromLogits: true\` the last layer is linear and the model outputs
logits. Losses that are not fused clamp probabilities to [1e-7, 1 - 1e-7] before taking
logarithms, and clamped values get no gradient. \`compile\` rejects a loss that does not fit the last layer.
`

export interface LossDoc {
  /** One term, of an output y and its target t, or of a row of them. */
  readonly equation: string
  /** How a row's terms become the row's loss. */
  readonly reduction: 'mean over outputs' | 'sum over outputs' | 'one term per row'
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
    use: 'Regression with errors of similar magnitude.',
  },
  meanAbsoluteError: {
    equation: '|y - t|',
    reduction: 'mean over outputs',
    gradient: 'sign(y - t), 0 where y = t',
    source: 'Boscovich 1757, Laplace 1793: least absolute deviations',
    pytorch: 'L1Loss',
    keras: 'MeanAbsoluteError',
    use: 'Regression of the median; robust to outliers.',
  },
  huber: {
    equation: 'e² / 2 if |e| ≤ delta, else delta (|e| - delta / 2), with e = y - t',
    reduction: 'mean over outputs',
    gradient: 'e clamped to [-delta, delta]',
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
    use: 'Like huber with delta 1, but infinitely differentiable.',
  },
  binaryCrossentropy: {
    equation:
      '-t ln y - (1 - t) ln(1 - y); with positiveWeight w, a number or one per output, -w t ln y - (1 - t) ln(1 - y); with smoothing s, t (1 - s) + s / 2 in place of t',
    reduction: 'mean over outputs',
    gradient: 'with respect to the logit: y - t; weighted (1 - t) y - w t (1 - y)',
    source: 'Good, "Rational decisions", 1952',
    pytorch: 'BCELoss; with fromLogits BCEWithLogitsLoss, whose pos_weight is positiveWeight',
    keras: 'BinaryCrossentropy(from_logits=fromLogits, label_smoothing=labelSmoothing)',
    use: 'One or more independent binary labels, with a final sigmoid, or linear with fromLogits; `positiveWeight` above 1 for rare labels. Targets in [0, 1].',
  },
  categoricalCrossentropy: {
    equation: '-t ln y; with smoothing s over C classes, t (1 - s) + s / C in place of t',
    reduction: 'sum over outputs',
    gradient: 'with respect to the logit: y Σt - t, which is y - t if the targets sum to 1',
    source:
      'Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; smoothing: Szegedy et al., "Rethinking the Inception architecture", 2016',
    pytorch: 'CrossEntropyLoss(label_smoothing=labelSmoothing) with class probabilities, on logits',
    keras: 'CategoricalCrossentropy(from_logits=fromLogits, label_smoothing=labelSmoothing)',
    use: 'One class of many, targets as one-hot or soft rows, with a final softmax, or linear with fromLogits.',
  },
  sparseCategoricalCrossentropy: {
    equation: '-ln y[class]; smoothing as in categoricalCrossentropy',
    reduction: 'one term per row',
    gradient: 'with respect to the logit: y - 1 at the class, y elsewhere',
    source: 'as categoricalCrossentropy',
    pytorch: 'CrossEntropyLoss(label_smoothing=labelSmoothing) with class indices, on logits',
    keras: 'SparseCategoricalCrossentropy(from_logits=fromLogits)',
    use: 'One class of many, targets as class indices from 0: the usual choice for classification.',
  },
  klDivergence: {
    equation: 't ln(t / y), both clamped to [1e-7, 1]; 0 if t = 0',
    reduction: 'sum over outputs',
    gradient: '-t / y, 0 where y was clamped',
    source: 'Kullback and Leibler, "On information and sufficiency", 1951',
    pytorch: "KLDivLoss(reduction='batchmean') on ln y",
    keras: 'KLDivergence, which clamps t = 0 to 1e-7',
    use: 'Distance from a given distribution, after softmax. Outputs that are negative or above 1 get no gradient.',
  },
  poisson: {
    equation: 'y - t ln(y + 1e-7)',
    reduction: 'mean over outputs',
    gradient: '1 - t / (y + 1e-7)',
    source: 'Nelder and Wedderburn, "Generalized linear models", 1972',
    pytorch: 'PoissonNLLLoss(log_input=False, eps=1e-7)',
    keras: 'Poisson',
    use: 'Counts, with a positive last layer such as softplus: the loss of a negative output is NaN.',
  },
  hinge: {
    equation: 'max(0, 1 - s y), with s = 1 if t > 0, else -1',
    reduction: 'mean over outputs',
    gradient: '-s if 1 - s y > 0, else 0',
    source: 'Cortes and Vapnik, "Support-vector networks", 1995',
    pytorch: 'none (HingeEmbeddingLoss is a different loss)',
    keras: 'Hinge',
    use: 'Maximum-margin binary classification, with a final linear or tanh. Targets 0 and 1, or -1 and 1.',
  },
  squaredHinge: {
    equation: 'max(0, 1 - s y)², with s as in hinge',
    reduction: 'mean over outputs',
    gradient: '-2 s max(0, 1 - s y)',
    source: 'Lee and Mangasarian, "SSVM: a smooth support vector machine", 2001',
    pytorch: 'none',
    keras: 'SquaredHinge',
    use: 'Like hinge, with a continuous gradient that grows with the violation.',
  },
  categoricalHinge: {
    equation: 'max(0, 1 + max((1 - t) y) - Σ t y)',
    reduction: 'one term per row',
    gradient: 'while positive: -t, and 1 at the largest (1 - t) y, shared equally between ties, where t = 0',
    source:
      'Keras. Not the loss of Crammer and Singer (2001), whose maximum is over the other classes only: here the class itself enters it as 0, so other outputs below 0 cost nothing',
    pytorch: 'none (MultiMarginLoss sums over all classes)',
    keras: 'CategoricalHinge',
    use: 'Maximum-margin classification, targets as one-hot rows, with a linear last layer.',
  },
  meanAbsolutePercentageError: {
    equation: '100 |y - t| / max(|t|, 1e-7)',
    reduction: 'mean over outputs',
    gradient: '100 sign(y - t) / max(|t|, 1e-7)',
    source: 'Makridakis, "Accuracy measures: theoretical and practical concerns", 1993',
    pytorch: 'none',
    keras: 'MeanAbsolutePercentageError',
    use: 'Quantities of very different magnitudes, none near 0, if relative errors matter. The same object is a metric.',
  },
}
