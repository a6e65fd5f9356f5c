/** Index columns: features that select rows of a table. */
import type { Door } from '../data/features.ts'
import { checkInteger } from '../lib/check.ts'
import type { Origins } from './builder.ts'
import { checkColumns } from './select.ts'

/** Columns that hold integers from 0 to categories - 1, or -1 for missing. */
export interface Indexed {
  readonly columns: readonly number[]
  readonly categories: number
}

/** float32 represents all integers up to here. */
const MOST_CATEGORIES = 2 ** 24

/** @throws TypeError or RangeError naming the option. */
export function checkIndexed(where: string, options: { columns: unknown; categories: unknown }): Indexed {
  return {
    columns: checkColumns(where, options.columns),
    categories: checkInteger(where, 'categories', options.categories, 1, MOST_CATEGORIES),
  }
}

/** @throws RangeError for a column that is named twice. */
export function checkDistinct(where: string, columns: readonly number[]): void {
  const twice = columns.find((column, i) => columns.indexOf(column) < i)
  if (twice !== undefined) throw new RangeError(`${where}: column ${twice} is named twice; a column has one table`)
}

/** The columns of rows of `inputs` features that are not in `columns`, in order. */
export function othersOf(columns: readonly number[], inputs: number): number[] {
  const taken = new Set(columns)
  return Array.from({ length: inputs }, (_, column) => column).filter((column) => !taken.has(column))
}

/** Origins after removing columns and appending `added` computed ones. */
export function originsWithout(columns: readonly number[], added: number, origins: Origins): Origins {
  const taken = [...columns].sort((a, b) => a - b)
  const kept = origins.width - taken.length
  return {
    width: kept + added,
    of(column) {
      if (column >= kept) return undefined
      let from = column
      for (const one of taken) if (one <= from) from++
      return origins.of(from)
    },
  }
}

/**
 * The check that the columns impose on the model's features.
 * @throws RangeError if an earlier layer has changed one of them.
 */
export function doorOf(where: string, { columns, categories }: Indexed, origins: Origins): Door {
  const inputs = columns.map((column) => {
    const origin = origins.of(column)
    if (origin === undefined) {
      throw new RangeError(
        `${where}: column ${column} is computed by the layers before; indices must come from the input as they are, through select, concatenate and other embeddings only`,
      )
    }
    return origin
  })
  return (called, name, values, rows, width) => {
    for (const column of inputs) {
      for (let r = 0, at = column; r < rows; r++, at += width) {
        const index = values[at]
        if (index >= -1 && index < categories && Number.isInteger(index)) continue
        throw new RangeError(
          `${called}: "${name}" row ${r}, column ${column} is ${index}; ${where} takes whole numbers from 0 to ${categories - 1} there, or -1 for missing`,
        )
      }
    }
  }
}
