/** Columns of indices as columns of zeros and ones. */
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
  /** Columns of its input that hold indices, whole numbers from 0 to categories - 1, or -1 for missing. */
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
 * Every column of indices becomes `categories` columns, 1 where the index is, 0 elsewhere and where it is -1, missing. The columns that
 * are not named stay, in order, and come first. The indices are checked as those of `embedding` are.
 * @throws TypeError or RangeError naming the option; `sequential` refuses columns that rows do not have, or that layers have changed.
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
