import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { minMaxScaler, oneHot, shuffle, standardScaler, trainTestSplit } from '../../src/data/preprocessing.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden } from '../support/golden.ts'

interface ScalerCase {
  id: string
  metric: string
  inputs: Record<'fit' | 'transform', GoldenTensor>
  expect: Record<'mean' | 'scale' | 'out' | 'out_fit' | 'min' | 'max', GoldenTensor>
}
const cases = readGolden<{ cases: ScalerCase[] }>('metrics').cases
const FLOAT64 = { absolute: 1e-12, relative: 1e-12 }

test("preprocessing: standardScaler is scikit-learn's", () => {
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

test("preprocessing: minMaxScaler is scikit-learn's", () => {
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

test('preprocessing: constant columns that float64 cannot sum exactly are only centred', () => {
  const x = Array.from({ length: 1000 }, () => [0.1, 12345.678])
  assert.equal([...standardScaler().fit(x).standardDeviation], [1, 1])
})

test('preprocessing: scalers say what is missing', () => {
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

test('preprocessing: oneHot', () => {
  assert.equal([...oneHot([1, 0, 2])], [0, 1, 0, 1, 0, 0, 0, 0, 1])
  assert.equal([...oneHot(Uint8Array.of(1, 0), 3)], [0, 1, 0, 1, 0, 0])
  assert.throws(() => oneHot([1, 3], 3), /oneHot: "labels" row 1 is class 3/)
  assert.throws(() => oneHot([0.5, 1]), /oneHot: "labels" row 0 is 0.5, not a class index/)
  assert.throws(() => oneHot([-1]), /oneHot: "labels" row 0 is class -1/)
  assert.throws(() => oneHot([]), /oneHot: "labels" is empty/)
})

/** Rows [i, -i] with y = i. */
const counted = (rows: number) => ({
  x: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 ? -1 : 1) * Math.floor(i / 2)),
  y: Int32Array.from({ length: rows }, (_, i) => i),
})

test('preprocessing: shuffle keeps rows together and inputs untouched', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), (rows, seed) => {
      const { x, y } = counted(rows)
      const shuffled = shuffle(x, y, { seed, columns: 2 })
      assert.instance(shuffled.y, Int32Array)
      shuffled.y.forEach((label, i) => {
        assert.is(shuffled.x[2 * i], label)
        assert.is(shuffled.x[2 * i + 1] + label, 0)
        assert.is(shuffled.order[i], label)
      })
      assert.equal(
        [...shuffled.y].sort((a, b) => a - b),
        [...y],
      )
      assert.equal({ x, y }, counted(rows))
      assert.equal(shuffle(x, y, { seed, columns: 2 }), shuffled)
    }),
  )
  const nested = shuffle(
    [[1], [2], [3]],
    [
      [10, 11],
      [20, 21],
      [30, 31],
    ],
    { seed: 1 },
  )
  assert.ok(Array.isArray(nested.y))
  assert.equal(
    nested.y.map(([first]) => first / 10),
    [...nested.x],
  )
  const wide = shuffle([[1], [2], [3]], [10, 11, 20, 21, 30, 31], { seed: 1 })
  assert.equal(wide.y, nested.y.flat())
})

test('preprocessing: trainTestSplit parts every row once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 60 }),
      fc.nat(),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      (rows, seed, testSize) => {
        const { x, y } = counted(rows)
        const parts = trainTestSplit(x, y, { columns: 2, seed, testSize })
        assert.is(parts.yTest.length, Math.ceil(testSize * rows - 1e-9))
        assert.equal(
          [...parts.yTrain, ...parts.yTest].sort((a, b) => a - b),
          [...y],
        )
        assert.equal([...parts.testRows], [...parts.yTest])
        for (const [i, label] of parts.yTrain.entries()) assert.is(parts.xTrain[2 * i], label)
        for (const [i, label] of parts.yTest.entries()) assert.is(parts.xTest[2 * i], label)
      },
    ),
  )
  const { x, y } = counted(100)
  assert.is(trainTestSplit(x, y, { columns: 2 }).yTest.length, 25)
  assert.is(trainTestSplit(x, y, { columns: 2, testSize: 7 }).yTest.length, 7)
  assert.not.equal(
    trainTestSplit(x, y, { columns: 2, seed: 1 }).testRows,
    trainTestSplit(x, y, { columns: 2, seed: 2 }).testRows,
  )
})

test('preprocessing: stratified parts have the proportions of the whole', () => {
  const y = [...new Array(60).fill(0), ...new Array(30).fill(1), ...new Array(10).fill(2)]
  const x = y.map((label, i) => [i, label])
  for (let seed = 0; seed < 5; seed++) {
    const { yTest, yTrain } = trainTestSplit(x, y, { seed, testSize: 0.2, stratify: true })
    const count = (labels: number[], label: number) => labels.filter((each) => each === label).length
    assert.equal(
      [0, 1, 2].map((label) => count(yTest, label)),
      [12, 6, 2],
    )
    assert.equal(
      [0, 1, 2].map((label) => count(yTrain, label)),
      [48, 24, 8],
    )
  }
  // 10 rows in three classes of 4, 3, 3: shares of 2 test rows are 0.8, 0.6, 0.6
  const { yTest } = trainTestSplit([[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]], [0, 0, 0, 0, 1, 1, 1, 2, 2, 2], {
    testSize: 2,
    stratify: true,
  })
  assert.is(yTest.length, 2)
  assert.ok(yTest.includes(0))
  assert.is(new Set(yTest).size, 2)
})

test('preprocessing: what cannot be split is refused', () => {
  const { x, y } = counted(4)
  assert.throws(() => trainTestSplit(x, y, {}), /trainTestSplit: say how many columns "x" has/)
  assert.throws(
    () => trainTestSplit(x, y.subarray(1), { columns: 2 }),
    /trainTestSplit: "y" has 3 values, but "x" has 4 rows/,
  )
  assert.throws(
    () => trainTestSplit(x, y, { columns: 2, testSize: 4 }),
    /"testSize" 4 of 4 rows leaves none to train on/,
  )
  assert.throws(
    () => trainTestSplit(x, y, { columns: 2, testSize: 0 }),
    /"testSize" must be a finite number greater than 0/,
  )
  assert.throws(() => trainTestSplit(x, y, { columns: 2, testSize: 1.5 }), /"testSize" must be a whole number/)
  assert.throws(
    () => trainTestSplit(x, [0.5, 1, 1, 0], { columns: 2, stratify: true }),
    /"y" row 0 is 0.5, not a class index/,
  )
  assert.throws(() => shuffle(x, y, { columns: 2, seed: -1 }), /"seed" must be a whole number/)
})

test.run()
