/** A metric as plain data. */

/** Over classes: of class 1 only, their plain mean, over all their counts, or their mean weighted by true rows. */
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

/** A metric and its options: frozen and JSON-able. Options a metric does not have are absent. */
export interface Metric {
  readonly kind: MetricName
  /** Outputs above it mean yes; absent: 0.5, or 0 for logits. */
  readonly threshold?: number
  /** topKAccuracy: how many classes may hold the right one. */
  readonly k?: number
  /** fBeta: how much more recall counts than precision. */
  readonly beta?: number
  /** precisionAtRecall: the share of positives that must be found. */
  readonly recall?: number
  /** precision, recall, f1Score, fBeta: over classes; absent: 'binary' for one output, else 'macro'. */
  readonly average?: Average
}

/** Metrics of how far outputs are from their targets; all others judge classes or labels. */
const DISTANCES: readonly MetricName[] = [
  'meanSquaredError',
  'rootMeanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'r2Score',
]

/** Metrics of how outputs order rows, which keep all of them. */
const RANKINGS: readonly MetricName[] = ['auc', 'averagePrecision', 'precisionAtRecall']

export const ranksRows = ({ kind }: Metric): boolean => RANKINGS.includes(kind)

export const measuresDistance = ({ kind }: Metric): boolean => DISTANCES.includes(kind)
