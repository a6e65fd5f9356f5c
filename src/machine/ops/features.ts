/** Ops of the extension `features`; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/layers.ts'
import { MODULE_FEATURES as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Int, op, type Stride } from './op.ts'

const elements = {
  from: abi.ACTIVATE_FROM as Address,
  to: abi.ACTIVATE_TO as Address,
  stride: abi.ACTIVATE_STRIDE as Stride,
  cols: abi.ACTIVATE_COLS as Count,
  kind: abi.ACTIVATE_KIND as Int,
}
export const wave = op(codes.OP_WAVE, 'rows', elements, {}, { module })
export const waveBack = op(
  codes.OP_WAVE_BACK,
  'rows',
  { ...elements, saved: abi.ACTIVATE_SAVED as Address },
  {},
  { module },
)
