/** What docs/metrics.md says. */
import type { Metric, MetricName } from './metric.ts'

export const INTRO = `# Metrics

A metric is a name or a factory's result: \`compile({ metrics: ['accuracy', topKAccuracy({ k: 3 })] })\`. Metrics are exact over
a whole data set, summed in float64 row after row, so the batch size does not change them. Every row counts the same; \`weightedMetrics\` takes metrics
whose rows are weighted by \`sampleWeight\` and \`classWeight\`, as the loss is. A NaN among the outputs makes every metric NaN.
y is an output, t its target; TP, FP and FN count true positives, false positives and false negatives.
`

/** After the list. */
export const NOTES = `\`threshold\` is where yes begins: 0.5 unless given, 0 for logits. One output is always a yes or no. Several outputs are one class of
many unless they are independent, which the loss says (\`binaryCrossentropy\`, \`hinge\`, \`squaredHinge\`) or a \`threshold\`. \`average\` of precision, recall, F1 and F-beta is 'binary' (class 1; the default
of one output), 'macro' (mean over the classes that occur; the default of several), 'micro' (all counts together) or 'weighted'
(mean weighted by the classes' rows); divisions by zero give 0.

Without a model: \`score(metric, targets, outputs, { rows, sampleWeight })\` gives any metric of arrays, \`confusionMatrix(yTrue, yPred)\`
the matrix of class indices, and \`classificationReport(yTrue, yPred)\` accuracy, precision, recall and F1 of every class with their averages.
`

export interface MetricDoc {
  /** Names of its options. */
  readonly options?: readonly (keyof Metric)[]
  readonly equation: string
  readonly outputs: 'one class of many, or yes and no' | 'yes and no' | 'one class of many' | 'quantities'
  readonly keras: string
  readonly scikitLearn: string
  readonly use: string
}

const CLASSES = 'one class of many, or yes and no'

export const METRIC_DOCS: Readonly<Record<MetricName, MetricDoc>> = {
  accuracy: {
    options: ['threshold'],
    equation:
      "share of rows whose first largest output is their class; of independent outputs, share on the target's side of the threshold",
    outputs: CLASSES,
    keras: '"accuracy", which counts rows of several independent outputs by their largest',
    scikitLearn:
      'accuracy_score of classes; of several independent outputs accuracy_score counts rows whose labels are all right, which is less',
    use: 'Classes of about equal size.',
  },
  binaryAccuracy: {
    options: ['threshold'],
    equation: 'share of outputs with (y > threshold) = (t > 0.5)',
    outputs: 'yes and no',
    keras: 'BinaryAccuracy(threshold=threshold)',
    scikitLearn: '1 - hamming_loss; accuracy_score only when there is one label',
    use: 'One or more labels that do not exclude each other.',
  },
  topKAccuracy: {
    options: ['k'],
    equation: 'share of rows whose class is among the k largest outputs; of equal outputs the later ranks higher',
    outputs: 'one class of many',
    keras: 'TopKCategoricalAccuracy(k), SparseTopKCategoricalAccuracy(k)',
    scikitLearn: 'top_k_accuracy_score(k=k)',
    use: 'Many classes, of which a few answers may be shown.',
  },
  precision: {
    options: ['threshold', 'average'],
    equation: 'TP / (TP + FP), 0 when nothing was predicted',
    outputs: CLASSES,
    keras: 'Precision',
    scikitLearn: 'precision_score(average=average, zero_division=0)',
    use: 'How far a yes can be trusted.',
  },
  recall: {
    options: ['threshold', 'average'],
    equation: 'TP / (TP + FN), 0 when there is nothing to find',
    outputs: CLASSES,
    keras: 'Recall',
    scikitLearn: 'recall_score(average=average, zero_division=0)',
    use: 'How much of what there is was found.',
  },
  f1Score: {
    options: ['threshold', 'average'],
    equation: "2 TP / (2 TP + FP + FN), 0 when that is 0 / 0; averages are means of the classes' scores",
    outputs: CLASSES,
    keras: 'F1Score(average=average)',
    scikitLearn: 'f1_score(average=average, zero_division=0)',
    use: 'Unequal classes: high only where precision and recall both are.',
  },
  fBeta: {
    options: ['beta', 'threshold', 'average'],
    equation: '(1 + β²) TP / ((1 + β²) TP + β² FN + FP), 0 when that is 0 / 0; averages as of f1Score',
    outputs: CLASSES,
    keras: 'FBetaScore(beta=beta, average=average)',
    scikitLearn: 'fbeta_score(beta=beta, average=average, zero_division=0)',
    use: 'Where misses cost more than false alarms (beta above 1), or less.',
  },
  balancedAccuracy: {
    options: ['threshold'],
    equation: 'mean of TP / (TP + FN) over the classes that there are rows of; of one output over no and yes',
    outputs: CLASSES,
    keras: 'none',
    scikitLearn: 'balanced_accuracy_score',
    use: 'Classes of very different size.',
  },
  matthewsCorrelation: {
    options: ['threshold'],
    equation:
      '(c s - Σ pₖ tₖ) / √((s² - Σ pₖ²) (s² - Σ tₖ²)), c rows right of s, tₖ rows of class k, pₖ predicted as k; 0 when that is 0 / 0',
    outputs: CLASSES,
    keras: 'none (MatthewsCorrelationCoefficient of TensorFlow Addons)',
    scikitLearn: 'matthews_corrcoef',
    use: 'One number of a whole confusion matrix: 1 perfect, 0 as by chance, below 0 worse.',
  },
  auc: {
    equation:
      'share of pairs of a positive and a negative that the output orders rightly, ties ½; several outputs: the mean over outputs, each against the rest',
    outputs: CLASSES,
    keras: "AUC(curve='ROC'), which approximates by thresholds",
    scikitLearn: "roc_auc_score(multi_class='ovr', average='macro')",
    use: 'How well the output ranks, whatever the threshold. Keeps all outputs until reset.',
  },
  averagePrecision: {
    equation:
      'Σ over thresholds of (Rₙ - Rₙ₋₁) Pₙ; several outputs: the mean over outputs, each against the rest, without those that have no positives',
    outputs: CLASSES,
    keras: "AUC(curve='PR'), which approximates by thresholds and interpolates",
    scikitLearn: "average_precision_score(average='macro')",
    use: 'Few positives among many negatives, where auc looks good too easily. Keeps all outputs until reset.',
  },
  precisionAtRecall: {
    options: ['recall'],
    equation:
      'largest TP / (TP + FP) of the thresholds with TP / (TP + FN) >= recall; several outputs as of averagePrecision',
    outputs: CLASSES,
    keras: 'PrecisionAtRecall(recall), which approximates by thresholds',
    scikitLearn: 'precision_recall_curve, the best precision from that recall on',
    use: 'How many false alarms a wanted share of findings costs. Keeps all outputs until reset.',
  },
  logLoss: {
    equation: 'mean of -Σ t ln y, or of -t ln y - (1 - t) ln(1 - y) for yes and no, y kept in [2⁻²³, 1 - 2⁻²³]',
    outputs: CLASSES,
    keras: 'CategoricalCrossentropy, BinaryCrossentropy (metrics)',
    scikitLearn: 'log_loss',
    use: 'Quality of probabilities, beside another loss.',
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
    use: 'Targets of very different sizes, none near 0.',
  },
  r2Score: {
    equation: '1 - Σ(y - t)² / Σ(t - mean t)², averaged over outputs; a constant target gives 1 if met exactly, else 0',
    outputs: 'quantities',
    keras: 'R2Score',
    scikitLearn: 'r2_score',
    use: 'Share of the variation that is explained: 1 is perfect, 0 no better than the mean.',
  },
  confusionMatrix: {
    equation: 'entry [i][j]: rows of class i predicted as class j',
    outputs: CLASSES,
    keras: 'tf.math.confusion_matrix',
    scikitLearn: 'confusion_matrix',
    use: 'Which classes are taken for which. A matrix, so nothing a history can follow.',
  },
}
