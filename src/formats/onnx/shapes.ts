/** Nodes that only reshape rows. */
import { constant } from './constants.ts'
import { type Context, int, type Reader, type Rows, rowsOf, sizeOf, type Value } from './flows.ts'
import type { Call } from './graph.ts'
import { MOST_AXES } from './schema.ts'

/** Integers from an attribute or, in later opsets, from an operand. */
export function axesOf(call: Call, operand: Value | undefined, context: Context): number[] | undefined {
  const attribute = call.attributes.get('axes')
  if (attribute) return [...attribute.ints]
  if (operand === undefined) return undefined
  if (operand.kind !== 'constant' || !operand.whole) throw context.fail(call, 'its axes must be a constant')
  return [...operand.data]
}

/** An axis, or an index along one, normalized to be non-negative; @throws if out of range. */
export function axisOf(call: Call, axis: number, rank: number, context: Context): number {
  const from = axis < 0 ? axis + rank : axis
  if (!(Number.isInteger(from) && from >= 0 && from < rank))
    throw context.fail(call, `axis ${axis} is not one of ${rank}`)
  return from
}

function shaped(call: Call, from: Rows, dims: readonly number[], context: Context): Rows[] {
  if (dims.length >= MOST_AXES) throw context.fail(call, 'it makes rows of too many dimensions')
  return [{ ...from, dims }]
}

/** Labels and other values without features are passed through. */
const withRows =
  (reader: (call: Call, from: Rows, operands: readonly (Value | undefined)[], context: Context) => Value[]): Reader =>
  (call, operands, context) =>
    operands[0]?.kind === 'labels' ? [operands[0]] : reader(call, rowsOf(call, operands[0], context), operands, context)

const flatten = withRows((call, from, _, context) => {
  const axis = axisOf(call, int(call, 'axis', 1), from.dims.length + 2, context)
  if (axis !== 1) throw context.fail(call, `it must flatten from axis 1, got ${axis}`)
  return shaped(call, from, [from.flow.size], context)
})

const reshape = withRows((call, from, operands, context) => {
  const target = call.attributes.get('shape')?.ints ?? constantShape(call, operands[1], context)
  const allowZero = int(call, 'allowzero', 0) === 1
  const { size } = from.flow
  const [first, ...rest] = target
  const dims = rest.map((length, i) => (length === 0 && !allowZero ? (from.dims[i] ?? 0) : length))
  const open = dims.indexOf(-1)
  if (open >= 0) dims[open] = size / -sizeOf(dims)
  // the row axis must be preserved: copied, unknown at export time, or inferred
  const keeps = Number.isNaN(first) || (first === 0 && !allowZero) || first === -1 || first > 0
  if (!keeps || dims.some((length) => !(Number.isInteger(length) && length >= 1)) || sizeOf(dims) !== size)
    throw context.fail(
      call,
      `it makes [${[...target].slice(0, MOST_AXES)}] of rows of ${size} values; rows must stay rows`,
    )
  return shaped(call, from, dims, context)
})

function constantShape(call: Call, operand: Value | undefined, context: Context): ArrayLike<number> & Iterable<number> {
  if (operand?.kind === 'constant' && operand.whole && operand.data.length > 0) return operand.data
  throw context.fail(call, 'its shape must be a constant')
}

const squeeze = withRows((call, from, operands, context) => {
  const axes = axesOf(call, operands[1], context)?.map((axis) => axisOf(call, axis, from.dims.length + 1, context))
  const dims = from.dims.filter((length, i) => !(axes ? axes.includes(i + 1) : length === 1))
  if (axes?.includes(0) || sizeOf(dims) !== from.flow.size)
    throw context.fail(call, 'it takes away an axis that is longer than 1, or that of the rows')
  return shaped(call, from, dims, context)
})

const unsqueeze = withRows((call, from, operands, context) => {
  const axes = axesOf(call, operands[1], context) ?? []
  const rank = from.dims.length + 1 + axes.length
  const added = new Set(axes.map((axis) => axisOf(call, axis, rank, context)))
  if (added.has(0)) throw context.fail(call, 'it puts an axis before that of the rows')
  const rest = [...from.dims]
  const dims = Array.from({ length: rank - 1 }, (_, i) => (added.has(i + 1) ? 1 : (rest.shift() ?? 1)))
  return shaped(call, from, dims, context)
})

const transpose = withRows((call, from, _, context) => {
  const rank = from.dims.length + 1
  const order = [...(call.attributes.get('perm')?.ints ?? Array.from({ length: rank }, (_, i) => rank - 1 - i))]
  const moved = order.filter((axis) => axis > 0 && from.dims[axis - 1] > 1)
  const inOrder = moved.every((axis, i) => i === 0 || axis > moved[i - 1])
  const isPermutation =
    order.length === rank && new Set(order).size === rank && order.every((axis) => axis in [0, ...from.dims])
  if (!isPermutation || order[0] !== 0 || !inOrder)
    throw context.fail(call, 'it changes the order of the values; only constants may be transposed')
  const dims = order.slice(1).map((axis) => from.dims[axis - 1])
  return shaped(call, from, dims, context)
})

/** A shape whose first size, the number of rows, is unknown. */
const shape: Reader = (call, [operand], context) => {
  const from = rowsOf(call, operand, context)
  const sizes = Float64Array.of(Number.NaN, ...from.dims)
  const begin = int(call, 'start', 0)
  const end = call.attributes.get('end')?.int
  const data = sizes.slice(begin, end)
  return [constant(data, [data.length], true)]
}

const same = withRows((_, from) => [from])

export const shapeReaders: Readonly<Record<string, Reader>> = {
  Flatten: flatten,
  Identity: same,
  Reshape: reshape,
  Shape: shape,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}
