/** Constant folding: nodes with only constant operands. */
import { countOf } from '../shapes.ts'
import { type Constant, constant } from './constants.ts'
import { type Context, constantOf, int, type Value } from './flows.ts'
import type { Call } from './graph.ts'
import { isPointwise, scalarOf } from './pointwise.ts'
import { isFloat, MOST_AXES } from './schema.ts'
import { axesOf, axisOf } from './shapes.ts'

type Fold = (call: Call, operands: readonly Constant[], context: Context) => Constant

/** Indices into a tensor for a row-major walk over `shape`, with the given strides from `first` on. */
function places(shape: readonly number[], steps: readonly number[], first = 0): Float64Array {
  const out = new Float64Array(countOf(shape))
  const index = shape.map(() => 0)
  let at = first
  for (let i = 0; i < out.length; i++) {
    out[i] = at
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]
      if (++index[axis] < shape[axis]) break
      at -= steps[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

/** Row-major strides of a shape. */
const stepsOf = (shape: readonly number[]): number[] => shape.map((_, axis) => countOf(shape.slice(axis + 1)))

function taken({ data, whole, texts }: Constant, shape: readonly number[], at: Float64Array): Constant {
  if (texts) return { ...constant(data, shape), texts: [...at].map((i) => texts[i]) }
  const out = at.length === data.length ? data.slice() : new Float64Array(at.length)
  for (let i = 0; i < at.length; i++) out[i] = data[at[i]]
  return constant(out, shape, whole)
}

function checkShape(call: Call, shape: readonly number[], context: Context): void {
  if (shape.length > MOST_AXES) throw context.fail(call, 'it makes a constant of too many dimensions')
  if (!shape.every((size) => Number.isInteger(size) && size >= 0))
    throw context.fail(call, `it makes a constant of shape [${shape.join(', ')}]`)
}

/** Charges for a result before it is allocated; `times` for results that cost more than their size. */
function room(call: Call, shape: readonly number[], context: Context, times = 1): void {
  checkShape(call, shape, context)
  context.spend(countOf(shape) * times)
}

function broadcast(call: Call, operands: readonly Constant[], context: Context): [number[], Float64Array[]] {
  const rank = Math.max(...operands.map(({ shape }) => shape.length))
  const padded = operands.map(({ shape }) => [...new Array(rank - shape.length).fill(1), ...shape])
  const shape = Array.from({ length: rank }, (_, axis) =>
    padded.reduce((size, own) => (own[axis] === 1 ? size : own[axis]), 1),
  )
  for (const own of padded) {
    if (own.some((size, axis) => size !== 1 && size !== shape[axis]))
      throw context.fail(
        call,
        `shapes ${operands.map((each) => `[${each.shape.join(', ')}]`).join(' and ')} do not fit`,
      )
  }
  // sums may have thousands of operands
  room(call, shape, context, Math.ceil(operands.length / 3))
  const at = padded.map((own) => {
    const steps = stepsOf(own)
    return places(
      shape,
      steps.map((step, axis) => (own[axis] === 1 ? 0 : step)),
    )
  })
  return [shape, at]
}

const pointwise: Fold = (call, operands, context) => {
  const f = scalarOf(call)
  const [shape, at] = broadcast(call, operands, context)
  const out = new Float64Array(countOf(shape))
  for (let i = 0; i < out.length; i++) out[i] = f?.(...operands.map(({ data }, k) => data[at[k][i]])) ?? Number.NaN
  const isWhole = operands.every(({ whole }) => whole)
  if (call.op === 'Cast') return constant(out, shape, !isFloat(int(call, 'to', 1)))
  if (isWhole && call.op === 'Div') return constant(out.map(Math.trunc), shape, true)
  if (isWhole && out.some(Number.isNaN)) throw context.fail(call, 'it computes with the number of rows')
  return constant(out, shape, isWhole || call.op === 'Greater' || call.op === 'Less' || call.op === 'Equal')
}

const reshape: Fold = (call, [from, target], context) => {
  const given = [...(call.attributes.get('shape')?.ints ?? target?.data ?? [])]
  const shape = given.map((size, i) => (size === 0 ? (from.shape[i] ?? 0) : size))
  const count = countOf(from.shape)
  const open = shape.indexOf(-1)
  if (open >= 0) shape[open] = count / -countOf(shape)
  checkShape(call, shape, context)
  if (countOf(shape) !== count) throw context.fail(call, `it makes [${shape.join(', ')}] of [${from.shape.join(', ')}]`)
  return { ...from, shape }
}

/** Removes or adds axes. */
const squeeze: Fold = (call, [from, axes], context) => {
  const given = axesOf(call, axes, context)?.map((axis) => axisOf(call, axis, from.shape.length, context))
  const shape = from.shape.filter((size, i) => !(given ? given.includes(i) : size === 1))
  if (countOf(shape) !== countOf(from.shape)) throw context.fail(call, 'it takes away an axis that is longer than 1')
  return { ...from, shape }
}

const unsqueeze: Fold = (call, [from, axes], context) => {
  const given = axesOf(call, axes, context) ?? []
  const rank = from.shape.length + given.length
  const added = new Set(given.map((axis) => axisOf(call, axis, rank, context)))
  const rest = [...from.shape]
  const shape = Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1)))
  checkShape(call, shape, context)
  return { ...from, shape }
}

const flatten: Fold = (call, [from], context) => {
  const axis = int(call, 'axis', 1)
  const at = axis === from.shape.length ? axis : axisOf(call, axis, from.shape.length, context)
  return { ...from, shape: [countOf(from.shape.slice(0, at)), countOf(from.shape.slice(at))] }
}

const transpose: Fold = (call, [from], context) => {
  const { shape } = from
  const order = [...(call.attributes.get('perm')?.ints ?? shape.map((_, axis) => shape.length - 1 - axis))]
  if (order.length !== shape.length || new Set(order).size !== shape.length || !order.every((axis) => axis in shape))
    throw context.fail(call, `its perm is not an order of ${shape.length} axes`)
  room(call, shape, context)
  const steps = stepsOf(shape)
  const turned = order.map((axis) => shape[axis])
  return taken(
    from,
    turned,
    places(
      turned,
      order.map((axis) => steps[axis]),
    ),
  )
}

const gather: Fold = (call, [from, chosenBy], context) => {
  const index = constantOf(call, chosenBy, 'second input', context)
  const axis = axisOf(call, int(call, 'axis', 0), from.shape.length, context)
  const size = from.shape[axis]
  const run = countOf(from.shape.slice(axis + 1))
  const shape = [...from.shape.slice(0, axis), ...index.shape, ...from.shape.slice(axis + 1)]
  room(call, shape, context)
  const chosen = Array.from(index.data, (i) => axisOf(call, i, size, context))
  const at = new Float64Array(countOf(shape))
  let next = 0
  // an empty tensor may claim any number of rows
  for (let b = 0; next < at.length; b++)
    for (const i of chosen) for (let r = 0; r < run; r++) at[next++] = (b * size + i) * run + r
  return taken(from, shape, at)
}

/** One axis after another. */
const slice: Fold = (call, [from, starts, ends, axes, steps], context) => {
  const attribute = (name: string) => call.attributes.get(name)?.ints
  const begin = [...(attribute('starts') ?? starts?.data ?? [])]
  const end = [...(attribute('ends') ?? ends?.data ?? [])]
  const along = [...(attribute('axes') ?? axes?.data ?? begin.keys())].map((axis) =>
    axisOf(call, axis, from.shape.length, context),
  )
  if (steps?.data.some((step: number) => step !== 1)) throw context.fail(call, 'it leaves values out')
  const isWhole = new Set(along).size === along.length && [...begin, ...end].every(Number.isInteger)
  if (!isWhole || begin.length !== along.length || end.length !== along.length)
    throw context.fail(call, 'its bounds do not fit')
  const shape = [...from.shape]
  const all = stepsOf(from.shape)
  let first = 0
  for (const [i, axis] of along.entries()) {
    const size = from.shape[axis]
    const within = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size)
    shape[axis] = Math.max(within(end[i]) - within(begin[i]), 0)
    first += within(begin[i]) * all[axis]
  }
  room(call, shape, context)
  return taken(from, shape, places(shape, all, first))
}

const concat: Fold = (call, operands, context) => {
  const [first] = operands
  const axis = axisOf(call, int(call, 'axis', 0), first.shape.length, context)
  const sizes = operands.map(({ shape }) => shape[axis])
  const fits = operands.every(
    ({ shape }) =>
      shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]),
  )
  const shape = first.shape.map((size, i) => (i === axis ? sizes.reduce((sum, own) => sum + own, 0) : size))
  if (!fits || operands.some(({ texts }) => texts)) throw context.fail(call, 'its constants do not fit together')
  room(call, shape, context)
  const run = countOf(shape.slice(axis + 1))
  const out = new Float64Array(countOf(shape))
  let at = 0
  for (let before = 0; at < out.length; before++) {
    for (const [k, { data }] of operands.entries()) {
      const length = sizes[k] * run
      out.set(data.subarray(before * length, (before + 1) * length), at)
      at += length
    }
  }
  return constant(
    out,
    shape,
    operands.every(({ whole }) => whole),
  )
}

const expand: Fold = (call, [from, target], context) => {
  const [shape, [at]] = broadcast(call, [from, constant(new Float64Array(0), [...(target?.data ?? [])])], context)
  return taken(from, shape, at)
}

const fill: Fold = (call, [target], context) => {
  const shape = [...target.data]
  room(call, shape, context)
  const tensor = call.attributes.get('value')?.tensor
  const value = tensor && context.read(tensor)
  return constant(new Float64Array(countOf(shape)).fill(value?.data[0] ?? 0), shape, value?.whole)
}

const shapeOf: Fold = (_, [{ shape }]) => constant(Float64Array.from(shape), [shape.length], true)

const folds: Readonly<Record<string, Fold>> = {
  Concat: concat,
  ConstantOfShape: fill,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Identity: (_, [from]) => from,
  Reshape: reshape,
  Shape: shapeOf,
  Slice: slice,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}

/** Whether a node of constants can be folded. */
export const isFoldable = (call: Call): boolean =>
  call.domain === '' && (Object.hasOwn(folds, call.op) || isPointwise(call))

/** The value of a node of constants; undefined if it cannot be folded. */
export function fold(call: Call, operands: readonly (Value | undefined)[], context: Context): Constant | undefined {
  const known = operands.filter((operand): operand is Constant => operand?.kind === 'constant')
  if (known.length !== operands.length || known.length === 0 || !isFoldable(call)) return undefined
  return Object.hasOwn(folds, call.op) ? folds[call.op](call, known, context) : pointwise(call, known, context)
}
