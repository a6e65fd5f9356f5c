/** Ops of the extension `solve`; their equations are in src/abi/ops.ts. */
import { MODULE_SOLVE as module } from '../../abi/modules.ts'
import * as codes from '../../abi/ops.ts'
import * as abi from '../../abi/solve.ts'
import { type Address, type Count, type Int, op } from './op.ts'

export const dotPartials = op(
  codes.OP_DOT_PARTIALS,
  'chunks',
  {
    x: abi.DOT_X as Address,
    y: abi.DOT_Y as Address,
    count: abi.DOT_COUNT as Count,
    partials: abi.DOT_PARTIALS as Address,
  },
  {},
  { module, overlaps: [codes.OP_DOT_PARTIALS] },
)

// only the main thread accesses records
export const dotSum = op(
  codes.OP_DOT_SUM,
  'none',
  { partials: abi.DOT_SUM_PARTIALS as Address, count: abi.DOT_SUM_COUNT as Count },
  {},
  { module, overlaps: 'any' },
)

export const axpy = op(
  codes.OP_AXPY,
  'vectors',
  {
    x: abi.AXPY_X as Address,
    y: abi.AXPY_Y as Address,
    to: abi.AXPY_TO as Address,
    count: abi.AXPY_COUNT as Count,
    scalar: abi.AXPY_SCALAR as Int,
  },
  {},
  { module },
)
