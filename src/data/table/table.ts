/** A table in memory: columns of numbers, dates or categories. Plain objects, so that anything can make one. */

export type ColumnType = 'number' | 'category' | 'date' | 'text'

interface Named {
  readonly name: string
  /** Cells without a value. */
  readonly missing: number
}

export interface NumberColumn extends Named {
  readonly type: 'number'
  /** One a row, NaN where it is missing. */
  readonly values: Float64Array
}

export interface DateColumn extends Named {
  readonly type: 'date'
  /** Milliseconds since 1970 in UTC, one a row, NaN where it is missing. */
  readonly values: Float64Array
}

export interface CategoryColumn extends Named {
  readonly type: 'category'
  /** All different, in the order in which they first occur. */
  readonly categories: readonly string[]
  /** Index of the category, one a row, -1 where it is missing. */
  readonly codes: Int8Array | Int16Array | Int32Array
}

/** Text that differs from row to row, of which nothing is kept. */
export interface TextColumn extends Named {
  readonly type: 'text'
}

export type TableColumn = NumberColumn | DateColumn | CategoryColumn | TextColumn

export interface Table {
  /** Their names are all different. */
  readonly columns: readonly TableColumn[]
  readonly rows: number
  /** Cells that stand for a missing value, as they were read. */
  readonly missing: readonly string[]
  /** What reading decided that a user may want to know. */
  readonly notes: readonly string[]
}

export const COLUMN_TYPES = ['number', 'category', 'date', 'text'] as const

/** What stands in tables for a value that is not known. */
export const MISSING: readonly string[] = ['', 'NA', 'N/A', 'NaN', 'null', '?']

/** Of a column, as of a dictionary. */
export const MOST_CATEGORIES = 2 ** 16
