/**
 * How a table column becomes input columns: each is shifted, scaled and smoothly clipped as in RealMLP (Holzmüller, Grinsztajn
 * and Steinwart 2024, arXiv:2407.04491, 3.1):
 *
 *   z = (value - median) · factor
 *   x = z / √(1 + (z / 3)²)
 */

/** [median, factor] of the training rows; the factor of a constant column is 0. */
export type Scale = readonly [median: number, factor: number]

export interface NumberFeature {
  readonly type: 'number'
  readonly name: string
  /** Over the training rows. */
  readonly minimum: number
  readonly maximum: number
  readonly scale: Scale
  /** Of the missing-value indicator; present if the column had missing values in training. */
  readonly missing?: Scale
}

export interface DateFeature {
  readonly type: 'date'
  readonly name: string
  /** Of year, month, day of week and seconds. */
  readonly scales: readonly [Scale, Scale, Scale, Scale]
  readonly missing?: Scale
}

/** sign: 1 for the first category, -1 for the second; oneHot: one column each; index: the category's index, for an embedding. */
export const CATEGORY_ENCODINGS = ['sign', 'oneHot', 'index'] as const

export interface CategoryFeature {
  readonly type: 'category'
  readonly name: string
  /** The categories of the training rows, sorted. */
  readonly categories: readonly string[]
  readonly encoding: (typeof CATEGORY_ENCODINGS)[number]
  /** One for `sign`, one per category for `oneHot`, none for `index`. */
  readonly scales: readonly Scale[]
}

export type Feature = NumberFeature | DateFeature | CategoryFeature

/** An output column of the encoder. */
export interface EncodedColumn {
  /** Such as `age`, `age missing`, `born year`, `island=Biscoe`. */
  readonly name: string
  /** The table column that it is computed from. */
  readonly column: string
  /** `index` columns hold integers from 0 to `categories` - 1, or -1, for an embedding; all others are scaled. */
  readonly kind: 'number' | 'missing' | 'year' | 'month' | 'dayOfWeek' | 'seconds' | 'sign' | 'oneHot' | 'index'
  /** The category of a `oneHot` column. */
  readonly category?: string
  /** The number of categories of an `index` column. */
  readonly categories?: number
}

const DATE_PARTS = ['year', 'month', 'dayOfWeek', 'seconds'] as const

/** The output columns of a feature, in order. */
export function columnsOf(feature: Feature): EncodedColumn[] {
  const { name: column } = feature
  const missing: EncodedColumn[] =
    'missing' in feature && feature.missing ? [{ name: `${column} missing`, column, kind: 'missing' }] : []
  if (feature.type === 'number') return [{ name: column, column, kind: 'number' }, ...missing]
  if (feature.type === 'date') {
    return [...DATE_PARTS.map((kind) => ({ name: `${column} ${kind}`, column, kind })), ...missing]
  }
  const { categories, encoding } = feature
  if (encoding === 'index') return [{ name: column, column, kind: 'index', categories: categories.length }]
  if (encoding === 'sign') return [{ name: column, column, kind: 'sign' }]
  return categories.map((category) => ({ name: `${column}=${category}`, column, kind: 'oneHot', category }))
}

export const widthOf = (feature: Feature): number => {
  if (feature.type === 'category') return feature.encoding === 'oneHot' ? feature.categories.length : 1
  return (feature.type === 'date' ? DATE_PARTS.length : 1) + (feature.missing ? 1 : 0)
}

/** Year, month (1 to 12), day of week (Monday 1 to Sunday 7) and seconds since 1970, in UTC. */
export function partsOf(milliseconds: number): [year: number, month: number, dayOfWeek: number, seconds: number] {
  const date = new Date(milliseconds)
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDay() || 7, milliseconds / 1000]
}

/** Beyond it, the clipped value equals 3. */
const FAR = 1e9

export function scaled(value: number, [median, factor]: Scale): number {
  if (factor === 0) return 0
  const z = (value - median) * factor
  if (z > FAR) return 3
  if (z < -FAR) return -3
  return z / Math.sqrt(1 + (z / 3) ** 2)
}

/**
 * Writes a feature's columns for every row into `out`, with `width` values per row, starting at column `first`.
 * @param cell a row's number, or milliseconds, NaN if missing; for categories the index, -1 if missing or unknown
 */
export function encodeFeature(
  feature: Feature,
  cell: (row: number) => number,
  rows: number,
  out: Float32Array,
  width: number,
  first: number,
): void {
  if (feature.type === 'category') {
    encodeCategory(feature, cell, rows, out, width, first)
    return
  }
  const isDate = feature.type === 'date'
  const present = feature.missing && scaled(0, feature.missing)
  const absent = feature.missing && scaled(1, feature.missing)
  for (let row = 0, at = first; row < rows; row++, at += width) {
    const value = cell(row)
    const isMissing = Number.isNaN(value)
    let next = at
    // missing: the median, which scales to 0
    if (!isDate) out[next++] = isMissing ? 0 : scaled(value, feature.scale)
    else {
      const parts = isMissing ? undefined : partsOf(value)
      for (const [i, scale] of feature.scales.entries()) out[next++] = parts ? scaled(parts[i], scale) : 0
    }
    if (present !== undefined && absent !== undefined) out[next] = isMissing ? absent : present
  }
}

function encodeCategory(
  { categories, encoding, scales }: CategoryFeature,
  cell: (row: number) => number,
  rows: number,
  out: Float32Array,
  width: number,
  first: number,
): void {
  const no = scales.map((scale) => scaled(0, scale))
  const yes = scales.map((scale) => scaled(1, scale))
  const second = encoding === 'sign' ? scaled(-1, scales[0]) : 0
  for (let row = 0, at = first; row < rows; row++, at += width) {
    const code = cell(row)
    if (encoding === 'index') out[at] = code
    else if (encoding === 'sign') out[at] = code < 0 ? no[0] : code === 0 ? yes[0] : second
    else for (let c = 0; c < categories.length; c++) out[at + c] = c === code ? yes[c] : no[c]
  }
}
