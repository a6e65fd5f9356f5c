/** Learns an encoder's features and target from training rows: medians and quartiles, categories, classes. */
import type { CategoryColumn, DateColumn, NumberColumn } from '../data/table/table.ts'
import type { CategoryFeature, DateFeature, NumberFeature, Scale } from './features.ts'
import { partsOf } from './features.ts'

/** The q-quantile of n sorted values with linear interpolation: NumPy's default, type 7 of Hyndman and Fan (1996). */
function quantile(n: number, at: (index: number) => number, q: number): number {
  const place = q * (n - 1)
  const index = Math.floor(place)
  const low = at(index)
  const high = at(Math.min(index + 1, n - 1))
  const share = place - index
  if (low === high) return low
  // the difference may overflow float64
  const span = high - low
  return Number.isFinite(span) ? low + span * share : low * (1 - share) + high * share
}

/** 1 / (high - low) without overflow. */
const inverse = (low: number, high: number): number => {
  const span = high - low
  return Number.isFinite(span) ? Math.min(1 / span, Number.MAX_VALUE) : 0.5 / (high / 2 - low / 2)
}

/** [median, 1 / (q75 - q25)]; if the quartiles are equal, 2 / (maximum - minimum); if those are equal too, 0. */
function scaleOf(n: number, at: (index: number) => number): Scale {
  const low = quantile(n, at, 0.25)
  const high = quantile(n, at, 0.75)
  const minimum = at(0)
  const maximum = at(n - 1)
  const factor = low < high ? inverse(low, high) : minimum < maximum ? inverse(minimum / 2, maximum / 2) : 0
  return [quantile(n, at, 0.5), factor]
}

const scaleOfSorted = (values: Float64Array): Scale => scaleOf(values.length, (index) => values[index])

/** The scale from distinct values and their counts, in ascending order. */
function scaleOfCounts(counts: readonly (readonly [value: number, count: number])[]): Scale {
  const present = counts.filter(([, count]) => count > 0)
  const total = present.reduce((sum, [, count]) => sum + count, 0)
  return scaleOf(total, (index) => {
    let before = 0
    for (const [value, count] of present) {
      before += count
      if (index < before) return value
    }
    return Number.NaN
  })
}

/** The non-missing values of some rows, sorted. */
function sortedValues(values: Float64Array, rows: Int32Array): Float64Array {
  const out = new Float64Array(rows.length)
  let count = 0
  for (const row of rows) if (!Number.isNaN(values[row])) out[count++] = values[row]
  return out.subarray(0, count).sort()
}

/** The missing-value indicator, if any value is missing. */
const missingOf = (present: number, rows: number): { missing?: Scale } =>
  present === rows
    ? {}
    : {
        missing: scaleOfCounts([
          [0, present],
          [1, rows - present],
        ]),
      }

/** Undefined if there are no values. */
export function learnNumber({ name, values }: NumberColumn, rows: Int32Array): NumberFeature | undefined {
  const sorted = sortedValues(values, rows)
  const { length } = sorted
  if (length === 0) return undefined
  return {
    type: 'number',
    name,
    minimum: sorted[0],
    maximum: sorted[length - 1],
    scale: scaleOfSorted(sorted),
    ...missingOf(length, rows.length),
  }
}

export function learnDate({ name, values }: DateColumn, rows: Int32Array): DateFeature | undefined {
  const sorted = sortedValues(values, rows)
  const { length } = sorted
  if (length === 0) return undefined
  const parts = [0, 1, 2, 3].map(() => new Float64Array(length))
  for (const [i, value] of sorted.entries()) for (const [k, part] of partsOf(value).entries()) parts[k][i] = part
  const [year, month, dayOfWeek, seconds] = parts.map((part) => scaleOfSorted(part.sort()))
  return { type: 'date', name, scales: [year, month, dayOfWeek, seconds], ...missingOf(length, rows.length) }
}

/** @param most maximum number of categories to one-hot encode; with more, they are encoded as an index. */
export function learnCategories(
  { name, categories, codes }: CategoryColumn,
  rows: Int32Array,
  most: number,
): CategoryFeature | undefined {
  const counts = new Int32Array(categories.length)
  for (const row of rows) if (codes[row] >= 0) counts[codes[row]]++
  const found = categories.map((text, i) => ({ text, count: counts[i] })).filter(({ count }) => count > 0)
  // by code units, independent of the locale
  found.sort((a, b) => (a.text < b.text ? -1 : 1))
  const { length } = found
  if (length === 0) return undefined
  const plain = { type: 'category', name, categories: found.map(({ text }) => text) } as const
  if (length === 2) {
    const [first, second] = found.map(({ count }) => count)
    const scale = scaleOfCounts([
      [-1, second],
      [0, rows.length - first - second],
      [1, first],
    ])
    return { ...plain, encoding: 'sign', scales: [scale] }
  }
  if (length > most) return { ...plain, encoding: 'index', scales: [] }
  const scales = found.map(({ count }) =>
    scaleOfCounts([
      [0, rows.length - count],
      [1, count],
    ]),
  )
  return { ...plain, encoding: 'oneHot', scales }
}
