/** dW of fully connected layers. */
import { denseDw, densePack } from '../machine/ops/layers.ts'
import type { Values } from '../machine/ops/op.ts'
import type { Builder } from './builder.ts'

/** Rows that pay for packing: smaller batches have short sums, and may apply their gradients panel by panel. */
const LEAST_ROWS = 65
/** Columns of x and of dz that do. */
const LEAST_COLUMNS = 128
/** Together: where a term's row of x and of dz take less than a page, sums of a hundred terms read few enough pages as they are. */
const LEAST_WIDTH = 768
/** Columns of the widest strips of x and dz, see assembly/gemm/strips.ts: no more than these are added to fill the last ones. */
export const STRIPS = 12 + 16

/** Emits dW = xᵀ · dz by `put`, a way of `builder` to emit a step; x and dz are packed first where that pays. */
export function emitKernelGradient(
  builder: Pick<Builder, 'rows' | 'scratch'>,
  put: Builder['emit'],
  operands: Omit<Values<typeof denseDw>, 'packed'>,
): void {
  const { dw, db, ...from } = operands
  const { inputs, units } = from
  const pays = builder.rows >= LEAST_ROWS && Math.min(inputs, units) >= LEAST_COLUMNS && inputs + units >= LEAST_WIDTH
  const packed = pays ? builder.scratch(builder.rows * (inputs + units + STRIPS) * 4, 2) : 0
  if (pays) put(densePack, { ...from, packed })
  put(denseDw, { ...from, packed, dw, db })
}
