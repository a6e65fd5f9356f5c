/** One-hot encoding of index columns. */
import { checkOptions } from '../lib/check.ts'
import * as ops from '../machine/ops/features.ts'
import type { LayerKind } from './builder.ts'
import { carrying } from './carried.ts'
import { emitCopies, emitZeros, padOf, runsOf } from './columns.ts'
import { checkDistinct, checkIndexed, doorOf, type Indexed, originsWithout, othersOf } from './indices.ts'
import { checkWithin } from './select.ts'

export interface OneHotColumnsLayer extends Indexed {
  readonly kind: 'oneHotColumns'
}

export interface OneHotColumnsOptions {
  /** Input columns that hold indices: integers from 0 to categories - 1, or -1 for missing. */
  columns: number | readonly number[]
  categories: number
}

const WHERE = 'oneHotColumns'

const oneHotColumnsKind: LayerKind<OneHotColumnsLayer> = {
  outputs({ columns, categories }, inputs) {
    checkWithin(WHERE, columns, inputs)
    return inputs - columns.length + columns.length * categories
  },
  parameters: () => [],
  revive: ({ kind: _, ...options }) => oneHotColumns(options),
  trace(layer, origins) {
    const { columns, categories } = layer
    return {
      origins: originsWithout(columns, columns.length * categories, origins),
      doors: [doorOf(WHERE, layer, origins)],
    }
  },

  lower({ columns, categories }, builder, x) {
    const kept = runsOf(othersOf(columns, x.cols))
    const first = x.cols - columns.length
    const y = builder.matrix(first + columns.length * categories)
    emitCopies(builder, x, y, kept)
    for (const [i, column] of columns.entries()) {
      builder.emit(ops.markColumns, {
        x: x.address + column * 4,
        xStride: x.stride,
        categories,
        y: y.address + (first + i * categories) * 4,
        yStride: y.stride,
        pad: i === columns.length - 1 ? padOf(y.cols) : 0,
      })
    }
    return {
      y,
      backward(dy, wanted) {
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

/**
 * Replaces every index column by `categories` columns: 1 at the index, 0 elsewhere; all 0 for -1 (missing). The other columns
 * are kept, in order, and come first. Indices are checked as for `embedding`.
 * @throws TypeError or RangeError naming the option; `sequential` rejects columns that do not exist or that layers have changed.
 */
export const oneHotColumns: (options: OneHotColumnsOptions) => OneHotColumnsLayer = carrying(
  WHERE,
  oneHotColumnsKind,
  (options) => {
    checkOptions(WHERE, options, ['columns', 'categories'])
    const indexed = checkIndexed(WHERE, options)
    checkDistinct(WHERE, indexed.columns)
    return Object.freeze({ kind: WHERE, ...indexed })
  },
)
