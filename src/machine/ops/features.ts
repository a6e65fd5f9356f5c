/** Ops of the extension `features`; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/features.ts'
import * as activate from '../../abi/layers.ts'
import { MODULE_FEATURES as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { noise } from './layers.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

const elements = {
  from: activate.ACTIVATE_FROM as Address,
  to: activate.ACTIVATE_TO as Address,
  stride: activate.ACTIVATE_STRIDE as Stride,
  cols: activate.ACTIVATE_COLS as Count,
  kind: activate.ACTIVATE_KIND as Int,
}
export const wave = op(codes.OP_WAVE, 'rows', elements, {}, { module })
export const waveBack = op(
  codes.OP_WAVE_BACK,
  'rows',
  { ...elements, saved: activate.ACTIVATE_SAVED as Address },
  {},
  { module },
)

const shares = {
  x: abi.BLEND_X as Address,
  f: abi.BLEND_F as Address,
  stride: abi.BLEND_STRIDE as Stride,
  cols: abi.BLEND_COLS as Count,
  alpha: abi.BLEND_ALPHA as Address,
}
export const mix = op(codes.OP_MIX, 'panels', { ...shares, y: abi.BLEND_TO as Address }, {}, { module })
export const mixBack = op(
  codes.OP_MIX_BACK,
  'panels',
  {
    ...shares,
    dy: abi.BLEND_DY as Address,
    dx: abi.BLEND_TO as Optional<Address>,
    df: abi.BLEND_DF as Optional<Address>,
    dalpha: abi.BLEND_DALPHA as Optional<Address>,
  },
  {},
  { module },
)

const waves = {
  x: abi.PERIODIC_X as Address,
  xStride: abi.PERIODIC_X_STRIDE as Stride,
  yStride: abi.PERIODIC_Y_STRIDE as Stride,
  cols: abi.PERIODIC_COLS as Count,
  frequencies: abi.PERIODIC_FREQUENCIES as Count,
  units: abi.PERIODIC_UNITS as Count,
  w: abi.PERIODIC_W as Address,
  b: abi.PERIODIC_B as Address,
  kernel: abi.PERIODIC_KERNEL as Address,
}
export const periodic = op(
  codes.OP_PERIODIC,
  'rows',
  { ...waves, y: abi.PERIODIC_Y as Address, bias: abi.PERIODIC_BIAS as Address },
  {},
  { module },
)
export const periodicBack = op(
  codes.OP_PERIODIC_BACK,
  'panels',
  {
    ...waves,
    dy: abi.PERIODIC_Y as Address,
    dx: abi.PERIODIC_DX as Optional<Address>,
    dw: abi.PERIODIC_DW as Optional<Address>,
    db: abi.PERIODIC_DB as Optional<Address>,
    dkernel: abi.PERIODIC_DKERNEL as Optional<Address>,
    dbias: abi.PERIODIC_DBIAS as Optional<Address>,
  },
  {},
  { module },
)

const moved = {
  fromStride: abi.COLUMNS_FROM_STRIDE as Stride,
  to: abi.COLUMNS_TO as Address,
  toStride: abi.COLUMNS_TO_STRIDE as Stride,
  count: abi.COLUMNS_COUNT as Count,
}
export const copyColumns = op(
  codes.OP_COPY_COLUMNS,
  'rows',
  { ...moved, from: abi.COLUMNS_FROM as Optional<Address>, pad: abi.COLUMNS_PAD as Count },
  {},
  { module },
)
export const addColumns = op(
  codes.OP_ADD_COLUMNS,
  'rows',
  { ...moved, from: abi.COLUMNS_FROM as Address },
  {},
  { module, inPlace: ['to'] },
)

const indices = {
  x: abi.TABLE_X as Address,
  xStride: abi.TABLE_X_STRIDE as Stride,
  categories: abi.TABLE_CATEGORIES as Count,
}
const block = { yStride: abi.TABLE_Y_STRIDE as Stride }
const units = { units: abi.TABLE_UNITS as Count }
export const takeRows = op(
  codes.OP_TAKE_ROWS,
  'rows',
  {
    ...indices,
    ...block,
    ...units,
    y: abi.TABLE_Y as Address,
    table: abi.TABLE_ROWS as Address,
    pad: abi.TABLE_PAD as Count,
  },
  {},
  { module },
)
export const markColumns = op(
  codes.OP_MARK_COLUMNS,
  'rows',
  { ...indices, ...block, y: abi.TABLE_Y as Address, pad: abi.TABLE_PAD as Count },
  {},
  { module },
)
export const clearRows = op(
  codes.OP_CLEAR_ROWS,
  'none',
  {
    ...indices,
    ...units,
    gradient: abi.TABLE_GRADIENT as Address,
    list: abi.TABLE_LIST as Optional<Address>,
    room: abi.TABLE_ROOM as Optional<Count>,
  },
  {},
  { module },
)
export const addToRows = op(
  codes.OP_ADD_TO_ROWS,
  'panels',
  { ...indices, ...block, ...units, dy: abi.TABLE_Y as Address, gradient: abi.TABLE_GRADIENT as Address },
  {},
  { module, inPlace: ['gradient'] },
)
export const stepRows = op(
  codes.OP_STEP_ROWS,
  'rows',
  {
    ...indices,
    ...block,
    ...units,
    y: abi.TABLE_Y as Address,
    table: abi.TABLE_ROWS as Address,
    gradient: abi.TABLE_GRADIENT as Address,
  },
  { scale: abi.TABLE_RATE_SCALE as Float, tiny: abi.TABLE_TINY as Float },
  { module },
)

export const alphaDropout = op(
  codes.OP_ALPHA_DROPOUT,
  'rows',
  { ...noise.ints, threshold: activate.NOISE_THRESHOLD as Int },
  {
    ...noise.floats,
    shift: abi.ALPHA_DROPOUT_SHIFT as Float,
    floor: abi.ALPHA_DROPOUT_FLOOR as Float,
  },
  { module },
)
