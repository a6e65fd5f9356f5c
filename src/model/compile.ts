/** What `compile` takes, checked and resolved. */

import { judgementOf, type Loss, type LossName, lowerLoss, resolveLoss } from '../catalogue/losses.ts'
import { type Metric, type MetricName, resolveMetric } from '../catalogue/metrics/metrics.ts'
import type { Clipping, NormOrder } from '../compiler/objective.ts'
import { activationOf, type Layer } from '../layers/layers.ts'
import { checkFloat, checkOptions, show } from '../lib/check.ts'
import { type AnyOptimizer, type OptimizerName, resolveAnyOptimizer } from '../optimizers/optimizers.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'
import type { Measures } from '../training/scorer.ts'

export interface CompileOptions extends Clipping {
  /**
   * A name, with its default options, or what a factory such as `adam()` or `lbfgs()` returns. A solver such as `lbfgs()` is
   * for full batches: an epoch of `fit` is one of its iterations over all rows, `trainStep` up to maxIterations on the rows given.
   */
  optimizer: OptimizerName | AnyOptimizer
  /** A name, or what a factory such as `huber()` returns. */
  loss: LossName | Loss
  /** What `fit` and `evaluate` report besides the loss; every row counts the same. */
  metrics?: readonly (MetricName | Metric)[]
  /** The same, with rows weighted by `sampleWeight` and `classWeight` as in the loss. Keras' `weighted_metrics`. */
  weightedMetrics?: readonly (MetricName | Metric)[]
}

const COMPILE_OPTIONS = [
  'optimizer',
  'loss',
  'metrics',
  'weightedMetrics',
  'clipNorm',
  'globalClipNorm',
  'clipValue',
  'clipNormOrder',
] as const

/** A compiled model's resolved settings: what a file keeps besides the parameters. */
export interface Compiled {
  readonly optimizer: AnyOptimizer
  readonly loss: Loss
  readonly metrics: readonly Metric[]
  /** Absent when there are none. */
  readonly weightedMetrics?: readonly Metric[]
  readonly clipping: Clipping
}

/** @throws TypeError or RangeError naming the option, or the fix for a loss that does not suit the last layer. */
export function resolveCompile(
  options: CompileOptions,
  layers: readonly Layer[],
  outputs: number,
): [Compiled, Measures] {
  const where = 'compile'
  checkOptions(where, options, COMPILE_OPTIONS)
  const weightedMetrics = resolveMetrics(where, 'weightedMetrics', options.weightedMetrics)
  const compiled = {
    optimizer: resolveAnyOptimizer(where, options.optimizer),
    loss: resolveLoss(where, options.loss),
    metrics: resolveMetrics(where, 'metrics', options.metrics),
    ...(weightedMetrics.length > 0 && { weightedMetrics }),
    clipping: resolveClipping(where, options),
  }
  if (isSolver(compiled.optimizer)) {
    for (const name of ['clipNorm', 'globalClipNorm', 'clipValue'] as const) {
      if (options[name] === undefined) continue
      throw new RangeError(
        `${where}: "${name}" is not for the solver ${compiled.optimizer.kind}, which needs the gradient of the loss as it is`,
      )
    }
  }
  const last = activationOf(layers[layers.length - 1])?.kind ?? 'linear'
  const loss = lowerLoss(compiled.loss, last, outputs)
  if (loss.fused !== 'none' && 'activityRegularizer' in layers[layers.length - 1]) {
    throw new RangeError(
      `${where}: the last layer's "activityRegularizer" cannot see outputs that its loss "${compiled.loss.kind}" computes; put it on a hidden layer`,
    )
  }
  const judgement = judgementOf(compiled.loss, last)
  return [compiled, { metrics: compiled.metrics, weightedMetrics, loss, judgement, outputs }]
}

function resolveMetrics(
  where: string,
  name: 'metrics' | 'weightedMetrics',
  metrics: readonly (MetricName | Metric)[] = [],
): Metric[] {
  if (!Array.isArray(metrics)) throw new TypeError(`${where}: "${name}" must be an array, got ${show(metrics)}`)
  return metrics.map((metric) => resolveMetric(where, metric))
}

function resolveClipping(where: string, options: Clipping): Clipping {
  const clipping: { -readonly [Name in keyof Clipping]: Clipping[Name] } = {}
  for (const name of ['clipNorm', 'globalClipNorm', 'clipValue'] as const) {
    const limit = options[name]
    if (limit !== undefined) clipping[name] = checkFloat(where, name, limit, { above: 0 })
  }
  const order: NormOrder | undefined = options.clipNormOrder
  if (order === undefined) return clipping
  if (order !== 1 && order !== 2 && order !== 'infinity') {
    throw new RangeError(`${where}: "clipNormOrder" must be 1, 2 or 'infinity', got ${show(order)}`)
  }
  return { ...clipping, clipNormOrder: order }
}
