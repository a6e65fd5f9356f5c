/**
 * The catalogue of metrics: plain frozen specs, and float64 streams that measure batch by batch; no machine needed.
 * Factories throw a TypeError or RangeError naming a bad option.
 */
import { checkFloat, checkInteger, checkNumber, checkOneOf, checkOptions, show } from '../../lib/check.ts'
import { type Average, METRIC_NAMES, type Metric, type MetricName } from './metric.ts'
import { confusionMatrix as matrixOf } from './report.ts'
import type { Task } from './rule.ts'
import { type MetricStream, makeStream } from './streams.ts'

export { type Average, METRIC_NAMES, type Metric, type MetricName } from './metric.ts'
export type { ClassificationReport } from './report.ts'
export { classificationReport } from './report.ts'
export type { MetricValue } from './rule.ts'
export type { MetricStream } from './streams.ts'

/** Options of precision, recall and f1Score. Defaults: threshold 0.5 (0 for logits), average 'binary' for one output, else 'macro'. */
export interface ClassMetricOptions {
  threshold?: number
  average?: Average
}

const AVERAGES = ['binary', 'macro', 'micro', 'weighted'] as const

const plain = (kind: MetricName, options: object): Metric => {
  checkOptions(kind, options, [])
  return Object.freeze({ kind })
}

function thresholded(kind: MetricName, options: { threshold?: number }): Metric {
  checkOptions(kind, options, ['threshold'])
  const { threshold } = options
  if (threshold === undefined) return Object.freeze({ kind })
  return Object.freeze({ kind, threshold: checkFloat(kind, 'threshold', threshold) })
}

function perClass(kind: MetricName, options: ClassMetricOptions): Metric {
  checkOptions(kind, options, ['threshold', 'average'])
  const { average, ...rest } = options
  const spec = thresholded(kind, rest)
  if (average === undefined) return spec
  return Object.freeze({ ...spec, average: checkOneOf(kind, 'average', average, AVERAGES) })
}

/**
 * Share of correct answers: for class indices or one-hot rows, whether the first largest output is the class; otherwise, whether
 * the output is on the target's side of the threshold. Keras' "accuracy".
 * @throws TypeError or RangeError naming a bad option.
 */
export const accuracy = (options: { threshold?: number } = {}): Metric => thresholded('accuracy', options)

/**
 * Share of individual outputs on their target's side of the threshold. Keras' BinaryAccuracy.
 * @throws TypeError or RangeError naming a bad option.
 */
export const binaryAccuracy = (options: { threshold?: number } = {}): Metric => thresholded('binaryAccuracy', options)

/**
 * Share of rows whose class is among the k largest outputs; among equal outputs the later ranks higher, as in scikit-learn. Default: k 5.
 * @throws TypeError or RangeError naming a bad option.
 */
export function topKAccuracy(options: { k?: number } = {}): Metric {
  checkOptions('topKAccuracy', options, ['k'])
  const { k = 5 } = options
  return Object.freeze({ kind: 'topKAccuracy', k: checkInteger('topKAccuracy', 'k', k, 1) })
}

/**
 * TP / (TP + FP); 0 if 0 / 0. scikit-learn's precision_score.
 * @throws TypeError or RangeError naming a bad option.
 */
export const precision = (options: ClassMetricOptions = {}): Metric => perClass('precision', options)

/**
 * TP / (TP + FN); 0 if 0 / 0. scikit-learn's recall_score.
 * @throws TypeError or RangeError naming a bad option.
 */
export const recall = (options: ClassMetricOptions = {}): Metric => perClass('recall', options)

/**
 * 2 TP / (2 TP + FP + FN); 0 if 0 / 0. scikit-learn's f1_score.
 * @throws TypeError or RangeError naming a bad option.
 */
export const f1Score = (options: ClassMetricOptions = {}): Metric => perClass('f1Score', options)

/**
 * (1 + beta²) TP / ((1 + beta²) TP + beta² FN + FP); 0 if 0 / 0. scikit-learn's fbeta_score. Default: beta 1.
 * @throws TypeError or RangeError unless beta is a finite number above 0.
 */
export function fBeta(options: ClassMetricOptions & { beta?: number } = {}): Metric {
  checkOptions('fBeta', options, ['threshold', 'average', 'beta'])
  const { beta = 1, ...rest } = options
  const spec = perClass('fBeta', rest)
  return Object.freeze({ ...spec, beta: checkFloat('fBeta', 'beta', beta, { above: 0 }) })
}

/**
 * Mean recall over the classes that occur. scikit-learn's balanced_accuracy_score.
 * @throws TypeError or RangeError naming a bad option.
 */
export const balancedAccuracy = (options: { threshold?: number } = {}): Metric =>
  thresholded('balancedAccuracy', options)

/**
 * Correlation of true and predicted classes: 1 if all are right, 0 if they are unrelated.
 * scikit-learn's matthews_corrcoef.
 * @throws TypeError or RangeError naming a bad option.
 */
export const matthewsCorrelation = (options: { threshold?: number } = {}): Metric =>
  thresholded('matthewsCorrelation', options)

/**
 * Σ over thresholds of (recall gained) * precision, exact. Several outputs: the mean over outputs, one-vs-rest,
 * skipping those without positives. scikit-learn's average_precision_score.
 * @throws TypeError for an unknown option.
 */
export const averagePrecision = (options: object = {}): Metric => plain('averagePrecision', options)

/**
 * The highest precision among the thresholds with at least the given recall, exact; several outputs as in
 * averagePrecision. Keras' PrecisionAtRecall. Default: recall 0.5.
 * @throws TypeError or RangeError unless recall is in (0, 1].
 */
export function precisionAtRecall(options: { recall?: number } = {}): Metric {
  const kind = 'precisionAtRecall'
  checkOptions(kind, options, ['recall'])
  return Object.freeze({ kind, recall: checkNumber(kind, 'recall', options.recall ?? 0.5, { above: 0, maximum: 1 }) })
}

/**
 * Area under the ROC curve, exact: the share of (positive, negative) pairs in the right order, ties counting one
 * half. Several outputs: the mean over outputs, one-vs-rest; NaN if no output has both. scikit-learn's roc_auc_score.
 * @throws TypeError for an unknown option.
 */
export const auc = (options: object = {}): Metric => plain('auc', options)

/**
 * Mean cross entropy of the probabilities, clamped to [2^-23, 1 - 2^-23]. scikit-learn's log_loss.
 * @throws TypeError for an unknown option.
 */
export const logLoss = (options: object = {}): Metric => plain('logLoss', options)

/** Mean of (y - t)² over rows and outputs. */
export const meanSquaredError = (options: object = {}): Metric => plain('meanSquaredError', options)

/**
 * Square root of meanSquaredError. Keras' RootMeanSquaredError (scikit-learn averages the roots of the outputs).
 * @throws TypeError for an unknown option.
 */
export const rootMeanSquaredError = (options: object = {}): Metric => plain('rootMeanSquaredError', options)

/** Mean of |y - t| over rows and outputs. */
export const meanAbsoluteError = (options: object = {}): Metric => plain('meanAbsoluteError', options)

/** Mean of 100 |y - t| / max(|t|, 1e-7), in percent as in Keras (scikit-learn's is a fraction). */
export const meanAbsolutePercentageError = (options: object = {}): Metric =>
  plain('meanAbsolutePercentageError', options)

/**
 * 1 - Σ(y - t)² / Σ(t - mean t)², averaged over outputs; for a constant target 1 if matched exactly, else 0. scikit-learn's r2_score.
 * @throws TypeError for an unknown option.
 */
export const r2Score = (options: object = {}): Metric => plain('r2Score', options)

/**
 * Without arguments: the metric. With class indices: the matrix, entry [i][j] counts rows of class i predicted as j.
 * @throws TypeError or RangeError naming a bad argument.
 */
export function confusionMatrix(options?: Readonly<Record<string, never>>): Metric
export function confusionMatrix(yTrue: ArrayLike<number>, yPred: ArrayLike<number>, classes?: number): number[][]
export function confusionMatrix(
  first: ArrayLike<number> | Readonly<Record<string, never>> = {},
  yPred?: ArrayLike<number>,
  classes?: number,
): Metric | number[][] {
  if (yPred === undefined) return plain('confusionMatrix', first)
  return matrixOf(first as ArrayLike<number>, yPred, classes)
}

const factories: Readonly<Record<MetricName, (options?: object) => Metric>> = {
  accuracy,
  binaryAccuracy,
  topKAccuracy,
  precision,
  recall,
  f1Score,
  fBeta,
  balancedAccuracy,
  matthewsCorrelation,
  auc,
  averagePrecision,
  precisionAtRecall,
  logLoss,
  meanSquaredError,
  rootMeanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  r2Score,
  confusionMatrix: (options = {}) => plain('confusionMatrix', options),
}

/**
 * A metric from a name (with default options) or a spec, validated.
 * @throws TypeError for anything else; RangeError for an unknown name, suggesting the nearest.
 */
export function resolveMetric(where: string, metric: MetricName | Metric): Metric {
  if (typeof metric === 'string') return factories[checkOneOf(where, 'metric', metric, METRIC_NAMES)]()
  if (typeof metric !== 'object' || metric === null || !('kind' in metric)) {
    throw new TypeError(
      `${where}: "metric" must be a name or a metric such as topKAccuracy({ k: 3 }), got ${show(metric)}`,
    )
  }
  const { kind, ...options } = metric
  return factories[checkOneOf(where, 'metric', kind, METRIC_NAMES)](options)
}

/** The kind of outputs and targets that a metric is measured on. */
export interface Measured {
  /** Outputs per row. */
  readonly outputs: number
  /** One class index per row, or a number per output: one-hot rows, labels or quantities. */
  readonly targets: Task['targets']
  /** Whether several outputs are independent labels, as opposed to one class of many. Default: whether the metric has a threshold. */
  readonly independent?: boolean
  /** Outputs above it are positive, unless the metric has its own threshold. Default: 0.5, or 0 for logits. */
  readonly threshold?: number
  /** Whether outputs are logits, to which logLoss then applies softmax or sigmoid. Default false. */
  readonly logits?: boolean
}

/**
 * A stream of the metric. The result is the same to the last bit for any split into batches.
 * @throws RangeError if the metric does not apply to such outputs and targets.
 */
export function createMetric(metric: Metric, { outputs, targets, logits = false, ...given }: Measured): MetricStream {
  const labels = given.independent ?? metric.threshold !== undefined
  const independent = outputs === 1 || (targets === 'values' && labels)
  const threshold = metric.threshold ?? given.threshold ?? (logits ? 0 : 0.5)
  return makeStream(metric, { outputs, targets, threshold, independent, logits })
}
