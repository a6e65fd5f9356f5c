/** A table in memory: columns of numbers, dates or categories. Plain objects, so that anything can make one. */

export type ColumnType = 'number' | 'category' | 'date' | 'text'

interface Named {
  readonly name: string
  /** Number of missing cells. */
  readonly missing: number
}

export interface NumberColumn extends Named {
  readonly type: 'number'
  /** One per row, NaN if missing. */
  readonly values: Float64Array
}

export interface DateColumn extends Named {
  readonly type: 'date'
  /** Milliseconds since 1970 in UTC, one per row, NaN if missing. */
  readonly values: Float64Array
}

export interface CategoryColumn extends Named {
  readonly type: 'category'
  /** Distinct, in order of first occurrence. */
  readonly categories: readonly string[]
  /** Index of the category, one per row, -1 if missing. */
  readonly codes: Int8Array | Int16Array | Int32Array
}

/** Text that differs from row to row; its contents are not kept. */
export interface TextColumn extends Named {
  readonly type: 'text'
}

export type TableColumn = NumberColumn | DateColumn | CategoryColumn | TextColumn

export interface Table {
  /** With distinct names. */
  readonly columns: readonly TableColumn[]
  readonly rows: number
  /** Cells that stood for a missing value. */
  readonly missing: readonly string[]
  /** Decisions made while reading that the user may want to know. */
  readonly notes: readonly string[]
}

export const COLUMN_TYPES = ['number', 'category', 'date', 'text'] as const

/** Default texts for missing values. */
export const MISSING: readonly string[] = ['', 'NA', 'N/A', 'NaN', 'null', '?']

/** Maximum per column, and per dictionary. */
export const MOST_CATEGORIES = 2 ** 16
