/** What `compile` takes, and what it makes of that: for one output, or for several under their names. */
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
   * A name, with its default options, or what a factory such as `adam()`, `kfac()` or `lbfgs()` returns. A solver such as `lbfgs()` is
   * for full batches: an epoch of `fit` is one of its iterations over all rows, `trainStep` up to maxIterations on the rows given.
   */
  optimizer: OptimizerName | AnyOptimizer
  /**
   * A name, or what a factory such as `huber()` or `customLoss()` returns. Without one a model takes steps by losses that are
   * computed in a callback, and no others.
   */
  loss?: LossName | Loss | CustomLoss | undefined
  /** What `fit` and `evaluate` report besides the loss; every row counts the same. */
  metrics?: readonly (MetricName | Metric | CustomMetric)[]
  /** The same, with rows weighted by `sampleWeight` and `classWeight` as in the loss. Keras' `weighted_metrics`. */
  weightedMetrics?: readonly (MetricName | Metric | CustomMetric)[]
}

/** A value; of a model whose outputs have names, one for each of them. */
export type Each<K extends string, T> = [K] extends [never] ? T : { readonly [Name in K]: T }

/** Names of classes: of heads only those that have some. */
export type ClassNamesOf<K extends string> = [K] extends [never]
  ? readonly string[]
  : { readonly [Name in K]?: readonly string[] }
/** The same of any model. */
export type ClassNames = readonly string[] | Readonly<Record<string, readonly string[]>>

/** Classes of rows: of heads only those whose outputs are classes. */
export type ClassesOf<K extends string> = [K] extends [never] ? Int32Array : { readonly [Name in K]?: Int32Array }

/** A loss, and metrics, for each head. */
export interface HeadsCompileOptions<K extends string = string>
  extends Omit<CompileOptions, 'loss' | 'metrics' | 'weightedMetrics'> {
  /** Without one the loss is the callback's, in `trainStep(x, callback)` and `gradients(x, callback)`. */
  loss?: { readonly [Name in K]: LossName | Loss | CustomLoss }
  /** Factors on the losses of heads in the loss of the model, which is their sum. Default 1. */
  lossWeights?: { readonly [Name in K]?: number }
  metrics?: { readonly [Name in K]?: readonly (MetricName | Metric | CustomMetric)[] }
  weightedMetrics?: { readonly [Name in K]?: readonly (MetricName | Metric | CustomMetric)[] }
}

/** The heads that a list of layers ends in. */
export type HeadNames<L extends readonly Layer[]> = L extends readonly [...unknown[], infer Last]
  ? Last extends { readonly kind: 'heads'; readonly names: readonly (infer K extends string)[] }
    ? string extends K
      ? never
      : K
    : never
  : never

/** What `compile` takes. */
export type CompileOptionsOf<K extends string> = [K] extends [never] ? CompileOptions : HeadsCompileOptions<K>

/** What targets are: of heads an object. */
export type TargetsOf<K extends string> = Each<K, Targets>

/** The same of any model. */
export type AnyTargets = Targets | Readonly<Record<string, Targets>>

/** Weights of rows: for all heads, or some. */
export type RowWeightsOf<K extends string> = [K] extends [never]
  ? ArrayLike<number>
  : ArrayLike<number> | { readonly [Name in K]?: ArrayLike<number> }

/** Losses and metrics of heads, resolved. */
export interface CompiledHeads {
  readonly loss: Readonly<Record<string, Loss | CustomLoss>>
  /** Of those that are not 1. */
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, readonly (Metric | CustomMetric)[]>>
  readonly weightedMetrics?: Readonly<Record<string, readonly (Metric | CustomMetric)[]>>
}

/** A compiled model's resolved settings: what a file keeps besides the parameters. */
export interface Compiled {
  readonly optimizer: AnyOptimizer
  /** Absent when there is none. */
  readonly loss?: Loss | CustomLoss
  readonly metrics: readonly (Metric | CustomMetric)[]
  /** Absent when there are none. */
  readonly weightedMetrics?: readonly (Metric | CustomMetric)[]
  readonly clipping: Clipping
  /** Losses and metrics of the heads of a model that has some. */
  readonly heads?: CompiledHeads
}
