/** Tables of trained rows, chosen by columns of indices. */
import { type Initializer, type InitializerName, randomNormal } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import { checkInteger, checkOptions, orDefault, show } from '../lib/check.ts'
import * as ops from '../machine/ops/features.ts'
import type { Builder, LayerKind, Matrix } from './builder.ts'
import { carrying } from './carried.ts'
import { emitCopies, emitZeros, padOf, runsOf } from './columns.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'
import { checkDistinct, checkIndexed, doorOf, type Indexed, originsWithout, othersOf } from './indices.ts'
import { forTraining, type Resolvers } from './resolvers.ts'
import { checkWithin } from './select.ts'

export interface EmbeddingTable {
  /** Columns of its input that hold indices, whole numbers from 0 to categories - 1, or -1 for missing. They share the table. */
  columns: number | readonly number[]
  categories: number
  units: number
  initializer?: InitializerName | Initializer
  regularizer?: Regularizer
}

export interface EmbeddingOptions {
  trainable?: boolean
  name?: string
}

interface Table extends Indexed {
  readonly units: number
  readonly initializer: Initializer
  readonly regularizer?: Regularizer
}

export interface EmbeddingLayer extends Identity {
  readonly kind: 'embedding'
  readonly tables: readonly Table[]
}

const WHERE = 'embedding'
const TABLE_OPTIONS = ['columns', 'categories', 'units', 'initializer', 'regularizer'] as const
const MOST_TABLES = 10_000

function makeTable(where: string, options: EmbeddingTable, { initializer, regularizer }: Resolvers): Table {
  checkOptions(where, options, TABLE_OPTIONS)
  const penalty = regularizer(where, options.regularizer, 'regularizer')
  const first = orDefault(options.initializer, randomNormal({ mean: 0, stddev: 0.05 }))
  return Object.freeze({
    ...checkIndexed(where, options),
    units: checkInteger(where, 'units', options.units, 1),
    initializer: initializer(where, first, 'initializer'),
    ...(penalty && { regularizer: penalty }),
  })
}

function makeEmbedding(
  tables: EmbeddingTable | readonly EmbeddingTable[],
  options: EmbeddingOptions,
  resolvers: Resolvers,
): EmbeddingLayer {
  checkOptions(WHERE, options, IDENTITY_OPTIONS)
  const list: readonly EmbeddingTable[] = Array.isArray(tables) ? tables : [tables]
  if (list.length === 0 || list.length > MOST_TABLES)
    throw new RangeError(`${WHERE}: expected from 1 to ${MOST_TABLES} tables, got ${show(tables)}`)
  const made = Array.from(list, (table, i) => {
    return makeTable(Array.isArray(tables) ? `${WHERE}: table ${i}` : WHERE, table, resolvers)
  })
  checkDistinct(WHERE, columnsOf(made))
  return Object.freeze({ kind: WHERE, tables: Object.freeze(made), ...checkIdentity(WHERE, options) })
}

export const columnsOf = (tables: readonly Table[]): number[] => tables.flatMap(({ columns }) => columns)

/** `table`, or `table_1`, ... where there are several. */
export const tableName = (tables: readonly Table[], i: number): string =>
  tables.length === 1 ? 'table' : `table_${i + 1}`

/** A table's column of indices, and the first column of its block among the outputs. */
interface Block {
  readonly column: number
  readonly at: number
}

/** The blocks of each table, behind the columns that stay. */
export function blocksOf(tables: readonly Table[], inputs: number): Block[][] {
  let at = inputs - columnsOf(tables).length
  return tables.map(({ columns, units }) =>
    columns.map((column) => {
      at += units
      return { column, at: at - units }
    }),
  )
}

const embeddingKind: LayerKind<EmbeddingLayer> = {
  outputs({ tables }, inputs) {
    checkWithin(WHERE, columnsOf(tables), inputs)
    const added = tables.reduce((sum, { columns, units }) => sum + columns.length * units, 0)
    return inputs - columnsOf(tables).length + added
  },

  revive: ({ kind: _, tables, ...options }, resolvers) => makeEmbedding(tables, options, resolvers),

  parameters: ({ tables }) =>
    tables.map(({ categories, units, initializer, regularizer }, i) => ({
      name: tableName(tables, i),
      shape: [categories, units],
      layout: 'table',
      initializer,
      sparse: true,
      ...(regularizer && { regularizer }),
    })),

  trace({ tables }, origins) {
    const added = tables.reduce((sum, { columns, units }) => sum + columns.length * units, 0)
    return {
      origins: originsWithout(columnsOf(tables), added, origins),
      doors: tables.map((table) => doorOf(WHERE, table, origins)),
    }
  },

  lower({ tables }, builder, x) {
    const blocks = blocksOf(tables, x.cols)
    const last = tables.length - 1
    const y = builder.matrix(blocks[last][blocks[last].length - 1].at + tables[last].units)
    const kept = runsOf(othersOf(columnsOf(tables), x.cols))
    emitCopies(builder, x, y, kept)
    const places = tables.map((_, t) => builder.table(tableName(tables, t)))
    for (const [t, { categories, units }] of tables.entries()) {
      const { address: table } = places[t]
      for (const { column, at } of blocks[t]) {
        const pad = at + units === y.cols ? padOf(y.cols) : 0
        builder.emit(ops.takeRows, { ...wordsOf(x, column, y), categories, units, y: y.address + at * 4, table, pad })
      }
    }
    return {
      y,
      backward(dy, wanted) {
        if (wanted.parameters) {
          for (const [t, table] of tables.entries()) {
            emitGradient(builder, places[t], table, blocks[t], x, y, dy)
          }
        }
        if (!wanted.input) return undefined
        const dx = builder.matrix(x.cols)
        emitZeros(builder, dx)
        for (const { from, to, count } of kept) emitCopies(builder, dy, dx, [{ from: to, to: from, count }])
        builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

const wordsOf = (x: Matrix, column: number, y: Matrix) => ({
  x: x.address + column * 4,
  xStride: x.stride,
  yStride: y.stride,
})

/**
 * The table's gradient: cleared, then dy added row after row. Where the update visits only rows that occurred, so does the clearing: it
 * takes from lists which rows the batch before has left.
 */
function emitGradient(
  builder: Builder,
  { address: table, gradient, visit }: ReturnType<Builder['table']>,
  { categories, units }: Table,
  blocks: readonly Block[],
  x: Matrix,
  y: Matrix,
  dy: Matrix,
): void {
  for (const [b, { column }] of blocks.entries()) {
    // without lists the first clears everything
    if (b > 0 && !visit) continue
    const indices = { x: x.address + column * 4, xStride: x.stride, categories, units, gradient }
    const room = builder.rows
    builder.emit(ops.clearRows, visit ? { ...indices, list: builder.memory((1 + room) * 4), room } : indices)
  }
  for (const { column, at } of blocks) {
    const words = { x: x.address + column * 4, xStride: x.stride, categories, units, gradient }
    builder.emit(ops.addToRows, { ...words, dy: dy.address + at * 4, yStride: dy.stride })
    visit?.({ ...words, table, y: y.address + at * 4, yStride: y.stride })
  }
}

/**
 * Every column of indices becomes `units` values: the row of a trained table [categories, units] that the index chooses, zeros where it is -1,
 * missing. The columns that are not named stay, in order, and come first; the rows chosen follow, column by column as named. `columns` of one
 * table share it; a list makes several tables over the columns of the same input. PyTorch's `Embedding`, Keras' `Embedding`.
 * Indices must come from the model's input as they are, through `select`, `concatenate` and other embeddings only: so `fit` and `predict` check
 * them before anything happens. Plain SGD (no momentum, decay, penalty or clipping) changes and visits only rows that occur in the batch; other
 * optimizers see zeros for the others.
 * Default: rows from N(0, 0.05²).
 * @throws TypeError or RangeError naming the option; `sequential` refuses columns that rows do not have, or that layers have changed.
 */
export const embedding: (
  tables: EmbeddingTable | readonly EmbeddingTable[],
  options?: EmbeddingOptions,
) => EmbeddingLayer = carrying(WHERE, embeddingKind, (tables, options = {}) =>
  makeEmbedding(tables, options, forTraining),
)
