import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { minMaxScaler, standardScaler } from '../../src/data/scalers.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden } from '../support/golden.ts'
import { refuses } from '../support/refuses.ts'

interface ScalerCase {
  id: string
  metric: string
  inputs: Record<'fit' | 'transform', GoldenTensor>
  expect: Record<'mean' | 'scale' | 'out' | 'out_fit' | 'min' | 'max', GoldenTensor>
}
const cases = readGolden<{ cases: ScalerCase[] }>('metrics').cases
const FLOAT64 = { absolute: 1e-12, relative: 1e-12 }

test("scalers: standardScaler is scikit-learn's", () => {
  const golden = cases.filter(({ metric }) => metric === 'standard_scaler')
  assert.is(golden.length, 3)
  for (const { id, inputs, expect } of golden) {
    const cols = inputs.fit.shape[1]
    const scaler = standardScaler()
    assertClose(
      scaler.fitTransform(numbers(inputs.fit), cols),
      numbers(expect.out_fit),
      OPERATION,
      `${id} training rows`,
    )
    assertClose(scaler.mean, numbers(expect.mean), FLOAT64, `${id} mean`)
    assertClose(scaler.standardDeviation, numbers(expect.scale), FLOAT64, `${id} standard deviation`)
    const transformed = scaler.transform(numbers(inputs.transform))
    assertClose(transformed, numbers(expect.out), OPERATION, `${id} rows`)
    assertClose(scaler.inverseTransform(transformed), numbers(inputs.transform), OPERATION, `${id} inverse`)
    const { mean, standardDeviation } = JSON.parse(
      JSON.stringify({ mean: [...scaler.mean], standardDeviation: [...scaler.standardDeviation] }),
    )
    assert.equal(standardScaler({ mean, standardDeviation }).transform(numbers(inputs.transform)), transformed)
  }
})

test("scalers: minMaxScaler is scikit-learn's", () => {
  const golden = cases.filter(({ metric }) => metric === 'minmax_scaler')
  assert.is(golden.length, 3)
  for (const { id, inputs, expect } of golden) {
    const scaler = minMaxScaler().fit(numbers(inputs.fit), inputs.fit.shape[1])
    assertClose(scaler.minimum, numbers(expect.min), FLOAT64, `${id} minimum`)
    assertClose(scaler.maximum, numbers(expect.max), FLOAT64, `${id} maximum`)
    const transformed = scaler.transform(numbers(inputs.transform))
    assertClose(transformed, numbers(expect.out), OPERATION, `${id} rows`)
    assertClose(scaler.inverseTransform(transformed), numbers(inputs.transform), OPERATION, `${id} inverse`)
  }
  const wide = minMaxScaler({ range: [-1, 3] })
  assert.equal(
    [
      ...wide.fitTransform([
        [0, 5],
        [2, 5],
        [8, 5],
      ]),
    ],
    [-1, -1, 0, -1, 3, -1],
  )
  assert.equal([...wide.inverseTransform([[1, 0]])], [4, 5.25])
})

test('scalers: constant columns that float64 cannot sum exactly are only centred', () => {
  const x = Array.from({ length: 1000 }, () => [0.1, 12345.678])
  assert.equal([...standardScaler().fit(x).standardDeviation], [1, 1])
})

test('scalers: scalers say what is missing', () => {
  assert.throws(() => standardScaler().transform([[1]]), /standardScaler.transform: call fit\(x, cols\) first/)
  assert.throws(
    () => minMaxScaler().inverseTransform([[1]]),
    /minMaxScaler.inverseTransform: call fit\(x, cols\) first/,
  )
  assert.throws(() => standardScaler().fit(Float32Array.of(1, 2)), /standardScaler.fit: say how many columns "x" has/)
  assert.throws(() => standardScaler().fit([1, Number.NaN], 2), /"x" has NaN at row 0, column 1/)
  assert.throws(
    () => standardScaler({ mean: [1], standardDeviation: [0] }),
    /"standardDeviation" must be a finite number greater than 0/,
  )
  assert.throws(() => standardScaler({ mean: [1] }), /"mean" has 1 columns, "standardDeviation" 0/)
  assert.throws(() => minMaxScaler({ range: [1, 1] }), /"range\[1\]" must be a finite number greater than 1/)
  assert.throws(() => minMaxScaler({ min: 1 } as object), /minMaxScaler: unknown option "min"/)
})

test('scalers: large offsets are subtracted in float64: seconds of the Unix clock stay apart', () => {
  const seconds = Array.from({ length: 3601 }, (_, i) => [1.7e9 + i])
  for (const scaler of [standardScaler(), minMaxScaler({ range: [-1, 1] })]) {
    const scaled = scaler.fitTransform(seconds)
    assert.is(new Set(scaled).size, 3601)
    const flat = Float64Array.from(seconds, ([second]) => second)
    assert.equal(scaler.transform(flat), scaled)
    const back = scaler.inverseTransform(scaled)
    assertClose(back, flat, { absolute: 1e-3, relative: 0 }, 'back')
  }
  const three = [[1.7e9], [1.7e9 + 20], [1.7e9 + 40]]
  const root = Math.sqrt(1.5)
  assertClose(standardScaler().fitTransform(three), [-root, 0, root], { absolute: 1e-6, relative: 0 }, 'three')
})

test('scalers: JSON makes a fitted scaler of the same bits, by the factory and by fromJSON', () => {
  const rows = [
    [1.7e9, 0.1, 3],
    [1.7e9 + 7, 1 / 3, 4],
    [1.7e9 + 9, 2 / 3, 4],
  ]
  for (const make of [standardScaler, minMaxScaler] as const) {
    for (const options of [{}, { columns: [0, 2] }, make === minMaxScaler ? { range: [-2, 5] } : {}]) {
      const scaler = make(options as object).fit(rows)
      const json = JSON.parse(JSON.stringify(scaler))
      for (const restored of [make(json), make().fromJSON(json)]) {
        assert.equal(restored.transform(rows), scaler.transform(rows))
        assert.equal(restored.toJSON(), json)
      }
    }
  }
  const [standard, minMax] = [standardScaler().fit(rows).toJSON(), minMaxScaler().fit(rows).toJSON()]
  refuses(() => standardScaler().fromJSON(minMax), TypeError, 'unknown option "range"')
  refuses(() => standardScaler({ ...standard, kind: 'minMaxScaler' }), RangeError, 'got "kind" "minMaxScaler"')
  refuses(() => standardScaler().fromJSON(null), TypeError, 'options must be an object, got null')
  assert.equal(standardScaler().toJSON(), { kind: 'standardScaler', mean: [], standardDeviation: [] })
  assert.throws(() => standardScaler(standardScaler().toJSON()).transform([[1]]), /call fit\(x, cols\) first/)
})

test('scalers: what was learned must be numbers, one a column', () => {
  const bad =
    (mean: unknown, standardDeviation: unknown = [1, 1]) =>
    () =>
      standardScaler({ mean, standardDeviation } as object)
  refuses(bad([1, null]), TypeError, 'standardScaler: "mean" must be a number, got null')
  refuses(bad([1, '2']), TypeError, 'standardScaler: "mean" must be a number, got "2"')
  refuses(bad('12'), TypeError, 'standardScaler: "mean" must be an array, an entry a column')
  refuses(bad([1, Number.NaN]), RangeError, '"mean" must be a finite number')
  refuses(bad([1], [1, 1]), RangeError, '"mean" has 1 columns, "standardDeviation" 2')
  refuses(
    () => minMaxScaler({ minimum: [2], maximum: [1] }),
    RangeError,
    '"maximum" must be a finite number at least 2',
  )
})

test('scalers: columns that are not chosen pass as they are', () => {
  const rows = [
    [1, 10, 7],
    [3, 30, 9],
  ]
  assert.equal([...standardScaler({ columns: [1] }).fitTransform(rows)], [1, -1, 7, 3, 1, 9])
  const scaler = minMaxScaler({ columns: [0, 2] }).fit(rows)
  assert.equal([...scaler.transform(rows)], [0, 10, 0, 1, 30, 1])
  assert.equal([...scaler.inverseTransform([[1, 2, 0]])], [3, 2, 7])
  refuses(
    () => standardScaler({ columns: [3] }).fit(rows),
    RangeError,
    '"columns" names column 3, but "x" has 3 columns',
  )
  refuses(() => standardScaler({ columns: [] }), TypeError, '"columns" must be an array of the columns to scale')
})

test('scalers: what leaves float32 is refused by row and column, not made infinite', () => {
  const scaler = standardScaler().fit([
    [0, 0],
    [1e-30, 1],
  ])
  refuses(
    () =>
      scaler.transform([
        [0, 0],
        [1e30, 1],
      ]),
    RangeError,
    '"x" is 1e+30 at row 1, column 0, too far out',
  )
  refuses(() => standardScaler().fit([[1e308], [-1e308]]), RangeError, 'too wide for float64')
})

test.run()
