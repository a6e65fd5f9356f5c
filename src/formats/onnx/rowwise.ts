/** Nodes whose values depend on the whole row. */
import {
  type Context,
  int,
  type Reader,
  type Role,
  type Rows,
  rows,
  rowsOf,
  type Sample,
  sizeOf,
  type Value,
} from './flows.ts'
import type { Call } from './graph.ts'
import { axesOf, axisOf } from './shapes.ts'

/** Columns of a sample matrix. The functions evaluated on it do not depend on the row's width. */
export const SAMPLE_COLUMNS = 8

/** Applies a function to each row of the samples. */
export const byRow =
  (f: (row: Float64Array) => Float64Array): Sample =>
  ([x]) => {
    const out = new Float64Array(x.length)
    for (let at = 0; at < x.length; at += SAMPLE_COLUMNS) out.set(f(x.subarray(at, at + SAMPLE_COLUMNS)), at)
    return out
  }

const total = (row: Float64Array): number => row.reduce((sum, value) => sum + value, 0)
const greatest = (row: Float64Array): number => row.reduce((most, value) => Math.max(most, value))
const meanSquare = (row: Float64Array): number => total(row.map((value) => value * value)) / row.length

export function logSoftmax(row: Float64Array): Float64Array {
  const most = greatest(row)
  const logarithm = most + Math.log(total(row.map((value) => Math.exp(value - most))))
  return row.map((value) => value - logarithm)
}

export const softmax = (row: Float64Array): Float64Array => logSoftmax(row).map(Math.exp)

export function layerNorm(row: Float64Array, epsilon: number): Float64Array {
  const mean = total(row) / row.length
  const centered = row.map((value) => value - mean)
  const deviation = Math.sqrt(meanSquare(centered) + epsilon)
  return centered.map((value) => value / deviation)
}

export function rmsNorm(row: Float64Array, epsilon: number): Float64Array {
  const size = Math.sqrt(meanSquare(row) + epsilon)
  return row.map((value) => value / size)
}

/** Reductions of a row. Sums are not included if they stand for means over a fixed width. */
const reductions: Readonly<Record<string, (row: Float64Array) => number>> = {
  ReduceMax: greatest,
  ReduceMean: (row) => total(row) / row.length,
  ReduceMin: (row) => -greatest(row.map((value) => -value)),
  ReduceSum: total,
  ReduceLogSumExp: (row) => row[0] - logSoftmax(row)[0],
}

/** The axis, and the number of groups before it. @throws unless groups are runs of adjacent columns. */
function partsAlong(call: Call, axis: number, { dims }: Rows, context: Context): [axis: number, groups: number] {
  const from = axisOf(call, axis, dims.length + 1, context)
  if (from === 0 || sizeOf(dims.slice(from)) > 1) throw context.fail(call, `axis ${axis} is not one of values in a row`)
  return [from, sizeOf(dims.slice(0, from - 1))]
}

const reduce: Reader = (call, [x, axes], context) => {
  const from = rowsOf(call, x, context)
  const all = axesOf(call, axes, context) ?? []
  if (all.length !== 1) throw context.fail(call, 'it must reduce rows over one axis')
  const [axis, groups] = partsAlong(call, all[0], from, context)
  const { dims } = from
  const left = int(call, 'keepdims', 1)
    ? dims.map((length, i) => (i === axis - 1 ? 1 : length))
    : dims.filter((_, i) => i !== axis - 1)
  const reduction = reductions[call.op]
  const sample = byRow((row) => new Float64Array(row.length).fill(reduction(row)))
  return [rows(context.flow({ call, from: [from.flow], size: groups, groups, sample }), left)]
}

/** A step that applies `f` to each row. */
export const ofRow = (
  call: Call,
  from: Rows,
  f: (row: Float64Array) => Float64Array,
  context: Context,
  role?: Role,
): Value =>
  rows(
    context.flow({ call, from: [from.flow], size: from.flow.size, sample: byRow(f), ...(role && { role }) }),
    from.dims,
  )

const softmaxes =
  (f: (row: Float64Array) => Float64Array, role?: Role): Reader =>
  (call, [x], context) => {
    const from = rowsOf(call, x, context)
    const [, groups] = partsAlong(call, int(call, 'axis', call.opset < 13 ? 1 : -1), from, context)
    if (groups > 1) throw context.fail(call, 'it works on parts of a row')
    return [ofRow(call, from, f, context, role)]
  }

export const rowReaders: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(Object.keys(reductions).map((op) => [op, reduce])),
  LogSoftmax: softmaxes(logSoftmax),
  Softmax: softmaxes(softmax, 'softmax'),
}
