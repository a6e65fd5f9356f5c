/** Ops of curvature products, of the extension `solve`; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/curvature.ts'
import { MODULE_SOLVE as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

export const activateCurve = op(
  codes.OP_ACTIVATE_CURVE,
  'rows',
  {
    dy: abi.CURVE_DY as Address,
    dyTangent: abi.CURVE_DY_TANGENT as Address,
    saved: abi.CURVE_SAVED as Address,
    tangent: abi.CURVE_TANGENT as Address,
    to: abi.CURVE_TO as Address,
    stride: abi.CURVE_STRIDE as Stride,
    cols: abi.CURVE_COLS as Count,
    kind: abi.CURVE_KIND as Int,
  },
  { alpha: abi.CURVE_ALPHA as Optional<Float> },
  { module },
)

export const logSoftmaxTangent = op(
  codes.OP_LOG_SOFTMAX_TANGENT,
  'rows',
  {
    y: abi.LOG_SOFTMAX_Y as Address,
    tangent: abi.LOG_SOFTMAX_TANGENT as Address,
    to: abi.LOG_SOFTMAX_TO as Address,
    stride: abi.LOG_SOFTMAX_STRIDE as Stride,
    cols: abi.LOG_SOFTMAX_COLS as Count,
  },
  {},
  { module },
)

export const lossCurve = op(
  codes.OP_LOSS_CURVE,
  'rows',
  {
    kind: abi.LOSS_CURVE_KIND as Int,
    outputs: abi.LOSS_CURVE_OUTPUTS as Address,
    tangent: abi.LOSS_CURVE_TANGENT as Address,
    to: abi.LOSS_CURVE_TO as Address,
    stride: abi.LOSS_CURVE_STRIDE as Stride,
    cols: abi.LOSS_CURVE_COLS as Count,
    targets: abi.LOSS_CURVE_TARGETS as Address,
    targetsStride: abi.LOSS_CURVE_TARGETS_STRIDE as Stride,
    weights: abi.LOSS_CURVE_WEIGHTS as Optional<Address>,
    deltas: abi.LOSS_CURVE_DELTAS as Optional<Address>,
  },
  { delta: abi.LOSS_CURVE_DELTA as Optional<Float>, smoothing: abi.LOSS_CURVE_SMOOTHING as Optional<Float> },
  { module },
)

const norm = {
  stride: abi.NORM_STRIDE as Stride,
  cols: abi.NORM_COLS as Count,
  gamma: abi.NORM_GAMMA as Optional<Address>,
  gammaTangent: abi.NORM_GAMMA_TANGENT as Optional<Address>,
  normalizedTangent: abi.NORM_NORMALIZED_TANGENT as Address,
}
const forward = {
  xTangent: abi.NORM_X_TANGENT as Optional<Address>,
  betaTangent: abi.NORM_BETA_TANGENT as Optional<Address>,
  to: abi.NORM_TO as Address,
}
const backward = {
  dy: abi.NORM_DY as Address,
  dyTangent: abi.NORM_DY_TANGENT as Address,
  to: abi.NORM_TO as Optional<Address>,
}
const batch = {
  ...norm,
  x: abi.NORM_X as Address,
  live: abi.BATCH_CURVE_LIVE as Int,
  statistics: abi.BATCH_CURVE_STATISTICS as Address,
  statisticsStride: abi.BATCH_CURVE_STATISTICS_STRIDE as Stride,
  sums: abi.BATCH_CURVE_SUMS as Address,
}
export const batchNormTangent = op(codes.OP_BATCH_NORM_TANGENT, 'panels', { ...batch, ...forward }, {}, { module })
export const batchNormCurve = op(
  codes.OP_BATCH_NORM_CURVE,
  'panels',
  {
    ...batch,
    ...backward,
    dgamma: abi.BATCH_CURVE_DGAMMA as Optional<Address>,
    dbeta: abi.BATCH_CURVE_DBETA as Optional<Address>,
  },
  {},
  { module },
)

const groups = {
  ...norm,
  group: abi.ROW_CURVE_GROUP as Count,
  normalized: abi.ROW_CURVE_NORMALIZED as Address,
  inverse: abi.ROW_CURVE_INVERSE as Address,
  moved: abi.ROW_CURVE_MOVED as Address,
  centered: abi.ROW_CURVE_CENTERED as Int,
}
export const rowNormTangent = op(codes.OP_ROW_NORM_TANGENT, 'rows', { ...groups, ...forward }, {}, { module })
export const rowNormCurve = op(codes.OP_ROW_NORM_CURVE, 'rows', { ...groups, ...backward }, {}, { module })

const slopes = {
  x: abi.PRELU_CURVE_X as Address,
  stride: abi.PRELU_CURVE_STRIDE as Stride,
  cols: abi.PRELU_CURVE_COLS as Count,
  xTangent: abi.PRELU_CURVE_X_TANGENT as Optional<Address>,
  alpha: abi.PRELU_CURVE_ALPHA as Address,
  alphaTangent: abi.PRELU_CURVE_ALPHA_TANGENT as Optional<Address>,
}
export const preluTangent = op(
  codes.OP_PRELU_TANGENT,
  'panels',
  { ...slopes, to: abi.PRELU_CURVE_TO as Address },
  {},
  { module },
)
export const preluCurve = op(
  codes.OP_PRELU_CURVE,
  'panels',
  {
    ...slopes,
    dy: abi.PRELU_CURVE_DY as Address,
    dyTangent: abi.PRELU_CURVE_DY_TANGENT as Address,
    to: abi.PRELU_CURVE_TO as Optional<Address>,
    dalpha: abi.PRELU_CURVE_DALPHA as Optional<Address>,
  },
  {},
  { module },
)

const kernel = {
  v: abi.WEIGHT_CURVE_V as Address,
  vTangent: abi.WEIGHT_CURVE_V_TANGENT as Address,
  g: abi.WEIGHT_CURVE_G as Address,
  gTangent: abi.WEIGHT_CURVE_G_TANGENT as Address,
  inverse: abi.WEIGHT_CURVE_INVERSE as Address,
  inputs: abi.WEIGHT_CURVE_INPUTS as Count,
  units: abi.WEIGHT_CURVE_UNITS as Count,
  sums: abi.WEIGHT_CURVE_SUMS as Address,
}
export const weightNormTangent = op(
  codes.OP_WEIGHT_NORM_TANGENT,
  'panels',
  { ...kernel, to: abi.WEIGHT_CURVE_TO as Address },
  {},
  { module },
)
export const weightNormCurve = op(
  codes.OP_WEIGHT_NORM_CURVE,
  'panels',
  {
    ...kernel,
    dw: abi.WEIGHT_CURVE_DW as Address,
    dwTangent: abi.WEIGHT_CURVE_DW_TANGENT as Address,
    dv: abi.WEIGHT_CURVE_DV as Address,
    dg: abi.WEIGHT_CURVE_DG as Address,
  },
  {},
  { module },
)
