/** Elementwise nodes: on rows, and on rows and constants. */
import { prelu } from '../../layers/layers.ts'
import { stage } from '../network.ts'
import { type Columns, columns, type PerColumn } from './columns.ts'
import type { Constant } from './constants.ts'
import {
  type Context,
  type Flow,
  type Item,
  type Reader,
  type Rows,
  rows,
  type Sample,
  sizeOf,
  type Value,
} from './flows.ts'
import type { Call } from './graph.ts'
import { type Scalar, scalarOf } from './pointwise.ts'

/**
 * A constant that broadcasts against rows of this shape: a scalar, or one value per column.
 * @throws for one that would enlarge the rows, or differs between rows.
 */
export function beside(
  call: Call,
  { data, shape, texts }: Constant,
  dims: readonly number[],
  context: Context,
): PerColumn {
  // the row axis must be 1 or missing
  const sizes = shape.length === dims.length + 1 && shape[0] === 1 ? shape.slice(1) : shape
  const lengths = [...new Array(Math.max(dims.length - sizes.length, 0)).fill(1), ...sizes]
  const fits = sizes.length <= dims.length && lengths.every((length, i) => length === 1 || length === dims[i])
  if (texts || data.length === 0 || !(fits || data.length === 1))
    throw context.fail(call, `a constant of shape [${shape.join(', ')}] does not fit rows of [${dims.join(', ')}]`)
  context.spend(data.length)
  if (data.some(Number.isNaN))
    throw context.fail(call, 'a constant holds values that are not known before there are rows')
  if (data.every((value) => value === data[0])) return data[0]
  const size = sizeOf(dims)
  context.spend(size)
  const values = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    let [at, rest, step] = [0, i, 1]
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (lengths[axis] > 1) at += (rest % dims[axis]) * step
      rest = Math.floor(rest / dims[axis])
      step *= lengths[axis]
    }
    values[i] = data[at]
  }
  return values
}

/** The affine map computed by a node with one row operand and one constant. */
function columnsOf(op: string, value: PerColumn, isFirst: boolean): Columns | undefined {
  const of = (f: (x: number) => number): PerColumn => (typeof value === 'number' ? f(value) : value.map(f))
  if (op === 'Add' || op === 'Sum') return columns({ shift: value })
  if (op === 'Mul') return columns({ scale: value })
  if (op === 'Sub') return isFirst ? columns({ scale: -1, shift: value }) : columns({ center: value })
  if (op === 'Div' && !isFirst) return columns({ scale: of((x) => 1 / x) })
  return undefined
}

function itemOf(op: string, size: number, operands: readonly Operand[]): Item | undefined {
  if (op === 'Neg') return { kind: 'columns', columns: columns({ scale: -1 }) }
  if (operands.length !== 2) return undefined
  const [a, b] = operands
  if (op === 'PRelu' && isFlow(a) && b !== undefined && !isFlow(b)) {
    const alpha = typeof b === 'number' ? new Float32Array(size).fill(b) : Float32Array.from(b)
    return { kind: 'stage', stage: stage(prelu(), { alpha }) }
  }
  const constant = isFlow(a) ? b : a
  if (constant === undefined || isFlow(constant)) return undefined
  const found = columnsOf(op, constant, !isFlow(a))
  return found && { kind: 'columns', columns: found }
}

/** A flow or constants; undefined if the operand is omitted. */
type Operand = Flow | PerColumn | undefined
const isFlow = (operand: Operand): operand is Flow => typeof operand === 'object' && 'from' in operand

/** `f` as a function of samples; undefined if a constant differs between columns. */
function sampleOf(f: Scalar, operands: readonly Operand[]): Sample | undefined {
  if (operands.some((operand) => operand instanceof Float64Array)) return undefined
  const values = operands as readonly (Flow | number | undefined)[]
  const places = values.flatMap((operand, i) => (isFlow(operand) ? i : []))
  const given = values.map((operand) => (isFlow(operand) ? 0 : operand))
  return (x) =>
    x[0].map((_, i) => {
      for (const [k, place] of places.entries()) given[place] = x[k][i]
      return f(...given)
    })
}

/** The broadcast shape: same rank, every axis equal or 1. */
function commonDims(call: Call, all: readonly Rows[], context: Context): readonly number[] {
  const [{ dims: first }] = all
  const most = first.map((_, axis) => Math.max(...all.map(({ dims }) => dims[axis])))
  for (const { dims } of all) {
    if (dims.length !== first.length || dims.some((length, axis) => length !== 1 && length !== most[axis]))
      throw context.fail(call, `rows of [${first.join(', ')}] and [${dims.join(', ')}] do not fit together`)
  }
  return most
}

/** Evaluates a node as a function of its operands, or as if it were `op`. */
export function binary(op: string, call: Call, operands: readonly (Value | undefined)[], context: Context): Value {
  const f = scalarOf({ ...call, domain: '', op })
  const all = operands.filter((operand): operand is Rows => operand?.kind === 'rows')
  if (!f || all.length === 0) throw context.fail(call, 'its first input must depend on the rows')
  if (op === 'Clip' && all.length > 1) throw context.fail(call, 'its bounds must be constants')
  const dims = commonDims(call, all, context)
  const given = operands.map((operand): Operand => {
    if (operand === undefined) return undefined
    if (operand.kind === 'labels') throw context.fail(call, 'it computes with labels')
    return operand.kind === 'rows' ? operand.flow : beside(call, operand, dims, context)
  })
  const size = sizeOf(dims)
  if (op === 'PRelu') context.spend(size)
  const item = itemOf(op, size, given)
  // its slopes are trained, so they stay a parameter even if all are equal
  const sample = op === 'PRelu' ? undefined : sampleOf(f, given)
  const isSum = (op === 'Add' || op === 'Sum') && all.length === 2 && operands.length === 2
  const scalars = [
    ...given.filter((operand) => typeof operand === 'number'),
    ...[...call.attributes.values()].flatMap(({ float }) => float ?? []),
  ]
  const flow = context.flow({
    call,
    from: all.map((each) => each.flow),
    size,
    scalars,
    ...(item && { item }),
    ...(sample && { sample }),
    ...(isSum && { role: 'sum' as const }),
  })
  return rows(flow, dims)
}

/** Anything computed from labels is labels. */
export const elementwise: Reader = (call, operands, context) =>
  operands.some((operand) => operand?.kind === 'labels')
    ? [{ kind: 'labels' }]
    : [binary(call.op, call, operands, context)]
