/** Normalization over the batch. */
import {
  BATCH_NORM_MODE_BATCH,
  BATCH_NORM_MODE_CONSTANT_DEVIATION,
  BATCH_NORM_MODE_CONSTANT_VARIANCE,
  BATCH_NORM_MODE_RENORM,
  STATISTICS_ROWS,
} from '../abi/layers.ts'
import { PANEL } from '../abi/layout.ts'
import { ones, zeros } from '../catalogue/initializers/initializers.ts'
import { checkBoolean, checkFloat, checkOptions } from '../lib/check.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/layers.ts'
import type { LayerKind, ParameterSpec } from './builder.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'

export interface BatchNormLayer extends Identity {
  readonly kind: 'batchNorm'
  /** Weight of the batch in the new running statistics; null: a plain average over all batches. */
  readonly momentum: number | null
  readonly epsilon: number
  readonly affine: boolean
  /** Whether ranks that train together compute the statistics over the rows of all ranks. */
  readonly synchronized?: boolean
}

export interface BatchNormOptions {
  momentum?: number | null
  epsilon?: number
  affine?: boolean
  synchronized?: boolean
  trainable?: boolean
  name?: string
}

export interface BatchRenormLayer extends Identity {
  readonly kind: 'batchRenorm'
  readonly rMax: number
  readonly dMax: number
  readonly momentum: number
  readonly epsilon: number
  readonly affine: boolean
}

export interface BatchRenormOptions {
  rMax?: number
  dMax?: number
  momentum?: number
  epsilon?: number
  affine?: boolean
  trainable?: boolean
  name?: string
}

/**
 * Normalizes each column over the rows of the batch: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the biased
 * variance (Ioffe and Szegedy 2015, arXiv:1502.03167). PyTorch's `BatchNorm1d`. Training uses the batch statistics, which takes
 * at least 2 rows, and updates running = (1 - momentum) running + momentum batch (with the unbiased variance); inference uses the
 * running ones. A frozen or non-trainable layer uses its running statistics and does not update them.
 * Defaults: momentum 0.1 (Keras' momentum is 1 - this), epsilon 1e-5, `affine`: trainable gamma and beta that start at 1 and 0.
 * `momentum: null` makes the running statistics the average over all batches.
 * `synchronized: true` (PyTorch's `SyncBatchNorm`, Keras' `synchronized`): ranks that train together with `fourlane/mpi` share the
 * statistics of all their rows instead of each using its own; no effect in a single process.
 * @throws TypeError or RangeError naming the option.
 */
export function batchNorm(options: BatchNormOptions = {}): BatchNormLayer {
  const where = 'batchNorm'
  checkOptions(where, options, ['momentum', 'epsilon', 'affine', 'synchronized', ...IDENTITY_OPTIONS])
  const { momentum = 0.1, epsilon = 1e-5, affine = true, synchronized = false } = options
  if (momentum !== null) checkFloat(where, 'momentum', momentum, { above: 0, maximum: 1 })
  return Object.freeze({
    kind: where,
    momentum,
    epsilon: checkFloat(where, 'epsilon', epsilon, { above: 0 }),
    affine: checkBoolean(where, 'affine', affine),
    ...(checkBoolean(where, 'synchronized', synchronized) && { synchronized }),
    ...checkIdentity(where, options),
  })
}

/**
 * Batch renormalization, which computes the same function in training and inference (Ioffe 2017, arXiv:1702.03275):
 * y = gamma (r (x - mean) / spread + d) + beta with spread = sqrt(variance + epsilon) of the batch,
 * r = spread / runningDeviation clipped to [1 / rMax, rMax] and d = (mean - runningMean) / runningDeviation clipped to
 * [-dMax, dMax], both constants in the backward pass; then running += momentum (batch - running). Inference:
 * y = gamma (x - runningMean) / runningDeviation + beta. For small or non-i.i.d. batches.
 * rMax 1 and dMax 0 train like `batchNorm`; the paper starts there and relaxes both during training.
 * Defaults: rMax 3, dMax 5, momentum 0.01 (the paper's), epsilon 1e-5, trainable gamma and beta that start at 1 and 0.
 * @throws TypeError or RangeError naming the option.
 */
export function batchRenorm(options: BatchRenormOptions = {}): BatchRenormLayer {
  const where = 'batchRenorm'
  checkOptions(where, options, ['rMax', 'dMax', 'momentum', 'epsilon', 'affine', ...IDENTITY_OPTIONS])
  const { rMax = 3, dMax = 5, momentum = 0.01, epsilon = 1e-5, affine = true } = options
  return Object.freeze({
    kind: where,
    rMax: checkFloat(where, 'rMax', rMax, { minimum: 1 }),
    dMax: checkFloat(where, 'dMax', dMax, { minimum: 0 }),
    momentum: checkFloat(where, 'momentum', momentum, { above: 0, maximum: 1 }),
    epsilon: checkFloat(where, 'epsilon', epsilon, { above: 0 }),
    affine: checkBoolean(where, 'affine', affine),
    ...checkIdentity(where, options),
  })
}

type Batchwise = BatchNormLayer | BatchRenormLayer

export const spreadName = (layer: Batchwise) => (layer.kind === 'batchNorm' ? 'runningVariance' : 'runningDeviation')

/** gamma and beta of a normalization: vectors that start at 1 and 0. */
export function affineParameters(size: number, names: readonly ('gamma' | 'beta')[]): ParameterSpec[] {
  return names.map((name) => ({
    name,
    shape: [size],
    layout: 'row',
    initializer: name === 'gamma' ? ones() : zeros(),
  }))
}

function parameters(layer: Batchwise, inputs: number): ParameterSpec[] {
  const kept = { shape: [inputs], layout: 'row', trainable: false } as const
  return [
    ...affineParameters(inputs, layer.affine ? ['gamma', 'beta'] : []),
    { ...kept, name: 'runningMean', initializer: zeros() },
    { ...kept, name: spreadName(layer), initializer: ones() },
    ...(layer.momentum === null ? [{ ...kept, shape: [1], name: 'batches', initializer: zeros() }] : []),
  ]
}

const lower: LayerKind<Batchwise>['lower'] = (layer, builder, x) => {
  const renorm = layer.kind === 'batchRenorm'
  const live = layer.trainable && builder.batchStatistics
  if (live) builder.requireRows(2)
  const gamma = layer.affine ? builder.parameter('gamma') : undefined
  const beta = layer.affine ? builder.parameter('beta') : undefined
  const y = builder.matrix(x.cols)
  const row = roundUp(x.cols, PANEL) * 4
  const constants = renorm ? BATCH_NORM_MODE_CONSTANT_DEVIATION : BATCH_NORM_MODE_CONSTANT_VARIANCE
  const statistics = {
    cols: x.cols,
    mode: live ? (renorm ? BATCH_NORM_MODE_RENORM : BATCH_NORM_MODE_BATCH) : constants,
    statistics: builder.region(STATISTICS_ROWS * row),
    statisticsStride: row,
  }
  const running = {
    runningMean: builder.parameter('runningMean').address,
    runningSpread: builder.parameter(spreadName(layer)).address,
  }
  const batches = layer.momentum === null ? builder.parameter('batches').address : 0
  const columns = { x: x.address, stride: x.stride, gamma: gamma?.address }
  builder.emit(ops.batchNorm, {
    ...columns,
    ...statistics,
    ...running,
    beta: beta?.address,
    y: y.address,
    epsilon: layer.epsilon,
    ...(renorm && { rMax: layer.rMax, dMax: layer.dMax }),
  })
  if (live && builder.training) {
    builder.defer(ops.runningStatistics, { ...statistics, ...running, momentum: layer.momentum ?? 0, batches })
  }
  return {
    y,
    backward(dy, wanted) {
      const dx = wanted.input ? builder.matrix(x.cols) : undefined
      const trained = wanted.parameters && layer.affine
      if (!dx && !trained) return undefined
      builder.emit(ops.batchNormBack, {
        ...columns,
        ...statistics,
        dy: dy.address,
        dx: dx?.address,
        dgamma: trained ? gamma?.gradient : 0,
        dbeta: trained ? beta?.gradient : 0,
      })
      if (dx) builder.applyDerivative(x, dx)
      return dx
    },
  }
}

export const batchNormKind: LayerKind<BatchNormLayer> = {
  outputs: (_, inputs) => inputs,
  revive: ({ kind: _, ...options }) => batchNorm(options),
  parameters,
  lower,
}

export const batchRenormKind: LayerKind<BatchRenormLayer> = {
  outputs: (_, inputs) => inputs,
  revive: ({ kind: _, ...options }) => batchRenorm(options),
  parameters,
  lower,
}
