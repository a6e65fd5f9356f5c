/** Ops of the extension `int8`; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/int8.ts'
import { MODULE_INT8 as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, op } from './op.ts'

export const checksum = op(
  codes.OP_CHECKSUM,
  'none',
  { from: abi.CHECKSUM_FROM as Address, bytes: abi.CHECKSUM_BYTES as Count, to: abi.CHECKSUM_TO as Address },
  {},
  { module },
)
