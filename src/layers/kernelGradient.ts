/** dW of fully connected layers. */
import { denseDw, densePack } from '../machine/ops/layers.ts'
import type { Values } from '../machine/ops/op.ts'
import type { Builder } from './builder.ts'

/** Minimum rows for packing to pay: smaller batches have short sums, and may use fused updates. */
const LEAST_ROWS = 65
/** Minimum columns of x, and of dz, for that. */
const LEAST_COLUMNS = 128
/** Minimum of both together: if the rows of x and dz take less than a page, sums of a hundred terms touch few enough pages unpacked. */
const LEAST_WIDTH = 768
/** Columns of the widest strips of x and dz, an upper bound on the padding of the last ones; see assembly/gemm/strips.ts. */
export const STRIPS = 12 + 16

/** Emits dW = xᵀ · dz with `put`, one of `builder`'s emitting methods; packs x and dz first if that pays. */
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
