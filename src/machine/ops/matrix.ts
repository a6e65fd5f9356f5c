/**
 * Ops on matrices, and updates of whole matrices, in the extension `solve`; their equations are in src/abi/ops.ts. None modifies its
 * inputs: in-place updates are computed elsewhere and then copied.
 */
import * as abi from '../../abi/matrix.ts'
import { MODULE_SOLVE as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

/** Which updates a step runs in; default all. */
const when = { since: abi.WHEN_SINCE as Optional<Int>, every: abi.WHEN_EVERY as Optional<Int> }

const factors = {
  ...when,
  a: abi.PRODUCT_A as Address,
  aStride: abi.PRODUCT_A_STRIDE as Stride,
  b: abi.PRODUCT_B as Address,
  c: abi.PRODUCT_C as Address,
  rows: abi.PRODUCT_ROWS as Count,
  depth: abi.PRODUCT_DEPTH as Count,
  cols: abi.PRODUCT_COLS as Count,
  upper: abi.PRODUCT_UPPER as Optional<Int>,
}

export const product = op(
  codes.OP_PRODUCT,
  'grid',
  { ...factors, cStride: abi.PRODUCT_C_STRIDE as Stride, bias: abi.PRODUCT_BIAS as Optional<Address> },
  {},
  { module },
)

export const columnProduct = op(
  codes.OP_COLUMN_PRODUCT,
  'grid',
  { ...factors, bStride: abi.PRODUCT_B_STRIDE as Stride },
  {},
  { module },
)

export const mirror = op(
  codes.OP_MIRROR,
  'panels',
  { ...when, matrix: abi.MIRROR_MATRIX as Address, size: abi.MIRROR_SIZE as Count },
  {},
  { module },
)

const conversion = {
  ...when,
  from: abi.CONVERT_FROM as Address,
  to: abi.CONVERT_TO as Address,
  stride: abi.CONVERT_STRIDE as Stride,
  rows: abi.CONVERT_ROWS as Count,
  cols: abi.CONVERT_COLS as Count,
  upper: abi.CONVERT_UPPER as Optional<Int>,
}
const line = { scale: abi.CONVERT_SCALE as Float, shift: abi.CONVERT_SHIFT as Optional<Float> }

export const toRows = op(
  codes.OP_TO_ROWS,
  'panels',
  {
    ...conversion,
    transposed: abi.CONVERT_TRANSPOSED as Optional<Int>,
    partials: abi.CONVERT_PARTIALS as Optional<Address>,
    partialCount: abi.CONVERT_PARTIAL_COUNT as Optional<Count>,
  },
  { ...line, epsilon: abi.CONVERT_EPSILON as Optional<Float> },
  { module },
)

export const toPanels = op(codes.OP_TO_PANELS, 'panels', conversion, line, { module })

export const blend = op(
  codes.OP_BLEND,
  'vectors',
  {
    ...when,
    x: abi.BLEND_X as Address,
    y: abi.BLEND_Y as Address,
    to: abi.BLEND_TO as Address,
    count: abi.BLEND_COUNT as Count,
  },
  { alpha: abi.BLEND_ALPHA as Float, beta: abi.BLEND_BETA as Float },
  { module },
)

export const copy = op(
  codes.OP_COPY,
  'vectors',
  { ...when, from: abi.BLEND_X as Address, to: abi.BLEND_TO as Address, count: abi.BLEND_COUNT as Count },
  {},
  { module },
)

export const descend = op(
  codes.OP_DESCEND,
  'panels',
  {
    ...when,
    w: abi.DESCEND_W as Address,
    x: abi.DESCEND_X as Address,
    xStride: abi.DESCEND_X_STRIDE as Stride,
    to: abi.DESCEND_TO as Address,
    rows: abi.DESCEND_ROWS as Count,
    cols: abi.DESCEND_COLS as Count,
    transposed: abi.DESCEND_TRANSPOSED as Optional<Int>,
  },
  {
    rate: abi.DESCEND_RATE as Float,
    factor: abi.DESCEND_FACTOR as Float,
    decayScale: abi.DESCEND_DECAY_SCALE as Float,
    decay: abi.DESCEND_DECAY as Float,
  },
  { module },
)

// only the main thread accesses records, while the others wait
export const secondRule = op(codes.OP_SECOND_RULE, 'none', when, {}, { module })

const paths = {
  ...when,
  w: abi.PATH_W as Address,
  to: abi.PATH_TO as Address,
  rows: abi.PATH_ROWS as Count,
  cols: abi.PATH_COLS as Count,
}
const s = { s: abi.PATH_S as Optional<Address> }
const r = { r: abi.PATH_R as Optional<Address> }

export const pathUp = op(
  codes.OP_PATH_UP,
  'panels',
  { ...paths, ...s, b: abi.PATH_B as Optional<Address> },
  {},
  { module },
)
/** Split by panels of the output. */
export const pathDown = op(codes.OP_PATH_DOWN, 'panels', { ...paths, ...r }, {}, { module })
export const pathDescend = op(
  codes.OP_PATH_DESCEND,
  'panels',
  { ...paths, ...s, ...r, g: abi.PATH_G as Address },
  { rate: abi.PATH_RATE as Float },
  { module },
)

/** In float64, on the main thread. */
export const eigen = op(
  codes.OP_EIGEN,
  'none',
  {
    ...when,
    from: abi.EIGEN_FROM as Address,
    size: abi.EIGEN_SIZE as Count,
    to: abi.EIGEN_TO as Address,
    stride: abi.EIGEN_STRIDE as Stride,
    scratch: abi.EIGEN_SCRATCH as Address,
    roots: abi.EIGEN_ROOTS as Int,
  },
  { shift: abi.EIGEN_SHIFT as Optional<Float> },
  { module },
)

export const adapt = op(
  codes.OP_ADAPT,
  'vectors',
  {
    ...when,
    first: abi.ADAPT_FIRST as Address,
    second: abi.ADAPT_SECOND as Address,
    g: abi.ADAPT_G as Address,
    next: abi.ADAPT_NEXT as Address,
    to: abi.ADAPT_TO as Address,
    count: abi.ADAPT_COUNT as Count,
  },
  { beta: abi.ADAPT_BETA as Float, rest: abi.ADAPT_REST as Float, epsilon: abi.ADAPT_EPSILON as Float },
  { module },
)
