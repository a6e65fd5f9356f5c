/** A metric as plain data. */

/** Over classes: class 1 only, the unweighted mean, from pooled counts, or the mean weighted by support. */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted'

export const METRIC_NAMES = [
  'accuracy',
  'binaryAccuracy',
  'topKAccuracy',
  'precision',
  'recall',
  'f1Score',
  'fBeta',
  'balancedAccuracy',
  'matthewsCorrelation',
  'auc',
  'averagePrecision',
  'precisionAtRecall',
  'logLoss',
  'meanSquaredError',
  'rootMeanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'r2Score',
  'confusionMatrix',
] as const
export type MetricName = (typeof METRIC_NAMES)[number]

/** A metric and its options: frozen and JSON-serializable. Options that a metric does not have are absent. */
export interface Metric {
  readonly kind: MetricName
  /** Outputs above it are positive; absent: 0.5, or 0 for logits. */
  readonly threshold?: number
  /** topKAccuracy: the number of top classes that may contain the right one. */
  readonly k?: number
  /** fBeta: how much more recall counts than precision. */
  readonly beta?: number
  /** precisionAtRecall: the minimum recall. */
  readonly recall?: number
  /** precision, recall, f1Score, fBeta: how to average over classes; absent: 'binary' for one output, else 'macro'. */
  readonly average?: Average
}

/** Metrics of the distance between outputs and targets; all others judge classes or labels. */
const DISTANCES: readonly MetricName[] = [
  'meanSquaredError',
  'rootMeanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'r2Score',
]

/** Metrics of how outputs rank the rows; they store all outputs. */
const RANKINGS: readonly MetricName[] = ['auc', 'averagePrecision', 'precisionAtRecall']

export const ranksRows = ({ kind }: Metric): boolean => RANKINGS.includes(kind)

export const measuresDistance = ({ kind }: Metric): boolean => DISTANCES.includes(kind)
