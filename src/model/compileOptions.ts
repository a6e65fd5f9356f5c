/** The options of `compile`, and the resolved settings: for one output, or for several named ones. */
import type { CustomLoss } from '../catalogue/customLoss.ts'
import type { Loss, LossName } from '../catalogue/losses.ts'
import type { CustomMetric } from '../catalogue/metrics/customMetric.ts'
import type { Metric, MetricName } from '../catalogue/metrics/metrics.ts'
import type { Clipping } from '../compiler/objective.ts'
import type { Targets } from '../data/targets.ts'
import type { Layer } from '../layers/layers.ts'
import type { OptimizerName } from '../optimizers/optimizers.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'

export interface CompileOptions extends Clipping {
  /**
   * A name (with default options), or what a factory such as `adam()`, `kfac()` or `lbfgs()` returned. Solvers such as `lbfgs()` are
   * full-batch: an epoch of `fit` is one iteration over all rows, `trainStep` runs up to maxIterations on the given rows.
   */
  optimizer: OptimizerName | AnyOptimizer
  /**
   * A name, or what a factory such as `huber()` or `customLoss()` returned. Without a loss, a model can only take steps with losses
   * computed in a callback.
   */
  loss?: LossName | Loss | CustomLoss | undefined
  /** What `fit` and `evaluate` report besides the loss; all rows have equal weight. */
  metrics?: readonly (MetricName | Metric | CustomMetric)[]
  /** Likewise with rows weighted by `sampleWeight` and `classWeight` like the loss. Keras' `weighted_metrics`. */
  weightedMetrics?: readonly (MetricName | Metric | CustomMetric)[]
}

/** A value, or one per output for a model with named outputs. */
export type Each<K extends string, T> = [K] extends [never] ? T : { readonly [Name in K]: T }

/** Class names; for heads only those that have any. */
export type ClassNamesOf<K extends string> = [K] extends [never]
  ? readonly string[]
  : { readonly [Name in K]?: readonly string[] }
/** Likewise for any model. */
export type ClassNames = readonly string[] | Readonly<Record<string, readonly string[]>>

/** Classes of rows; for heads only those whose outputs are classes. */
export type ClassesOf<K extends string> = [K] extends [never] ? Int32Array : { readonly [Name in K]?: Int32Array }

/** A loss, and metrics, per head. */
export interface HeadsCompileOptions<K extends string = string>
  extends Omit<CompileOptions, 'loss' | 'metrics' | 'weightedMetrics'> {
  /** If omitted, the loss is computed in the callback of `trainStep(x, callback)` and `gradients(x, callback)`. */
  loss?: { readonly [Name in K]: LossName | Loss | CustomLoss }
  /** Weights of the heads' losses in the model's loss, which is their weighted sum. Default 1. */
  lossWeights?: { readonly [Name in K]?: number }
  metrics?: { readonly [Name in K]?: readonly (MetricName | Metric | CustomMetric)[] }
  weightedMetrics?: { readonly [Name in K]?: readonly (MetricName | Metric | CustomMetric)[] }
}

/** The names of the heads at the end of a list of layers. */
export type HeadNames<L extends readonly Layer[]> = L extends readonly [...unknown[], infer Last]
  ? Last extends { readonly kind: 'heads'; readonly names: readonly (infer K extends string)[] }
    ? string extends K
      ? never
      : K
    : never
  : never

/** The options of `compile`. */
export type CompileOptionsOf<K extends string> = [K] extends [never] ? CompileOptions : HeadsCompileOptions<K>

/** Targets; an object for models with heads. */
export type TargetsOf<K extends string> = Each<K, Targets>

/** Likewise for any model. */
export type AnyTargets = Targets | Readonly<Record<string, Targets>>

/** Row weights: for all heads, or for some. */
export type RowWeightsOf<K extends string> = [K] extends [never]
  ? ArrayLike<number>
  : ArrayLike<number> | { readonly [Name in K]?: ArrayLike<number> }

/** Losses and metrics of heads, resolved. */
export interface CompiledHeads {
  readonly loss: Readonly<Record<string, Loss | CustomLoss>>
  /** Only those that are not 1. */
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, readonly (Metric | CustomMetric)[]>>
  readonly weightedMetrics?: Readonly<Record<string, readonly (Metric | CustomMetric)[]>>
}

/** A compiled model's resolved settings, which files store besides the parameters. */
export interface Compiled {
  readonly optimizer: AnyOptimizer
  /** Absent without a loss. */
  readonly loss?: Loss | CustomLoss
  readonly metrics: readonly (Metric | CustomMetric)[]
  /** Absent if there are none. */
  readonly weightedMetrics?: readonly (Metric | CustomMetric)[]
  readonly clipping: Clipping
  /** Losses and metrics of a model with heads. */
  readonly heads?: CompiledHeads
}
