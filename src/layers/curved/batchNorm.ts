/** Tangents of batch normalization and `scale`; batch renorm's r and d are constants, as in the backward pass. */
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
import type { ScaleLayer } from '../scale.ts'
import { type Curved, type CurvedBuilder, type CurvedKind, type Dual, type DualParameter, shapeOf } from './curved.ts'

export const curvedBatchNorm: CurvedKind<BatchNormLayer | BatchRenormLayer> = (layer, builder, x) => {
  const renorm = layer.kind === 'batchRenorm'
  const live = layer.trainable && builder.batchStatistics
  if (live) builder.requireRows(2)
  const constants = renorm ? BATCH_NORM_MODE_CONSTANT_DEVIATION : BATCH_NORM_MODE_CONSTANT_VARIANCE
  const affine = layer.affine && { gamma: builder.parameter('gamma'), beta: builder.parameter('beta') }
  return curvedColumns(builder, x, {
    ...affine,
    live,
    mode: live ? (renorm ? BATCH_NORM_MODE_RENORM : BATCH_NORM_MODE_BATCH) : constants,
    runningMean: builder.parameter('runningMean').address,
    runningSpread: builder.parameter(spreadName(layer)).address,
    epsilon: layer.epsilon,
    ...(renorm && { rMax: layer.rMax, dMax: layer.dMax }),
  })
}

/** Batch normalization with constant mean 0 and variance 1. */
export const curvedScale: CurvedKind<ScaleLayer> = (_, builder, x) => {
  const gamma = builder.parameter('scale')
  return curvedColumns(builder, x, { gamma, live: false, mode: BATCH_NORM_MODE_CONSTANT_VARIANCE, epsilon: 1 })
}

interface Columns {
  readonly gamma?: DualParameter
  readonly beta?: DualParameter
  /** Whether batch statistics are used. */
  readonly live: boolean
  readonly mode: number
  readonly runningMean?: number
  readonly runningSpread?: number
  readonly epsilon: number
  readonly rMax?: number
  readonly dMax?: number
}

/** y = gamma (r n + d) + beta, n = (x - mean) / spread of each column. */
function curvedColumns(builder: CurvedBuilder, x: Dual, { gamma, beta, live, mode, ...forward }: Columns): Curved {
  const { cols } = x.value
  const row = roundUp(cols, PANEL) * 4
  const statistics = { cols, statistics: builder.region(STATISTICS_ROWS * row), statisticsStride: row }
  const columns = { x: x.value.address, ...shapeOf(x.value), gamma: gamma?.address }
  const value = builder.matrix(cols)
  builder.emit(batchNorm, { ...columns, ...statistics, ...forward, mode, beta: beta?.address, y: value.address })

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
      const trained = wanted.parameters && gamma
      if (!to && !trained) return undefined
      const products = { dgamma: trained ? gamma.product : 0, dbeta: trained ? beta?.product : 0 }
      const back = { ...columns, ...statistics, mode }
      if (!dy.value) {
        builder.along(batchNormBack, { ...back, dy: dy.tangent.address, dx: to?.address, ...products })
        return to && { value: undefined, tangent: to }
      }
      // also leaves the sums of dy
      const dx = builder.matrix(cols)
      builder.emit(batchNormBack, { ...back, dy: dy.value.address, dx: dx.address })
      const gradients = { dy: dy.value.address, dyTangent: dy.tangent.address }
      builder.along(batchNormCurve, { ...dual, ...gradients, to: to?.address, ...products })
      return to && { value: dx, tangent: to }
    },
  }
}
