/** What docs/metrics.md says. */
import type { Metric, MetricName } from './metric.ts'

export const INTRO = `# Metrics

A metric is given by name or by a factory: \`compile({ metrics: ['accuracy', topKAccuracy({ k: 3 })] })\`. Metrics are exact over
a whole data set, summed in float64 row by row, so the batch size does not affect them. All rows have equal weight; \`weightedMetrics\` takes metrics
whose rows are weighted by \`sampleWeight\` and \`classWeight\`, like the loss. A NaN among the outputs makes every metric NaN.
y is an output, t its target; TP, FP and FN count true positives, false positives and false negatives.
`

/** After the list. */
export const NOTES = `Outputs above \`threshold\` are positive: 0.5 by default, 0 for logits. A single output is always a binary label. Several outputs are one class of
many unless the loss (\`binaryCrossentropy\`, \`hinge\`, \`squaredHinge\`) or a \`threshold\` makes them independent labels. \`average\` of precision, recall, F1 and F-beta is 'binary' (class 1; the default
for one output), 'macro' (mean over the classes that occur; the default for several), 'micro' (from pooled counts) or 'weighted'
(mean weighted by support); divisions by zero give 0.

Without a model: \`score(metric, targets, outputs, { rows, sampleWeight })\` computes any metric of arrays, \`confusionMatrix(yTrue, yPred)\`
the matrix from class indices, and \`classificationReport(yTrue, yPred)\` accuracy, precision, recall and F1 of every class with their averages.
`

export interface MetricDoc {
  /** Names of its options. */
  readonly options?: readonly (keyof Metric)[]
  readonly equation: string
  readonly outputs: 'one class of many, or labels' | 'labels' | 'one class of many' | 'quantities'
  readonly keras: string
  readonly scikitLearn: string
  readonly use: string
}

const CLASSES = 'one class of many, or labels'

export const METRIC_DOCS: Readonly<Record<MetricName, MetricDoc>> = {
  accuracy: {
    options: ['threshold'],
    equation:
      "share of rows whose first largest output is their class; for labels, share of outputs on the target's side of the threshold",
    outputs: CLASSES,
    keras: '"accuracy", which uses the largest output even for several labels',
    scikitLearn:
      'accuracy_score for classes; for several labels accuracy_score counts rows whose labels are all right, which is lower',
    use: 'Balanced classes.',
  },
  binaryAccuracy: {
    options: ['threshold'],
    equation: 'share of outputs with (y > threshold) = (t > 0.5)',
    outputs: 'labels',
    keras: 'BinaryAccuracy(threshold=threshold)',
    scikitLearn: '1 - hamming_loss; accuracy_score for a single label',
    use: 'One or more labels that are not mutually exclusive.',
  },
  topKAccuracy: {
    options: ['k'],
    equation: 'share of rows whose class is among the k largest outputs; among equal outputs the later ranks higher',
    outputs: 'one class of many',
    keras: 'TopKCategoricalAccuracy(k), SparseTopKCategoricalAccuracy(k)',
    scikitLearn: 'top_k_accuracy_score(k=k)',
    use: 'Many classes, if a few answers may be shown.',
  },
  precision: {
    options: ['threshold', 'average'],
    equation: 'TP / (TP + FP); 0 if 0 / 0',
    outputs: CLASSES,
    keras: 'Precision',
    scikitLearn: 'precision_score(average=average, zero_division=0)',
    use: 'How reliable a positive prediction is.',
  },
  recall: {
    options: ['threshold', 'average'],
    equation: 'TP / (TP + FN); 0 if 0 / 0',
    outputs: CLASSES,
    keras: 'Recall',
    scikitLearn: 'recall_score(average=average, zero_division=0)',
    use: 'How many of the positives are found.',
  },
  f1Score: {
    options: ['threshold', 'average'],
    equation: "2 TP / (2 TP + FP + FN), 0 if 0 / 0; averages are means of the classes' scores",
    outputs: CLASSES,
    keras: 'F1Score(average=average)',
    scikitLearn: 'f1_score(average=average, zero_division=0)',
    use: 'Imbalanced classes: high only if both precision and recall are.',
  },
  fBeta: {
    options: ['beta', 'threshold', 'average'],
    equation: '(1 + β²) TP / ((1 + β²) TP + β² FN + FP), 0 if 0 / 0; averages as for f1Score',
    outputs: CLASSES,
    keras: 'FBetaScore(beta=beta, average=average)',
    scikitLearn: 'fbeta_score(beta=beta, average=average, zero_division=0)',
    use: 'When misses cost more than false alarms (beta above 1), or less.',
  },
  balancedAccuracy: {
    options: ['threshold'],
    equation: 'mean of TP / (TP + FN) over the classes that occur; for one output over both classes',
    outputs: CLASSES,
    keras: 'none',
    scikitLearn: 'balanced_accuracy_score',
    use: 'Imbalanced classes.',
  },
  matthewsCorrelation: {
    options: ['threshold'],
    equation:
      '(c s - Σ pₖ tₖ) / √((s² - Σ pₖ²) (s² - Σ tₖ²)), c of s rows right, tₖ rows of class k, pₖ predicted as k; 0 if 0 / 0',
    outputs: CLASSES,
    keras: 'none (MatthewsCorrelationCoefficient of TensorFlow Addons)',
    scikitLearn: 'matthews_corrcoef',
    use: 'A whole confusion matrix in one number: 1 is perfect, 0 is chance, below 0 is worse.',
  },
  auc: {
    equation:
      'share of (positive, negative) pairs in the right order, ties ½; several outputs: the mean over outputs, one-vs-rest',
    outputs: CLASSES,
    keras: "AUC(curve='ROC'), which approximates by thresholds",
    scikitLearn: "roc_auc_score(multi_class='ovr', average='macro')",
    use: 'Ranking quality, independent of a threshold. Stores all outputs until reset.',
  },
  averagePrecision: {
    equation:
      'Σ over thresholds of (Rₙ - Rₙ₋₁) Pₙ; several outputs: the mean over outputs, one-vs-rest, skipping those without positives',
    outputs: CLASSES,
    keras: "AUC(curve='PR'), which approximates by thresholds and interpolates",
    scikitLearn: "average_precision_score(average='macro')",
    use: 'Few positives among many negatives, where auc is too optimistic. Stores all outputs until reset.',
  },
  precisionAtRecall: {
    options: ['recall'],
    equation:
      'largest TP / (TP + FP) among thresholds with TP / (TP + FN) >= recall; several outputs as for averagePrecision',
    outputs: CLASSES,
    keras: 'PrecisionAtRecall(recall), which approximates by thresholds',
    scikitLearn: 'precision_recall_curve, the best precision from that recall on',
    use: 'The price, in false alarms, of a required recall. Stores all outputs until reset.',
  },
  logLoss: {
    equation: 'mean of -Σ t ln y, or of -t ln y - (1 - t) ln(1 - y) for labels, y clamped to [2⁻²³, 1 - 2⁻²³]',
    outputs: CLASSES,
    keras: 'CategoricalCrossentropy, BinaryCrossentropy (metrics)',
    scikitLearn: 'log_loss',
    use: 'Quality of probabilities when training with another loss.',
  },
  meanSquaredError: {
    equation: 'mean of (y - t)²',
    outputs: 'quantities',
    keras: 'MeanSquaredError',
    scikitLearn: 'mean_squared_error',
    use: 'Regression, in squared units.',
  },
  rootMeanSquaredError: {
    equation: '√ of the mean of (y - t)²',
    outputs: 'quantities',
    keras: 'RootMeanSquaredError',
    scikitLearn: 'root_mean_squared_error for one output; for several it is the mean of their roots',
    use: 'Regression, in the units of the target.',
  },
  meanAbsoluteError: {
    equation: 'mean of |y - t|',
    outputs: 'quantities',
    keras: 'MeanAbsoluteError',
    scikitLearn: 'mean_absolute_error',
    use: 'Regression with outliers.',
  },
  meanAbsolutePercentageError: {
    equation: 'mean of 100 |y - t| / max(|t|, 10⁻⁷)',
    outputs: 'quantities',
    keras: 'MeanAbsolutePercentageError',
    scikitLearn: '100 · mean_absolute_percentage_error',
    use: 'Targets of very different magnitudes, none near 0.',
  },
  r2Score: {
    equation:
      '1 - Σ(y - t)² / Σ(t - mean t)², averaged over outputs; for a constant target 1 if matched exactly, else 0',
    outputs: 'quantities',
    keras: 'R2Score',
    scikitLearn: 'r2_score',
    use: 'Share of explained variance: 1 is perfect, 0 is no better than the mean.',
  },
  confusionMatrix: {
    equation: 'entry [i][j]: rows of class i predicted as class j',
    outputs: CLASSES,
    keras: 'tf.math.confusion_matrix',
    scikitLearn: 'confusion_matrix',
    use: 'Which classes are confused. A matrix, so it cannot be monitored by callbacks.',
  },
}
