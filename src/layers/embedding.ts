/** Embedding tables: trained rows looked up by columns of indices. */
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
  /** Input columns that hold indices: integers from 0 to categories - 1, or -1 for missing. They share the table. */
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

/** `table`, or `table_1`, ... if there are several. */
export const tableName = (tables: readonly Table[], i: number): string =>
  tables.length === 1 ? 'table' : `table_${i + 1}`

/** A table's index column, and where its looked-up rows start in the output. */
interface Block {
  readonly column: number
  readonly at: number
}

/** The blocks of each table, after the columns that are kept. */
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
 * The table's gradient: cleared, then dy accumulated row by row. Where the update visits only the looked-up rows, so does
 * clearing: lists record which rows the previous batch wrote.
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
    // without lists, the first block clears the whole table
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
 * Replaces every index column by `units` values: the row of a trained table [categories, units] at that index, zeros for -1 (missing).
 * The other columns are kept, in order, and come first; the looked-up rows follow in the order of `columns`. The `columns` of one
 * table share it; a list of options makes several tables over columns of the same input. PyTorch's `Embedding`, Keras' `Embedding`.
 * Indices must reach the layer unchanged from the model's input, through `select`, `concatenate` and other embeddings only, so that
 * `fit` and `predict` can check them before anything runs. Plain SGD (no momentum, decay, penalty or clipping) reads and writes only
 * the rows that occur in the batch; for other optimizers the remaining rows have gradient 0.
 * Default: rows drawn from N(0, 0.05²).
 * @throws TypeError or RangeError naming the option; `sequential` rejects columns that do not exist or that layers have changed.
 */
export const embedding: (
  tables: EmbeddingTable | readonly EmbeddingTable[],
  options?: EmbeddingOptions,
) => EmbeddingLayer = carrying(WHERE, embeddingKind, (tables, options = {}) =>
  makeEmbedding(tables, options, forTraining),
)
