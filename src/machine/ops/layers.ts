/** Ops of layers, forward beside backward; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/layers.ts'
import { MODULE_INFER } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

/** Ops that inference needs, too. */
const forward = { module: MODULE_INFER }

const layer = {
  x: abi.DENSE_X as Address,
  xStride: abi.DENSE_X_STRIDE as Stride,
  inputs: abi.DENSE_INPUTS as Count,
  units: abi.DENSE_UNITS as Count,
}
const dz = { dz: abi.DENSE_Y as Address, dzStride: abi.DENSE_Y_STRIDE as Stride }

export const dense = op(
  codes.OP_DENSE,
  'grid',
  {
    ...layer,
    w: abi.DENSE_W as Address,
    b: abi.DENSE_B as Optional<Address>,
    y: abi.DENSE_Y as Address,
    yStride: abi.DENSE_Y_STRIDE as Stride,
    activation: abi.DENSE_ACTIVATION as Int,
    saved: abi.DENSE_SAVED as Optional<Address>,
    savedStride: abi.DENSE_SAVED_STRIDE as Optional<Stride>,
  },
  { alpha: abi.DENSE_ALPHA as Optional<Float> },
  forward,
)

export const densePack = op(
  codes.OP_DENSE_PACK,
  'rows',
  {
    ...layer,
    ...dz,
    packed: abi.DENSE_SCRATCH as Address,
    leastRows: abi.DENSE_LEAST_ROWS as Count,
    mostRows: abi.DENSE_MOST_ROWS as Count,
  },
  {},
)

// a layer's two gradients have different outputs and the same inputs
export const denseDw = op(
  codes.OP_DENSE_DW,
  'grid',
  {
    ...layer,
    ...dz,
    packed: abi.DENSE_SCRATCH as Optional<Address>,
    leastRows: abi.DENSE_LEAST_ROWS as Optional<Count>,
    mostRows: abi.DENSE_MOST_ROWS as Optional<Count>,
    dw: abi.DENSE_W as Address,
    db: abi.DENSE_B as Optional<Address>,
  },
  {},
  { overlaps: [codes.OP_DENSE_DX] },
)

export const denseDx = op(
  codes.OP_DENSE_DX,
  'grid',
  {
    ...dz,
    inputs: abi.DENSE_INPUTS as Count,
    units: abi.DENSE_UNITS as Count,
    w: abi.DENSE_W as Address,
    dx: abi.DENSE_DX as Address,
    dxStride: abi.DENSE_DX_STRIDE as Stride,
    scratch: abi.DENSE_SCRATCH as Address,
    activation: abi.DENSE_ACTIVATION as Int,
    saved: abi.DENSE_SAVED as Optional<Address>,
    savedStride: abi.DENSE_SAVED_STRIDE as Optional<Stride>,
  },
  { alpha: abi.DENSE_ALPHA as Optional<Float> },
)

const elements = {
  to: abi.ACTIVATE_TO as Address,
  stride: abi.ACTIVATE_STRIDE as Stride,
  cols: abi.ACTIVATE_COLS as Count,
  kind: abi.ACTIVATE_KIND as Int,
}
const parameter = { alpha: abi.ACTIVATE_ALPHA as Optional<Float> }
export const activate = op(
  codes.OP_ACTIVATE,
  'rows',
  { from: abi.ACTIVATE_FROM as Address, ...elements },
  parameter,
  forward,
)
export const activateBack = op(
  codes.OP_ACTIVATE_BACK,
  'rows',
  { from: abi.ACTIVATE_FROM as Address, saved: abi.ACTIVATE_SAVED as Address, ...elements },
  parameter,
)

const columns = {
  x: abi.BATCH_NORM_X as Address,
  stride: abi.BATCH_NORM_STRIDE as Stride,
  gamma: abi.BATCH_NORM_GAMMA as Optional<Address>,
}
const statistics = {
  cols: abi.BATCH_NORM_COLS as Count,
  mode: abi.BATCH_NORM_MODE as Int,
  statistics: abi.BATCH_NORM_STATISTICS as Address,
  statisticsStride: abi.BATCH_NORM_STATISTICS_STRIDE as Stride,
}
const running = {
  runningMean: abi.BATCH_NORM_RUNNING_MEAN as Address,
  runningSpread: abi.BATCH_NORM_RUNNING_SPREAD as Address,
}
export const batchNorm = op(
  codes.OP_BATCH_NORM,
  'panels',
  {
    ...columns,
    ...statistics,
    runningMean: abi.BATCH_NORM_RUNNING_MEAN as Optional<Address>,
    runningSpread: abi.BATCH_NORM_RUNNING_SPREAD as Optional<Address>,
    beta: abi.BATCH_NORM_BETA as Optional<Address>,
    y: abi.BATCH_NORM_TO as Address,
  },
  {
    epsilon: abi.BATCH_NORM_EPSILON as Float,
    rMax: abi.BATCH_NORM_R_MAX as Optional<Float>,
    dMax: abi.BATCH_NORM_D_MAX as Optional<Float>,
  },
  forward,
)
export const batchNormBack = op(
  codes.OP_BATCH_NORM_BACK,
  'panels',
  {
    ...columns,
    ...statistics,
    dy: abi.BATCH_NORM_DY as Address,
    dx: abi.BATCH_NORM_TO as Optional<Address>,
    dgamma: abi.BATCH_NORM_DGAMMA as Optional<Address>,
    dbeta: abi.BATCH_NORM_DBETA as Optional<Address>,
  },
  {},
)
export const runningStatistics = op(
  codes.OP_RUNNING_STATISTICS,
  'none',
  { ...statistics, ...running, batches: abi.BATCH_NORM_BATCHES as Optional<Address> },
  { momentum: abi.BATCH_NORM_MOMENTUM as Float },
  { inPlace: ['runningMean', 'runningSpread', 'batches'] },
)

const groups = {
  stride: abi.ROW_NORM_STRIDE as Stride,
  cols: abi.ROW_NORM_COLS as Count,
  group: abi.ROW_NORM_GROUP as Count,
  gamma: abi.ROW_NORM_GAMMA as Optional<Address>,
  centered: abi.ROW_NORM_CENTERED as Int,
}
export const rowNorm = op(
  codes.OP_ROW_NORM,
  'rows',
  {
    ...groups,
    x: abi.ROW_NORM_FROM as Address,
    y: abi.ROW_NORM_TO as Address,
    beta: abi.ROW_NORM_BETA as Optional<Address>,
    normalized: abi.ROW_NORM_NORMALIZED as Optional<Address>,
    inverse: abi.ROW_NORM_INVERSE as Optional<Address>,
  },
  { epsilon: abi.ROW_NORM_EPSILON as Float },
  forward,
)
export const rowNormBack = op(
  codes.OP_ROW_NORM_BACK,
  'rows',
  {
    ...groups,
    dy: abi.ROW_NORM_FROM as Address,
    dx: abi.ROW_NORM_TO as Address,
    normalized: abi.ROW_NORM_NORMALIZED as Address,
    inverse: abi.ROW_NORM_INVERSE as Address,
  },
  {},
)
export const columnSums = op(
  codes.OP_COLUMN_SUMS,
  'panels',
  {
    dy: abi.COLUMN_SUMS_DY as Address,
    n: abi.COLUMN_SUMS_N as Address,
    stride: abi.COLUMN_SUMS_STRIDE as Stride,
    cols: abi.COLUMN_SUMS_COLS as Count,
    dgamma: abi.COLUMN_SUMS_DGAMMA as Optional<Address>,
    dbeta: abi.COLUMN_SUMS_DBETA as Optional<Address>,
  },
  {},
)

const runs = {
  from: abi.SPREAD_FROM as Address,
  to: abi.SPREAD_TO as Address,
  count: abi.SPREAD_COUNT as Count,
  run: abi.SPREAD_RUN as Count,
}
export const spread = op(codes.OP_SPREAD, 'none', runs, {}, forward)
export const collect = op(codes.OP_COLLECT, 'none', runs, {})

const noisy = {
  from: abi.NOISE_FROM as Address,
  to: abi.NOISE_TO as Address,
  stride: abi.NOISE_STRIDE as Stride,
  cols: abi.NOISE_COLS as Count,
  stream: abi.NOISE_STREAM as Int,
}
const scale = { scale: abi.NOISE_SCALE as Float }
export const dropout = op(
  codes.OP_DROPOUT,
  'rows',
  { ...noisy, threshold: abi.NOISE_THRESHOLD as Int, rate: abi.NOISE_RATE as Int },
  scale,
)
export const noise = op(codes.OP_NOISE, 'rows', noisy, scale)

export const add = op(
  codes.OP_ADD,
  'rows',
  {
    a: abi.ADD_A as Address,
    b: abi.ADD_B as Address,
    to: abi.ADD_TO as Address,
    stride: abi.ADD_STRIDE as Stride,
    cols: abi.ADD_COLS as Count,
  },
  {},
  forward,
)

const slopes = {
  x: abi.PRELU_X as Address,
  stride: abi.PRELU_STRIDE as Stride,
  cols: abi.PRELU_COLS as Count,
  alpha: abi.PRELU_ALPHA as Address,
}
export const prelu = op(codes.OP_PRELU, 'panels', { ...slopes, y: abi.PRELU_TO as Address }, {}, forward)
export const preluBack = op(
  codes.OP_PRELU_BACK,
  'panels',
  {
    ...slopes,
    dy: abi.PRELU_DY as Address,
    dx: abi.PRELU_TO as Optional<Address>,
    dalpha: abi.PRELU_DALPHA as Optional<Address>,
  },
  {},
)

const kernel = {
  v: abi.WEIGHT_NORM_V as Address,
  g: abi.WEIGHT_NORM_G as Address,
  inverse: abi.WEIGHT_NORM_INVERSE as Address,
  inputs: abi.WEIGHT_NORM_INPUTS as Count,
  units: abi.WEIGHT_NORM_UNITS as Count,
}
export const weightNorm = op(
  codes.OP_WEIGHT_NORM,
  'panels',
  { ...kernel, w: abi.WEIGHT_NORM_W as Address },
  {},
  forward,
)
export const weightNormBack = op(
  codes.OP_WEIGHT_NORM_BACK,
  'panels',
  { ...kernel, dw: abi.WEIGHT_NORM_W as Address, dv: abi.WEIGHT_NORM_DV as Address, dg: abi.WEIGHT_NORM_DG as Address },
  {},
)
