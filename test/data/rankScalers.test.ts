// Scalers by the order of values, against scikit-learn's definitions written as plain loops.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { quantileScaler, robustScaler } from '../../src/data/rankScalers.ts'
import { normalQuantile } from '../../src/lib/normal.ts'
import { refuses } from '../support/refuses.ts'

const rows = 57
const x = Float64Array.from({ length: rows * 3 }, (_, i) => {
  const [row, column] = [Math.floor(i / 3), i % 3]
  // a skew one, one of few values, one that is constant
  return [Math.exp(Math.sin(row * 7.3) * 3), Math.floor(row / 9) ** 2, 4][column]
})
const columnOf = (values: ArrayLike<number>, c: number) =>
  Array.from({ length: values.length / 3 }, (_, r) => values[r * 3 + c])

/** numpy.percentile with linear interpolation. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.slice().sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  return sorted[below] + ((sorted[below + 1] ?? sorted[below]) - sorted[below]) * (at - below)
}

/** numpy.interp. */
function interpolate(value: number, from: readonly number[], to: readonly number[]): number {
  let j = -1
  while (j + 1 < from.length && from[j + 1] <= value) j++
  if (j < 0) return to[0]
  if (j === from.length - 1) return to[j]
  return to[j] + ((value - from[j]) * (to[j + 1] - to[j])) / (from[j + 1] - from[j])
}

/** sklearn.preprocessing.QuantileTransformer, uniform, one value. */
function uniform(value: number, column: readonly number[], count: number): number {
  const most = Math.min(count, column.length)
  const references = Array.from({ length: most }, (_, i) => i / (most - 1))
  const quantiles = references.map((share) => percentile(column, share))
  if (value === quantiles[0]) return 0
  if (value === quantiles[most - 1]) return 1
  const back = (list: readonly number[]) => list.map((entry) => -entry).reverse()
  return 0.5 * (interpolate(value, quantiles, references) - interpolate(-value, back(quantiles), back(references)))
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  assert.is(actual.length, expected.length)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

test('robustScaler: median and quartiles', () => {
  const scaler = robustScaler().fit(x, 3)
  const scaled = scaler.transform(x)
  for (let c = 0; c < 3; c++) {
    const column = columnOf(x, c)
    const median = percentile(column, 0.5)
    const range = percentile(column, 0.75) - percentile(column, 0.25) || 1
    assertClose([scaler.median[c], scaler.interquartileRange[c]], [median, range], 1e-14, `column ${c}`)
    assertClose(
      columnOf(scaled, c),
      column.map((value) => (value - median) / range),
      1e-7,
      `column ${c} row`,
    )
  }
  assertClose(scaler.inverseTransform(scaled), [...x], 1e-6, 'inverse')
  const again = robustScaler(JSON.parse(JSON.stringify(scaler)))
  assert.equal(again.transform(x), scaled)
  assert.equal(
    robustScaler({ columns: [1] })
      .fit(x, 3)
      .transform(x)[0],
    Math.fround(x[0]),
  )
  assert.equal([...robustScaler().fitTransform([5], 1)], [0])
})

test('robustScaler: clip draws outliers in', () => {
  const plain = robustScaler().fit(x, 3).transform(x)
  const scaler = robustScaler({ clip: 3 }).fit(x, 3)
  const clipped = scaler.transform(x)
  assertClose(
    clipped,
    Array.from(plain, (z) => z / Math.sqrt(1 + (z / 3) ** 2)),
    1e-6,
    'clipped',
  )
  assert.ok(clipped.every((value) => Math.abs(value) < 3))
  assertClose(scaler.inverseTransform(clipped), [...x], 1e-4, 'inverse')
  assert.equal(JSON.parse(JSON.stringify(scaler)).clip, 3)
  assert.equal(robustScaler(JSON.parse(JSON.stringify(scaler))).transform(x), clipped)
  refuses(() => scaler.inverseTransform([[3, 0, 0]]), RangeError, 'too far out for the scale')
})

test("quantileScaler: scikit-learn's, with ties, few quantiles and values beyond", () => {
  const others = Float64Array.of(-1, -1, 4, 0.5, 3, 5, 2.5, 16, 4, 100, 100, 3, 1, 25, 4)
  for (const count of [1000, 11, 2]) {
    const scaler = quantileScaler({ count }).fit(x, 3)
    for (const values of [x, others]) {
      const scaled = scaler.transform(values)
      for (let c = 0; c < 3; c++) {
        const column = columnOf(x, c)
        const expected = columnOf(values, c).map((value) => uniform(value, column, count))
        assertClose(columnOf(scaled, c), expected, 1e-6, `${count} quantiles, column ${c}, row`)
      }
    }
    const again = quantileScaler(JSON.parse(JSON.stringify(scaler)))
    assert.equal(again.transform(others), scaler.transform(others))
  }
  const all = quantileScaler().fit(x, 3)
  assertClose(columnOf(all.inverseTransform(all.transform(x)), 0), columnOf(x, 0), 1e-5, 'inverse')
  assert.equal(
    columnOf(
      all.inverseTransform([
        [-1, 0, 0.5],
        [2, 1, 1],
      ]),
      0,
    ),
    [Math.min(...columnOf(x, 0)), Math.max(...columnOf(x, 0))],
  )
})

test('quantileScaler: onto the normal distribution', () => {
  const scaler = quantileScaler({ output: 'normal' }).fit(x, 3)
  const scaled = columnOf(scaler.transform(x), 0)
  const column = columnOf(x, 0)
  const farthest = 5.199337582605575
  const expected = column.map((value) => {
    if (value === Math.min(...column)) return -farthest
    if (value === Math.max(...column)) return farthest
    return normalQuantile(uniform(value, column, 1000))
  })
  assertClose(scaled, expected, 1e-6, 'normal')
  assertClose(columnOf(scaler.inverseTransform(scaler.transform(x)), 0), column, 1e-5, 'inverse')
  assert.equal([...quantileScaler().fitTransform([5], 1)], [0])
  // so large that nothing is within 1e-7 of them
  const large = quantileScaler({ output: 'normal' }).fit([1e10, 2e10, 3e10], 1)
  assert.equal([...large.transform([1e10, 2e10, 3e10])], [-farthest, 0, farthest].map(Math.fround))
})

test('columns that are wider than float64 are refused', () => {
  const wide = [-1.7e308, 1.7e308]
  const message = 'a column is too wide for float64; scale its values down first'
  refuses(() => robustScaler().fit([...wide, ...wide], 1), RangeError, `robustScaler.fit: ${message}`)
  refuses(() => quantileScaler().fit(wide, 1), RangeError, `quantileScaler.fit: ${message}`)
  refuses(() => quantileScaler({ quantiles: [wide] }), RangeError, `quantileScaler: ${message}`)
})

test('options and what was saved are checked', () => {
  const robust = (options: object) => () => robustScaler(options)
  refuses(robust({ clip: 0 }), RangeError, 'robustScaler: "clip" must be a finite number greater than 0, got 0')
  refuses(robust({ median: [1] }), RangeError, 'robustScaler: "median" has 1 columns, "interquartileRange" 0')
  refuses(robust({ range: 1 }), TypeError, 'robustScaler: unknown option "range"')
  const quantiles = (options: object) => () => quantileScaler(options)
  refuses(quantiles({ count: 0 }), RangeError, 'quantileScaler: "count" must be a whole number at least 1, got 0')
  refuses(quantiles({ output: 'gauss' }), RangeError, 'unknown output "gauss"')
  refuses(quantiles({ quantiles: [[2, 1]] }), RangeError, '"quantiles[1]" must be a finite number at least 2')
  refuses(quantiles({ quantiles: [5] }), TypeError, '"quantiles" of a column must be an array of numbers, got 5')
  refuses(quantiles({ kind: 'robustScaler' }), RangeError, 'expected what a quantileScaler learned')
  refuses(() => quantileScaler().transform([1]), Error, 'quantileScaler.transform: call fit(x, cols) first')
})
test.run()
