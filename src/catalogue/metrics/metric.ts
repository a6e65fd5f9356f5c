/** What a metric is: its name and its options. */
import type { Average } from './report.ts'

export const METRIC_NAMES = [
  'accuracy',
  'binaryAccuracy',
  'topKAccuracy',
  'precision',
  'recall',
  'f1Score',
  'auc',
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
  /** precision, recall, f1Score: over classes; absent: 'binary' for one output, else 'macro'. */
  readonly average?: Average
}
