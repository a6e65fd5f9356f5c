/** What `compile` takes, checked and resolved. */

import { type Loss, type LossName, type LoweredLoss, lowerLoss, resolveLoss } from '../catalogue/losses.ts'
import { type Metric, type MetricName, resolveMetric } from '../catalogue/metrics/metrics.ts'
import type { Clipping, NormOrder } from '../compiler/objective.ts'
import { activationOf, type Layer } from '../layers/layers.ts'
import { checkNumber, checkOptions, show } from '../lib/check.ts'
import { type Optimizer, type OptimizerName, resolveOptimizer } from '../optimizers/optimizers.ts'

export interface CompileOptions extends Clipping {
  /** A name, with its default options, or what a factory such as `adam()` returns. */
  optimizer: OptimizerName | Optimizer
  /** A name, or what a factory such as `huber()` returns. */
  loss: LossName | Loss
  /** What `fit` and `evaluate` report besides the loss. */
  metrics?: readonly (MetricName | Metric)[]
}

const COMPILE_OPTIONS = [
  'optimizer',
  'loss',
  'metrics',
  'clipNorm',
  'globalClipNorm',
  'clipValue',
  'clipNormOrder',
] as const

/** A compiled model's resolved settings: what a file keeps besides the parameters. */
export interface Compiled {
  readonly optimizer: Optimizer
  readonly loss: Loss
  readonly metrics: readonly Metric[]
  readonly clipping: Clipping
}

/** @throws TypeError or RangeError naming the option, or the fix for a loss that does not suit the last layer. */
export function resolveCompile(
  options: CompileOptions,
  layers: readonly Layer[],
  outputs: number,
): [Compiled, LoweredLoss] {
  const where = 'compile'
  checkOptions(where, options, COMPILE_OPTIONS)
  const { metrics = [] } = options
  if (!Array.isArray(metrics)) throw new TypeError(`${where}: "metrics" must be an array, got ${show(metrics)}`)
  const compiled = {
    optimizer: resolveOptimizer(where, options.optimizer),
    loss: resolveLoss(where, options.loss),
    metrics: metrics.map((metric) => resolveMetric(where, metric)),
    clipping: resolveClipping(where, options),
  }
  const last = activationOf(layers[layers.length - 1])?.kind ?? 'linear'
  const loss = lowerLoss(compiled.loss, last, outputs)
  if (loss.fused !== 'none' && 'activityRegularizer' in layers[layers.length - 1]) {
    throw new RangeError(
      `${where}: the last layer's "activityRegularizer" cannot see outputs that its loss "${compiled.loss.kind}" computes; put it on a hidden layer`,
    )
  }
  return [compiled, loss]
}

function resolveClipping(where: string, options: Clipping): Clipping {
  const clipping: { -readonly [Name in keyof Clipping]: Clipping[Name] } = {}
  for (const name of ['clipNorm', 'globalClipNorm', 'clipValue'] as const) {
    const limit = options[name]
    if (limit !== undefined) clipping[name] = checkNumber(where, name, limit, { above: 0 })
  }
  const order: NormOrder | undefined = options.clipNormOrder
  if (order === undefined) return clipping
  if (order !== 1 && order !== 2 && order !== 'infinity') {
    throw new RangeError(`${where}: "clipNormOrder" must be 1, 2 or 'infinity', got ${show(order)}`)
  }
  return { ...clipping, clipNormOrder: order }
}
