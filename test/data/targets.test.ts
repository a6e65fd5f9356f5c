import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readTargets } from '../../src/data/targets.ts'
import { refusesExactly as refuses } from '../support/refuses.ts'

const classes = (y: unknown, rows: number, outputs = 3) =>
  readTargets('fit', 'y', y, { kind: 'classes', outputs, rows })
const values = (y: unknown, rows: number, outputs = 1, more = {}) =>
  readTargets('fit', 'y', y, { kind: 'values', outputs, rows, ...more })

test('data: classes as integers or one-hot', () => {
  const labels = Int32Array.of(2, 0, 1)
  assert.is(classes(labels, 3), labels)
  const forms = [
    [2, 0, 1],
    Uint8Array.of(2, 0, 1),
    Uint32Array.of(2, 0, 1),
    Float32Array.of(2, 0, 1),
    [[2], [0], [1]],
    [0, 0, 1, 1, 0, 0, 0, 1, 0],
    Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0),
    Uint8Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0),
    [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ],
  ]
  for (const form of forms) {
    const read = classes(form, 3)
    assert.instance(read, Int32Array)
    assert.equal([...read], [2, 0, 1])
  }
})

test('data: bad classes are refused by row', () => {
  refuses(
    () => classes([0, 1, 3], 3),
    RangeError,
    'fit: "y" row 2 is class 3, but the model\'s 3 outputs stand for classes 0 to 2',
  )
  refuses(
    () => classes(Int32Array.of(0, -1, 2), 3),
    RangeError,
    'fit: "y" row 1 is class -1, but the model\'s 3 outputs stand for classes 0 to 2',
  )
  refuses(() => classes([0.5, 1, 2], 3), RangeError, 'fit: "y" row 0 is 0.5, not a class index from 0 to 2')
  refuses(
    () => classes([0, 1, 1 + 1e-12], 3),
    RangeError,
    'fit: "y" row 2 is 1.000000000001, not a class index from 0 to 2',
  )
  refuses(
    () => classes(Float32Array.of(Number.NaN, 1, 2), 3),
    RangeError,
    'fit: "y" row 0 is NaN, not a class index from 0 to 2',
  )
  refuses(
    () => classes([[0, 1, 1]], 1),
    RangeError,
    'fit: "y" row 0 is not one-hot: it has more than one 1; for soft labels use categoricalCrossentropy',
  )
  refuses(
    () => classes([[0, 0.5, 0.5]], 1),
    RangeError,
    'fit: "y" row 0 is not one-hot: it holds 0.5; for soft labels use categoricalCrossentropy',
  )
  refuses(
    () =>
      classes(
        [
          [1, 0, 0],
          [0, 0, 0],
        ],
        2,
      ),
    RangeError,
    'fit: "y" row 1 is not one-hot: all its values are 0',
  )
  refuses(() => classes([0, 1], 3), RangeError, 'fit: "y" has 2 values, but "x" has 3 rows: expected 3 (or 9, one-hot)')
  refuses(() => classes([[0], [1]], 3), RangeError, 'fit: "y" has 2 rows, but "x" has 3')
  refuses(() => classes([[0, 1]], 1), RangeError, 'fit: "y" row 0 has 2 values, expected the model\'s 3 outputs')
  refuses(() => classes(['cat'], 1), TypeError, 'fit: "y" must hold only numbers, got "cat" at row 0')
  refuses(() => classes([], 1), RangeError, 'fit: "y" is empty')
  assert.throws(() => classes('abc', 3), /"y" must be a Float32Array/)
})

test('data: values, one or several a row', () => {
  const y = Float32Array.of(0.5, -1, 2)
  assert.is(values(y, 3), y)
  assert.is(values(Float32Array.of(1, 2, 3, 4), 2, 2).length, 4)
  assert.equal([...values([0.5, -1, 2], 3)], [...y])
  assert.equal([...values([[0.5], [-1], [2]], 3)], [...y])
  assert.equal([...values(Int32Array.of(0, 1, 1), 3)], [0, 1, 1])
  assert.equal(
    [
      ...values(
        [
          [1, 2],
          [3, 4],
        ],
        2,
        2,
      ),
    ],
    [1, 2, 3, 4],
  )
  refuses(
    () => values([1, 2, 3], 3, 2),
    RangeError,
    'fit: "y" has 3 values, but "x" has 3 rows: expected 6 (3 rows of 2)',
  )
  refuses(() => values([1, 2], 3), RangeError, 'fit: "y" has 2 values, but "x" has 3 rows: expected 3')
  refuses(() => values([[1, 2], [3]], 2, 2), RangeError, 'fit: "y" row 1 has 1 values, expected 2')
  refuses(
    () => values(Float32Array.of(0, Number.NaN), 2),
    RangeError,
    'fit: "y" has NaN at row 1; drop the row or fill the value in',
  )
  refuses(
    () =>
      readTargets('fit', 'validationData[1]', [1], {
        kind: 'values',
        outputs: 1,
        rows: 2,
        rowsOf: 'validationData[0]',
      }),
    RangeError,
    'fit: "validationData[1]" has 1 values, but "validationData[0]" has 2 rows: expected 2',
  )
})

test('data: the range of a loss is kept', () => {
  const binary = { minimum: 0, maximum: 1 }
  assert.equal([...values(Uint8Array.of(0, 1), 2, 1, binary)], [0, 1])
  refuses(
    () => values([0, 1, 2], 3, 1, binary),
    RangeError,
    'fit: "y" is 2 at row 2; the loss takes targets from 0 to 1',
  )
  refuses(
    () =>
      values(
        [
          [0, 1],
          [0, -0.5],
        ],
        2,
        2,
        binary,
      ),
    RangeError,
    'fit: "y" is -0.5 at row 1, column 1; the loss takes targets from 0 to 1',
  )
  refuses(
    () => values([-1], 1, 1, { minimum: 0 }),
    RangeError,
    'fit: "y" is -1 at row 0; the loss takes targets of at least 0',
  )
})

test('data: categorical losses take class indices too', () => {
  const oneHot = [0, 0, 1, 1, 0, 0]
  for (const y of [
    [2, 0],
    Int32Array.of(2, 0),
    [[2], [0]],
    [
      [0, 0, 1],
      [1, 0, 0],
    ],
    Float32Array.from(oneHot),
  ]) {
    const read = values(y, 2, 3, { categorical: true })
    assert.instance(read, Float32Array)
    assert.equal([...read], oneHot)
  }
  refuses(
    () => values([3, 0], 2, 3, { categorical: true }),
    RangeError,
    'fit: "y" row 0 is class 3, but the model\'s 3 outputs stand for classes 0 to 2',
  )
  refuses(() => values([2, 0], 2, 3), RangeError, 'fit: "y" has 2 values, but "x" has 2 rows: expected 6 (2 rows of 3)')
})

test.run()
