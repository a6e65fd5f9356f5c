import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkFloats } from '../../src/data/arrays.ts'
import { readFeatures } from '../../src/data/features.ts'
import { readTargets } from '../../src/data/targets.ts'
import { splitRows } from '../../src/data/validation.ts'
import { readWeights } from '../../src/data/weights.ts'
import { refusesExactly as refuses, refuses as refusesWith } from '../support/refuses.ts'

const features = (x: unknown, inputs = 2) => readFeatures('fit', 'x', x, inputs)

test('data: a Float32Array of features is used without a copy', () => {
  const x = Float32Array.of(1, 2, 3, 4, 5, 6)
  const read = features(x)
  assert.is(read.values, x)
  assert.is(read.rows, 3)
  assert.is(checkFloats('fit', 'x', x, 3), 2)
})

test('data: every form of features gives the same rows', () => {
  const expected = Float32Array.of(1, 2, 3, 4)
  const nested = [
    [1, 2],
    [3, 4],
  ]
  const forms = [
    [1, 2, 3, 4],
    Float64Array.of(1, 2, 3, 4),
    Uint8Array.of(1, 2, 3, 4),
    Int16Array.of(1, 2, 3, 4),
    { length: 4, 0: 1, 1: 2, 2: 3, 3: 4 },
    nested,
    nested.map((row) => Float32Array.from(row)),
    nested.map((row) => Uint8Array.from(row)),
  ]
  for (const form of forms) {
    const read = features(form)
    assert.instance(read.values, Float32Array)
    assert.equal([...read.values], [...expected])
    assert.is(read.rows, 2)
  }
})

test('data: bad features are refused by row and column', () => {
  const many = new Float32Array(785)
  refuses(() => features(many, 784), RangeError, 'fit: "x" has 785 values, not a multiple of the model\'s 784 inputs')
  refuses(() => features([]), RangeError, 'fit: "x" is empty')
  refuses(() => features(new Float32Array(0)), RangeError, 'fit: "x" is empty')
  refuses(() => features([1, 2, 3]), RangeError, 'fit: "x" has 3 values, not a multiple of the model\'s 2 inputs')
  refuses(() => features([[1, 2], [3]]), RangeError, 'fit: "x" row 1 has 1 values, expected the model\'s 2 inputs')
  refuses(() => features([[1], [2]]), RangeError, 'fit: "x" row 0 has 1 values, expected the model\'s 2 inputs')
  refuses(() => features([[1, 2], 3]), TypeError, 'fit: "x" row 1 must be an array of 2 numbers, got 3')
  refuses(
    () => features(Float32Array.of(1, 2, 3, Number.NaN)),
    RangeError,
    'fit: "x" has NaN at row 1, column 1; drop the row or fill the value in',
  )
  refuses(
    () => features([1, 2, Number.NEGATIVE_INFINITY, 4]),
    RangeError,
    'fit: "x" has -Infinity at row 1, column 0; drop the row or fill the value in',
  )
  refuses(
    () => features([[1, 1e39]]),
    RangeError,
    'fit: "x" has 1e+39 at row 0, column 1; beyond the range of float32; scale the values',
  )
  refuses(() => features([1, '2']), TypeError, 'fit: "x" must hold only numbers, got "2" at row 0, column 1')
  refuses(() => features([[1, null]]), TypeError, 'fit: "x" must hold only numbers, got null at row 0, column 1')
  // biome-ignore lint/suspicious/noSparseArray: holes must be refused
  refuses(() => features([1, , 3, 4]), TypeError, 'fit: "x" must hold only numbers, got undefined at row 0, column 1')
  for (const x of ['12', 12, null, undefined, {}, new DataView(new ArrayBuffer(8))]) {
    assert.throws(() => features(x), /^fit: "x" must be a Float32Array, an array of numbers or an array of rows, got /)
  }
  assert.throws(() => features(BigInt64Array.of(1n, 2n)), /convert it with Float32Array.from\(values, Number\)/)
})

test('data: whatever is finite comes through, whatever is not is found', () => {
  const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1 }),
      fc.nat(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
      (x, at, bad) => {
        const read = features(x, 3)
        assert.equal([...read.values], x.flat())
        const spoiled = read.values.slice()
        const index = at % spoiled.length
        spoiled[index] = bad
        assert.throws(
          () => features(spoiled, 3),
          new RegExp(`"x" has ${bad} at row ${Math.floor(index / 3)}, column ${index % 3};`),
        )
      },
    ),
  )
})

test('data: in many floats, too, whatever is finite comes through, whatever is not is found', () => {
  const bits = new Uint32Array(1)
  const noNumber = (word: number) => {
    bits[0] = word
    return new Float32Array(bits.buffer)[0]
  }
  const finite = [0, -0, 1.401298464324817e-45, -3.4028234663852886e38, 3.4028234663852886e38, 2 ** -126, -1]
  const others = [Number.NaN, noNumber(0xff800001), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const length of [1024, 1025, 1030, 1031]) {
    const values = new Float32Array(length + 1).subarray(1).map((_, i) => finite[i % finite.length])
    assert.is(checkFloats('fit', 'x', values, 1), length)
    for (const at of [0, 1, 2, 3, 514, length - 4, length - 3, length - 2, length - 1]) {
      for (const other of others) {
        const kept = values[at]
        values[at] = other
        const message = `fit: "x" has ${other} at row ${at}; drop the row or fill the value in`
        refuses(() => checkFloats('fit', 'x', values, 1), RangeError, message)
        values[at] = kept
      }
    }
  }
})

test('data: weights by row and by class multiply', () => {
  const spec = { targets: Int32Array.of(0, 2, 1, 2), outputs: 3, rows: 4 }
  const weights = (more: object) => readWeights('fit', { ...spec, ...more })
  assert.is(weights({}), undefined)
  assert.equal([...(weights({ sampleWeight: [1, 2, 0.5, 0] }) ?? [])], [1, 2, 0.5, 0])
  assert.equal([...(weights({ classWeight: { 2: 3 } }) ?? [])], [1, 3, 1, 3])
  assert.equal([...(weights({ classWeight: [0.5, 1, 2] }) ?? [])], [0.5, 2, 1, 2])
  assert.equal([...(weights({ classWeight: new Map([[2, 3]]) }) ?? [])], [1, 3, 1, 3])
  assert.equal([...(weights({ sampleWeight: [1, 2, 0.5, 0], classWeight: { 0: 4, 2: 3 } }) ?? [])], [4, 6, 0.5, 0])
  const soft = readWeights('fit', {
    classWeight: [1, 10],
    targets: Float32Array.of(0.7, 0.3, 0.2, 0.8),
    outputs: 2,
    rows: 2,
  })
  assert.equal([...(soft ?? [])], [1, 10])
  const binary = readWeights('fit', { classWeight: { 1: 5 }, targets: Float32Array.of(0, 1, 0.4), outputs: 1, rows: 3 })
  assert.equal([...(binary ?? [])], [1, 5, 1])
})

test('data: bad weights are refused', () => {
  const spec = { targets: Int32Array.of(0, 2), outputs: 3, rows: 2 }
  const weights = (more: object) => () => readWeights('fit', { ...spec, ...more })
  refuses(weights({ sampleWeight: [1] }), RangeError, 'fit: "sampleWeight" has 1 values, but "x" has 2 rows')
  refuses(
    weights({ sampleWeight: [1, -1] }),
    RangeError,
    'fit: "sampleWeight" is -1 at row 1; weights must be at least 0',
  )
  refuses(
    weights({ sampleWeight: [1, Number.NaN] }),
    RangeError,
    'fit: "sampleWeight" has NaN at row 1; drop the row or fill the value in',
  )
  refuses(weights({ sampleWeight: [0, 0] }), RangeError, 'fit: the weights of all 2 rows are 0')
  refuses(weights({ classWeight: { 0: 0, 2: 0 } }), RangeError, 'fit: the weights of all 2 rows are 0')
  refuses(weights({ classWeight: [1, 2] }), RangeError, 'fit: "classWeight" has 2 weights, expected 3, one a class')
  refuses(weights({ classWeight: { 3: 1 } }), RangeError, 'fit: "classWeight" names class "3"; the classes are 0 to 2')
  refuses(
    weights({ classWeight: { cat: 1 } }),
    RangeError,
    'fit: "classWeight" names class "cat"; the classes are 0 to 2',
  )
  refuses(
    weights({ classWeight: { 1: -2 } }),
    RangeError,
    'fit: "classWeight[1]" must be a finite number at least 0, got -2',
  )
  refuses(
    weights({ classWeight: 'equal' }),
    TypeError,
    `fit: "classWeight" must be an object, a Map or an array of weights by class, or 'balanced', got "equal"`,
  )
  for (const classWeight of [new Set([1]), new Date(), /x/]) {
    assert.throws(weights({ classWeight }), /"classWeight" must be an object, a Map or an array/)
  }
  refuses(
    weights({ classWeight: new Map([['', 1]]) }),
    RangeError,
    'fit: "classWeight" names class ""; the classes are 0 to 2',
  )
  refuses(
    weights({ classWeight: { 0: 1e39 } }),
    RangeError,
    'fit: "classWeight[0]" is 1e+39, beyond the range of float32 (3.4e38)',
  )
  refuses(
    weights({ sampleWeight: [1, 2 ** 100], classWeight: { 2: 2 ** 100 } }),
    RangeError,
    'fit: "sampleWeight" times "classWeight" is 1.6069380442589903e+60 at row 1, beyond the range of float32 (3.4e38)',
  )
})

test('data: class weights need rows that have a class', () => {
  const multiHot = { targets: Float32Array.of(1, 0, 1, 1), outputs: 2, rows: 2, classWeight: [1, 2] }
  for (const rowClasses of ['label', 'largest'] as const) {
    refuses(
      () => readWeights('fit', { ...multiHot, rowClasses }),
      RangeError,
      'fit: "classWeight" needs one class a row, but row 1 of "y" has several or none; use "sampleWeight"',
    )
  }
  const oneHot = { ...multiHot, targets: Float32Array.of(1, -1, 0, 1) }
  assert.equal([...(readWeights('fit', { ...oneHot, rowClasses: 'label' }) ?? [])], [1, 2])
  refuses(
    () => readWeights('fit', { ...oneHot, rowClasses: 'none' }),
    TypeError,
    'fit: "classWeight" needs classes, but the loss is of quantities; use "sampleWeight"',
  )
})

test('data: balanced classes weigh the same together', () => {
  const targets = Int32Array.of(0, 2, 2, 2, 0, 2)
  const weights = readWeights('fit', { targets, outputs: 4, rows: 6, classWeight: 'balanced' })
  // class_weight.compute_class_weight('balanced', classes=[0, 2], y=targets) is [1.5, 0.75]
  assert.equal([...(weights ?? [])], [1.5, 0.75, 0.75, 0.75, 1.5, 0.75])
})

test('data: a batch may have no weight, a data set may not', () => {
  const spec = { targets: Int32Array.of(0, 2), outputs: 3, rows: 2, sampleWeight: [0, 0] }
  assert.equal([...(readWeights('trainStep', { ...spec, batch: true }) ?? [])], [0, 0])
})

test('data: the last rows validate', () => {
  assert.is(splitRows('fit', 100, 0.15), 85)
  assert.is(splitRows('fit', 1000, 0.3), 700)
  assert.is(splitRows('fit', 100, 0.9), 10)
  assert.is(splitRows('fit', 7, 0.5), 3)
  for (let percent = 1; percent < 100; percent++) assert.is(splitRows('fit', 100, percent / 100), 100 - percent)
  refuses(
    () => splitRows('fit', 1, 0.5),
    RangeError,
    'fit: "validationSplit" 0.5 of 1 rows leaves 0 to train on and 1 to validate on',
  )
  for (const fraction of [0, 1, -0.1, Number.NaN])
    assert.throws(() => splitRows('fit', 10, fraction), /"validationSplit" must be a finite number/)
})

test('data: no room is made for entries before they are looked at', () => {
  const { arrayBuffers } = process.memoryUsage()
  const claims = [
    { length: 2e9 },
    { length: 2e9, 0: 1 },
    { length: 2e9, 0: [1, 2] },
    { length: 2e9, 0: [1, 2], 1: [1, 2] },
  ] as unknown as ArrayLike<number>[]
  for (const x of claims) {
    refusesWith(() => readFeatures('fit', 'x', x, 2), TypeError, /^fit: "x" .*, got undefined/)
    const target = { kind: 'values', outputs: 1, rows: 1 } as const
    refusesWith(() => readTargets('fit', 'y', x, target), RangeError, /^fit: "y" has 2000000000/)
  }
  assert.ok(process.memoryUsage().arrayBuffers - arrayBuffers < 1e7)
  const long = Array.from({ length: 200_001 }, (_, i) => i)
  assert.equal(readFeatures('fit', 'x', long, 1).values, Float32Array.from(long))
})

test('data: objects in the place of arrays are refused with what was expected', () => {
  const read =
    (x: unknown, inputs = 2) =>
    () =>
      readFeatures('fit', 'x', x, inputs)
  refuses(
    read({ xs: [1, 2], ys: [1] }),
    TypeError,
    'fit: "x" must be a Float32Array, an array of numbers or an array of rows, got an object with "xs", "ys"; pass its arrays as arguments of their own',
  )
  refuses(
    read([{ width: 1, height: 2 }], 1),
    TypeError,
    'fit: "x" must hold only numbers, got an object with "width", "height" at row 0; make every row an array, its columns in the order of the inputs',
  )
  refusesWith(
    read([[1, 2], { a: 1, b: 2, c: 3, d: 4, e: 5 }]),
    TypeError,
    'fit: "x" row 1 must be an array of 2 numbers, got an object with "a", "b", "c", "d", ...',
  )
  refusesWith(read(new Map()), TypeError, 'got a Map')
  refusesWith(read(BigInt64Array.of(1n)), TypeError, 'convert it with Float32Array.from(values, Number)')
})

test.run()
