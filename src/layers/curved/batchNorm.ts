/** Normalization over the batch along a direction; r and d of batch renorm are constants, as they are on the way back. */
import { SUMS_ROWS } from '../../abi/curvature.ts'
import {
  BATCH_NORM_MODE_BATCH,
  BATCH_NORM_MODE_CONSTANT_DEVIATION,
  BATCH_NORM_MODE_CONSTANT_VARIANCE,
  BATCH_NORM_MODE_RENORM,
  STATISTICS_ROWS,
} from '../../abi/layers.ts'
import { PANEL } from '../../abi/layout.ts'
import { roundUp } from '../../machine/matrixLayout.ts'
import { batchNormCurve, batchNormTangent } from '../../machine/ops/curvature.ts'
import { batchNorm, batchNormBack } from '../../machine/ops/layers.ts'
import { type BatchNormLayer, type BatchRenormLayer, spreadName } from '../batchNorm.ts'
import { type CurvedKind, shapeOf } from './curved.ts'

export const curvedBatchNorm: CurvedKind<BatchNormLayer | BatchRenormLayer> = (layer, builder, x) => {
  const renorm = layer.kind === 'batchRenorm'
  const live = layer.trainable && builder.batchStatistics
  if (live) builder.requireRows(2)
  const { cols } = x.value
  const gamma = layer.affine ? builder.parameter('gamma') : undefined
  const beta = layer.affine ? builder.parameter('beta') : undefined
  const row = roundUp(cols, PANEL) * 4
  const statistics = { cols, statistics: builder.region(STATISTICS_ROWS * row), statisticsStride: row }
  const constants = renorm ? BATCH_NORM_MODE_CONSTANT_DEVIATION : BATCH_NORM_MODE_CONSTANT_VARIANCE
  const mode = live ? (renorm ? BATCH_NORM_MODE_RENORM : BATCH_NORM_MODE_BATCH) : constants
  const columns = { x: x.value.address, ...shapeOf(x.value), gamma: gamma?.address }
  const value = builder.matrix(cols)
  builder.emit(batchNorm, {
    ...columns,
    ...statistics,
    mode,
    runningMean: builder.parameter('runningMean').address,
    runningSpread: builder.parameter(spreadName(layer)).address,
    beta: beta?.address,
    y: value.address,
    epsilon: layer.epsilon,
    ...(renorm && { rMax: layer.rMax, dMax: layer.dMax }),
  })

  const moves = x.tangent !== undefined || (gamma?.tangent ?? 0) !== 0
  const normalized = builder.matrix(cols)
  const dual = {
    ...columns,
    ...statistics,
    live: live ? 1 : 0,
    gammaTangent: gamma?.tangent,
    normalizedTangent: normalized.address,
    sums: builder.region(SUMS_ROWS * row),
  }
  const tangent = moves ? builder.matrix(cols) : undefined
  if (tangent) {
    const from = { xTangent: x.tangent?.address, betaTangent: beta?.tangent }
    builder.along(batchNormTangent, { ...dual, ...from, to: tangent.address })
  }
  return {
    y: { value, tangent },
    backward(dy, wanted) {
      const to = wanted.input ? builder.matrix(cols) : undefined
      const trained = wanted.parameters && layer.affine
      if (!to && !trained) return undefined
      const products = { dgamma: trained ? gamma?.product : 0, dbeta: trained ? beta?.product : 0 }
      const back = { ...columns, ...statistics, mode }
      if (!dy.value) {
        builder.along(batchNormBack, { ...back, dy: dy.tangent.address, dx: to?.address, ...products })
        return to && { value: undefined, tangent: to }
      }
      // it leaves the sums of dy, too
      const dx = builder.matrix(cols)
      builder.emit(batchNormBack, { ...back, dy: dy.value.address, dx: dx.address })
      const gradients = { dy: dy.value.address, dyTangent: dy.tangent.address }
      builder.along(batchNormCurve, { ...dual, ...gradients, to: to?.address, ...products })
      return to && { value: dx, tangent: to }
    },
  }
}
