/** Tangents of layers that move columns: they are linear, so tangents take the same steps as values. */
import { addToRows, clearRows, copyColumns, markColumns, takeRows } from '../../machine/ops/features.ts'
import { branchPrefix } from '../branches.ts'
import type { Builder, Matrix } from '../builder.ts'
import { emitAdditions, emitCopies, emitZeros, padOf, type Run, runsOf } from '../columns.ts'
import type { ConcatenateLayer } from '../concatenate.ts'
import { blocksOf, columnsOf, type EmbeddingLayer, tableName } from '../embedding.ts'
import { othersOf } from '../indices.ts'
import type { Lowerable } from '../layers.ts'
import type { OneHotColumnsLayer } from '../oneHotColumns.ts'
import { blockPrefixes, owns } from '../residual.ts'
import type { SelectLayer } from '../select.ts'
import {
  type Curved,
  type CurvedBuilder,
  type CurvedKind,
  type Dual,
  type DualGradient,
  sumGradients,
} from './curved.ts'

/** Emits to the value steps or to the tangent steps. */
type List = Pick<Builder, 'emit'>

const valuesOf = (builder: CurvedBuilder): List => ({ emit: (op, operands) => builder.emit(op, operands) })
const tangentsOf = (builder: CurvedBuilder): List => ({ emit: (op, operands) => builder.along(op, operands) })

/** The same steps for a gradient and its tangent. */
const both = (builder: CurvedBuilder, dy: DualGradient, back: (list: List, dy: Matrix) => Matrix): DualGradient => ({
  value: dy.value && back(valuesOf(builder), dy.value),
  tangent: back(tangentsOf(builder), dy.tangent),
})

const turned = (runs: readonly Run[]): Run[] => runs.map(({ from, to, count }) => ({ from: to, to: from, count }))

/** dx: the kept columns from their new positions; zeros elsewhere. */
function columnsBack(builder: CurvedBuilder, kept: readonly Run[], cols: number) {
  return (list: List, dy: Matrix): Matrix => {
    const dx = builder.matrix(cols)
    emitZeros(list, dx)
    for (const run of turned(kept)) emitCopies(list, dy, dx, [run])
    return dx
  }
}

export const curvedSelect: CurvedKind<SelectLayer> = ({ columns }, builder, x) => {
  const runs = runsOf(columns)
  const forward = (list: List, from: Matrix): Matrix => {
    const to = builder.matrix(columns.length)
    emitCopies(list, from, to, runs)
    return to
  }
  const back = (list: List, dy: Matrix): Matrix => {
    const dx = builder.matrix(x.value.cols)
    emitZeros(list, dx)
    emitAdditions(list, dy, dx, turned(runs))
    return dx
  }
  return {
    y: {
      value: forward(valuesOf(builder), x.value),
      tangent: x.tangent && forward(tangentsOf(builder), x.tangent),
    },
    backward: (dy, wanted) => (wanted.input ? both(builder, dy, back) : undefined),
  }
}

/** One-hot columns are constants: their tangent is 0. */
export const curvedOneHotColumns: CurvedKind<OneHotColumnsLayer> = ({ columns, categories }, builder, x) => {
  const { value, tangent: moved } = x
  const kept = runsOf(othersOf(columns, value.cols))
  const first = value.cols - columns.length
  const y = builder.matrix(first + columns.length * categories)
  emitCopies(valuesOf(builder), value, y, kept)
  for (const [i, column] of columns.entries()) {
    builder.emit(markColumns, {
      x: value.address + column * 4,
      xStride: value.stride,
      categories,
      y: y.address + (first + i * categories) * 4,
      yStride: y.stride,
      pad: i === columns.length - 1 ? padOf(y.cols) : 0,
    })
  }
  const tangent = moved && builder.matrix(y.cols)
  if (moved && tangent) {
    emitZeros(tangentsOf(builder), tangent)
    emitCopies(tangentsOf(builder), moved, tangent, kept)
  }
  return {
    y: { value: y, tangent },
    backward: (dy, wanted) => (wanted.input ? both(builder, dy, columnsBack(builder, kept, value.cols)) : undefined),
  }
}

/** y = looked-up rows of the tables, ty = the same rows of their tangents; a table's product sums tdy over the rows that looked it up. */
export const curvedEmbedding: CurvedKind<EmbeddingLayer> = ({ tables }, builder, x) => {
  const { value, tangent: moved } = x
  const blocks = blocksOf(tables, value.cols)
  const last = tables.length - 1
  const cols = blocks[last][blocks[last].length - 1].at + tables[last].units
  const kept = runsOf(othersOf(columnsOf(tables), value.cols))
  const places = tables.map((_, t) => builder.parameter(tableName(tables, t)))
  const wordsOf = (column: number) => ({ x: value.address + column * 4, xStride: value.stride })

  const forward = (list: List, from: Matrix | undefined, tableOf: (t: number) => number): Matrix => {
    const y = builder.matrix(cols)
    if (from !== value) emitZeros(list, y)
    if (from) emitCopies(list, from, y, kept)
    for (const [t, { categories, units }] of tables.entries()) {
      const table = tableOf(t)
      if (!table) continue
      for (const { column, at } of blocks[t]) {
        const pad = at + units === cols ? padOf(cols) : 0
        const to = { y: y.address + at * 4, yStride: y.stride, pad }
        list.emit(takeRows, { ...wordsOf(column), categories, units, table, ...to })
      }
    }
    return y
  }
  const moves = moved !== undefined || places.some(({ tangent }) => tangent !== 0)
  return {
    y: {
      value: forward(valuesOf(builder), value, (t) => places[t].address),
      tangent: moves ? forward(tangentsOf(builder), moved, (t) => places[t].tangent) : undefined,
    },
    backward(dy, wanted) {
      if (wanted.parameters) tablesBack(dy.tangent)
      return wanted.input ? both(builder, dy, columnsBack(builder, kept, value.cols)) : undefined
    },
  }

  function tablesBack({ address, stride }: Matrix): void {
    for (const [t, { categories, units }] of tables.entries()) {
      const shape = { categories, units, gradient: places[t].product }
      builder.along(clearRows, { ...wordsOf(blocks[t][0].column), ...shape })
      for (const { column, at } of blocks[t])
        builder.along(addToRows, { ...wordsOf(column), ...shape, dy: address + at * 4, yStride: stride })
    }
  }
}

/** @param curve computes the tangents of any layer. */
export const curvedConcatenate =
  (curve: CurvedKind<Lowerable>): CurvedKind<ConcatenateLayer<Lowerable>> =>
  ({ branches }, builder, x) => {
    const passed = branches.map((branch, b) => {
      const prefixes = blockPrefixes(branch)
      let y: Dual = x
      const layers: Curved[] = branch.map((layer, i) => {
        const curved = builder.within(branchPrefix(b) + prefixes[i], () => curve(layer, builder, y))
        y = curved.y
        return curved
      })
      return { layers, y }
    })
    const widths = passed.map(({ y }) => y.value.cols)
    const firsts = widths.map((_, b) => widths.slice(0, b).reduce((sum, width) => sum + width, 0))
    const cols = widths.reduce((sum, width) => sum + width, 0)
    const runOf = (b: number): Run[] => [{ from: 0, to: firsts[b], count: widths[b] }]
    const value = builder.matrix(cols)
    for (const [b, { y }] of passed.entries()) emitCopies(valuesOf(builder), y.value, value, runOf(b))
    const tangent = passed.some(({ y }) => y.tangent) ? builder.matrix(cols) : undefined
    if (tangent) {
      emitZeros(tangentsOf(builder), tangent)
      for (const [b, { y }] of passed.entries())
        if (y.tangent) emitCopies(tangentsOf(builder), y.tangent, tangent, runOf(b))
    }
    const partOf = (b: number) => (list: List, dy: Matrix) => {
      const part = builder.matrix(widths[b])
      const from = { from: dy.address + firsts[b] * 4, fromStride: dy.stride }
      const to = { to: part.address, toStride: part.stride }
      list.emit(copyColumns, { ...from, ...to, count: widths[b], pad: padOf(widths[b]) })
      return part
    }
    return {
      y: { value, tangent },
      backward(dy, wanted) {
        let sum: DualGradient | undefined
        for (const [b, { layers }] of passed.entries()) {
          const trained = branches[b].map((layer) => wanted.parameters && owns(layer))
          const first = trained.indexOf(true)
          if (!wanted.input && first < 0) continue
          let gradient: DualGradient | undefined = both(builder, dy, partOf(b))
          for (let i = layers.length - 1; i >= 0 && gradient && (wanted.input || i >= first); i--) {
            gradient = layers[i].backward(gradient, { parameters: trained[i], input: wanted.input || i > first })
          }
          if (wanted.input && gradient) sum = sum ? sumGradients(builder, sum, gradient) : gradient
        }
        return sum
      },
    }
  }
