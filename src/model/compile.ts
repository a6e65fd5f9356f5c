/** Validates and resolves the options of `compile`. */

import type { ActivationName } from '../catalogue/activations.ts'
import type { CustomLoss } from '../catalogue/customLoss.ts'
import { judgementOf } from '../catalogue/judgement.ts'
import { type Loss, type LossName, resolveLoss } from '../catalogue/losses.ts'
import { lowerLoss } from '../catalogue/loweredLoss.ts'
import type { CustomMetric } from '../catalogue/metrics/customMetric.ts'
import { type Metric, type MetricName, resolveMetric } from '../catalogue/metrics/metrics.ts'
import type { Clipping, NormOrder } from '../compiler/objective.ts'
import { activationOf, type Layer } from '../layers/layers.ts'
import { checkFloat, checkFunction, checkOptions, show } from '../lib/check.ts'
import { resolveAnyOptimizer } from '../optimizers/resolve.ts'
import { isAbsent, isSolver } from '../optimizers/solvers/solver.ts'
import type { Measures } from '../training/scorer.ts'
import type { Compiled, CompileOptions } from './compileOptions.ts'

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

/** @throws TypeError or RangeError naming the option, or the fix for a loss that does not fit the last layer. */
export function resolveCompile(
  options: CompileOptions,
  layers: readonly Layer[],
  outputs: number,
): [Compiled, Measures | undefined] {
  const where = 'compile'
  checkOptions(where, options, COMPILE_OPTIONS)
  const weightedMetrics = resolveMetrics(where, 'weightedMetrics', options.weightedMetrics)
  const last = layers[layers.length - 1]
  const activation = activationOf(last)?.kind ?? 'linear'
  const loss = options.loss === undefined ? undefined : resolveAnyLoss(where, options.loss, activation, outputs)
  const metrics = resolveMetrics(where, 'metrics', options.metrics)
  const compiled = {
    optimizer: resolveAnyOptimizer(where, options.optimizer),
    ...(loss && { loss }),
    metrics,
    ...(weightedMetrics.length > 0 && { weightedMetrics }),
    clipping: resolveClipping(where, options),
  }
  refuseClipping(where, compiled)
  refuseOpenLoss(where, compiled)
  if (!loss) {
    if (metrics.length + weightedMetrics.length === 0) return [compiled, undefined]
    throw new TypeError(`${where}: "metrics" need a "loss", which says what targets are`)
  }
  const judged = { metrics, weightedMetrics, outputs }
  if (loss.kind === 'custom') {
    const judgement = judgementOf(loss, activation)
    return [compiled, { ...judged, targets: loss.targets, targetColumns: loss.targetColumns ?? outputs, judgement }]
  }
  const lowered = lowerLoss(loss, activation, outputs)
  if (lowered.fused !== 'none' && 'activityRegularizer' in last) {
    throw new RangeError(
      `${where}: the last layer's "activityRegularizer" cannot see outputs that its loss "${loss.kind}" computes; put it on a hidden layer`,
    )
  }
  if (isSolver(compiled.optimizer)) compiled.optimizer.suits?.(lowered)
  const judgement = judgementOf(loss, activation)
  return [compiled, { ...judged, loss: lowered, targets: lowered.targets, targetColumns: outputs, judgement }]
}

/** @throws RangeError for clipping with a solver. */
function refuseClipping(where: string, { optimizer, clipping }: Compiled): void {
  const [name] = Object.keys(clipping)
  if (!isSolver(optimizer) || optimizer.stochastic || isAbsent(optimizer) || name === undefined) return
  throw new RangeError(
    `${where}: "${name}" is not for the solver ${optimizer.kind}, which needs the gradient of the loss as it is`,
  )
}

/** @throws TypeError for custom losses with an optimizer that needs the loss's curvature. */
function refuseOpenLoss(where: string, { optimizer, loss }: Compiled): void {
  if (!isSolver(optimizer) || !optimizer.stochastic || (loss && loss.kind !== 'custom')) return
  throw new TypeError(
    `${where}: ${optimizer.kind} needs a "loss" of the catalogue, whose curvature it knows, got ${loss ? 'a custom one' : 'none'}`,
  )
}

export function resolveAnyLoss(
  where: string,
  loss: LossName | Loss | CustomLoss,
  last: ActivationName,
  outputs: number,
): Loss | CustomLoss {
  if (typeof loss !== 'object' || loss?.kind !== 'custom') return resolveLoss(where, loss as LossName | Loss)
  checkFunction(where, 'loss.compute', loss.compute)
  return loss.suited?.(last, outputs) ?? loss
}

export function resolveMetrics(
  where: string,
  name: 'metrics' | 'weightedMetrics',
  metrics: readonly (MetricName | Metric | CustomMetric)[] = [],
): (Metric | CustomMetric)[] {
  if (!Array.isArray(metrics)) throw new TypeError(`${where}: "${name}" must be an array, got ${show(metrics)}`)
  // Array.from, since map skips holes
  return Array.from(metrics, (metric) => {
    if (typeof metric !== 'object' || metric?.kind !== 'custom')
      return resolveMetric(where, metric as MetricName | Metric)
    checkFunction(where, `${name}.create`, metric.create)
    return metric
  })
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
