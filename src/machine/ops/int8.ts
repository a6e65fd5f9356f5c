/** Ops of the extension `int8`; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/int8.ts'
import * as layers from '../../abi/layers.ts'
import { MODULE_INT8 as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

export const quantizeRows = op(
  codes.OP_QUANTIZE_ROWS,
  'rows',
  {
    from: abi.QUANTIZE_ROWS_FROM as Address,
    stride: abi.QUANTIZE_ROWS_STRIDE as Stride,
    cols: abi.QUANTIZE_ROWS_COLS as Count,
    to: abi.QUANTIZE_ROWS_TO as Address,
    toStride: abi.QUANTIZE_ROWS_TO_STRIDE as Stride,
    rows: abi.QUANTIZE_ROWS_ROWS as Address,
  },
  {
    scale: abi.QUANTIZE_ROWS_SCALE as Optional<Float>,
    zero: abi.QUANTIZE_ROWS_ZERO as Optional<Float>,
  },
  { module },
)

export const denseInt8 = op(
  codes.OP_DENSE_INT8,
  'grid',
  {
    x: abi.DENSE_INT8_X as Address,
    xStride: abi.DENSE_INT8_X_STRIDE as Stride,
    xRows: abi.DENSE_INT8_X_ROWS as Address,
    w: abi.DENSE_INT8_W as Address,
    sums: abi.DENSE_INT8_SUMS as Address,
    scales: abi.DENSE_INT8_SCALES as Address,
    b: abi.DENSE_INT8_B as Address,
    inputs: abi.DENSE_INT8_INPUTS as Count,
    units: abi.DENSE_INT8_UNITS as Count,
    y: abi.DENSE_INT8_Y as Address,
    yStride: abi.DENSE_INT8_Y_STRIDE as Stride,
    activation: abi.DENSE_INT8_ACTIVATION as Int,
    to: abi.DENSE_INT8_TO as Optional<Address>,
    toStride: abi.DENSE_INT8_TO_STRIDE as Optional<Stride>,
    toRows: abi.DENSE_INT8_TO_ROWS as Optional<Address>,
  },
  {
    alpha: abi.DENSE_INT8_ALPHA as Optional<Float>,
    toScale: abi.DENSE_INT8_TO_SCALE as Optional<Float>,
    toZero: abi.DENSE_INT8_TO_ZERO as Optional<Float>,
  },
  { module },
)

export const activateExact = op(
  codes.OP_ACTIVATE_EXACT,
  'rows',
  {
    from: layers.ACTIVATE_FROM as Address,
    to: layers.ACTIVATE_TO as Address,
    stride: layers.ACTIVATE_STRIDE as Stride,
    cols: layers.ACTIVATE_COLS as Count,
    kind: layers.ACTIVATE_KIND as Int,
  },
  { alpha: layers.ACTIVATE_ALPHA as Float },
  { module },
)
