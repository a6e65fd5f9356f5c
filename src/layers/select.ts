/** A selection of columns. */
import { checkInteger, checkOptions, show } from '../lib/check.ts'
import type { LayerKind } from './builder.ts'
import { carrying } from './carried.ts'
import { emitAdditions, emitCopies, emitZeros, runsOf } from './columns.ts'

export interface SelectLayer {
  readonly kind: 'select'
  readonly columns: readonly number[]
}

export interface SelectOptions {
  columns: number | readonly number[]
}

/**
 * Columns as a frozen list.
 * @throws TypeError or RangeError unless they are a nonempty list of integers >= 0.
 */
export function checkColumns(where: string, columns: unknown): readonly number[] {
  const list: unknown = typeof columns === 'number' ? [columns] : columns
  if (!Array.isArray(list) || list.length === 0)
    throw new TypeError(`${where}: "columns" must be a column or an array of columns, got ${show(columns)}`)
  return Object.freeze(Array.from(list, (column, i) => checkInteger(where, `columns[${i}]`, column, 0)))
}

/** @throws RangeError for a column that rows of `inputs` features do not have. */
export function checkWithin(where: string, columns: readonly number[], inputs: number): void {
  const beyond = columns.find((column) => column >= inputs)
  if (beyond !== undefined)
    throw new RangeError(`${where}: there is no column ${beyond} in rows of ${inputs}, which are 0 to ${inputs - 1}`)
}

const selectKind: LayerKind<SelectLayer> = {
  outputs({ columns }, inputs) {
    checkWithin('select', columns, inputs)
    return columns.length
  },
  parameters: () => [],
  revive: ({ kind: _, ...options }) => select(options),
  trace: ({ columns }, origins) => ({
    origins: { width: columns.length, of: (column) => origins.of(columns[column]) },
    doors: [],
  }),
  lower({ columns }, builder, x) {
    const y = builder.matrix(columns.length)
    const runs = runsOf(columns)
    emitCopies(builder, x, y, runs)
    return {
      y,
      backward(dy, wanted) {
        if (!wanted.input) return undefined
        const dx = builder.matrix(x.cols)
        emitZeros(builder, dx)
        const back = runs.map(({ from, to, count }) => ({ from: to, to: from, count }))
        emitAdditions(builder, dy, dx, back)
        builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
}

/**
 * y = x[:, columns]; repeats are allowed. Lets branches read different columns of one wide row.
 * @throws TypeError or RangeError unless columns are integers >= 0; `sequential` rejects those that rows do not have.
 */
export const select: (options: SelectOptions) => SelectLayer = carrying('select', selectKind, (options) => {
  checkOptions('select', options, ['columns'])
  return Object.freeze({ kind: 'select', columns: checkColumns('select', options.columns) })
})
