/** dW of fully connected layers. */
import { denseDw, densePack } from '../machine/ops/layers.ts'
import type { Values } from '../machine/ops/op.ts'
import type { Builder } from './builder.ts'

/**
 * Minimum rows of a batch for packing to pay. Which batches are packed depends on their rows, never on those of the plan: packed,
 * partial sums are flushed at other places, and the product of a single row is taken as a sum.
 */
export const PACKED_ROWS = 65
/** Most floats that are packed: 32 MiB. */
const MOST_FLOATS = 2 ** 23
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
  operands: Omit<Values<typeof denseDw>, 'packed' | 'leastRows' | 'mostRows'>,
): void {
  const { dw, db, ...from } = operands
  const { inputs, units } = from
  const pays = builder.rows >= PACKED_ROWS && Math.min(inputs, units) >= LEAST_COLUMNS && inputs + units >= LEAST_WIDTH
  const width = inputs + units + STRIPS
  const mostRows = pays ? Math.floor(MOST_FLOATS / width) : 0
  if (mostRows < PACKED_ROWS) {
    put(denseDw, operands)
    return
  }
  const packed = builder.scratch(Math.min(builder.rows, mostRows) * width * 4, 2)
  const packing = { ...from, packed, leastRows: PACKED_ROWS, mostRows }
  put(densePack, packing)
  put(denseDw, { ...packing, dw, db })
}
