/** Ops of dense linear algebra in the extension `solve`, and K-FAC's ops on rows; their equations are in src/abi/ops.ts. */
import * as fisher from '../../abi/fisher.ts'
import * as abi from '../../abi/linear.ts'
import { MODULE_SOLVE as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Int, type Optional, op, type Stride } from './op.ts'

export const gram = op(
  codes.OP_GRAM,
  'panels',
  {
    x: abi.GRAM_X as Address,
    xStride: abi.GRAM_X_STRIDE as Stride,
    rows: abi.GRAM_ROWS as Optional<Count>,
    n: abi.GRAM_N as Count,
    to: abi.GRAM_TO as Address,
    toRow: abi.GRAM_TO_ROW as Stride,
    toPanel: abi.GRAM_TO_PANEL as Stride,
    lower: abi.GRAM_LOWER as Optional<Int>,
    adds: abi.GRAM_ADDS as Optional<Int>,
  },
  {},
  { module, inPlace: ['to'] },
)

export const damp = op(
  codes.OP_DAMP,
  'panels',
  {
    from: abi.DAMP_FROM as Address,
    to: abi.DAMP_TO as Address,
    stride: abi.DAMP_STRIDE as Stride,
    n: abi.DAMP_N as Count,
    scalar: abi.DAMP_SCALAR as Int,
    diagonal: abi.DAMP_DIAGONAL as Address,
  },
  {},
  { module },
)

export const cholesky = op(
  codes.OP_CHOLESKY,
  'none',
  {
    u: abi.CHOLESKY_U as Address,
    stride: abi.CHOLESKY_STRIDE as Stride,
    n: abi.CHOLESKY_N as Count,
    first: abi.CHOLESKY_FIRST as Int,
    inverse: abi.CHOLESKY_INVERSE as Address,
    status: abi.CHOLESKY_STATUS as Address,
    diagonal: abi.CHOLESKY_DIAGONAL as Address,
  },
  {},
  { module, inPlace: ['u'] },
)

export const triangle = op(
  codes.OP_TRIANGLE,
  'panels',
  {
    u: abi.TRIANGLE_U as Address,
    stride: abi.TRIANGLE_STRIDE as Stride,
    n: abi.TRIANGLE_N as Count,
    first: abi.TRIANGLE_FIRST as Int,
    inverse: abi.TRIANGLE_INVERSE as Address,
    x: abi.TRIANGLE_X as Address,
    xStride: abi.TRIANGLE_X_STRIDE as Stride,
    begin: abi.TRIANGLE_BEGIN as Int,
    end: abi.TRIANGLE_END as Int,
    kind: abi.TRIANGLE_KIND as Int,
  },
  {},
  { module, inPlace: ['x'] },
)

export const stridedProduct = op(
  codes.OP_STRIDED_PRODUCT,
  'grid',
  {
    a: abi.STRIDED_A as Address,
    aStride: abi.STRIDED_A_STRIDE as Stride,
    b: abi.STRIDED_B as Address,
    bRow: abi.STRIDED_B_ROW as Stride,
    bPanel: abi.STRIDED_B_PANEL as Stride,
    bLast: abi.STRIDED_B_LAST as Optional<Address>,
    to: abi.STRIDED_TO as Address,
    toRow: abi.STRIDED_TO_ROW as Stride,
    toPanel: abi.STRIDED_TO_PANEL as Stride,
    toLast: abi.STRIDED_TO_LAST as Optional<Address>,
    rows: abi.STRIDED_ROWS as Count,
    depth: abi.STRIDED_DEPTH as Count,
    cols: abi.STRIDED_COLS as Count,
  },
  {},
  { module },
)

export const combine = op(
  codes.OP_COMBINE,
  'vectors',
  {
    x: abi.COMBINE_X as Address,
    y: abi.COMBINE_Y as Address,
    to: abi.COMBINE_TO as Address,
    count: abi.COMBINE_COUNT as Count,
  },
  {},
  { module },
)

export const weigh = op(
  codes.OP_WEIGH,
  'rows',
  {
    x: fisher.WEIGH_X as Address,
    xStride: fisher.WEIGH_X_STRIDE as Stride,
    cols: fisher.WEIGH_COLS as Count,
    to: fisher.WEIGH_TO as Address,
    toStride: fisher.WEIGH_TO_STRIDE as Stride,
    weights: fisher.WEIGH_WEIGHTS as Optional<Address>,
    ones: fisher.WEIGH_ONES as Int,
    divides: fisher.WEIGH_DIVIDES as Int,
  },
  {},
  { module },
)

export const seed = op(
  codes.OP_SEED,
  'rows',
  {
    y: fisher.SEED_Y as Address,
    stride: fisher.SEED_STRIDE as Stride,
    cols: fisher.SEED_COLS as Count,
    to: fisher.SEED_TO as Address,
    weights: fisher.SEED_WEIGHTS as Optional<Address>,
    kind: fisher.SEED_KIND as Int,
    stream: fisher.SEED_STREAM as Int,
  },
  {},
  { module },
)
