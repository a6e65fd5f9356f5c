import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { oneHot, shuffle, trainTestSplit } from '../../src/data/split.ts'

test('split: oneHot', () => {
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

test('split: shuffle keeps rows together and inputs untouched', () => {
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

test('split: trainTestSplit parts every row once', () => {
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

test('split: stratified parts have the proportions of the whole', () => {
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

test('split: what cannot be split is refused', () => {
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
