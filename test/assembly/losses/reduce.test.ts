/** Gathering rows, the mean of row losses and counting correct predictions, on every target. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CORRECT_BINARY, CORRECT_ONE_HOT, CORRECT_SPARSE } from '../../../src/abi/batches.ts'
import { RECORD_CORRECT, RECORD_FIRST, RECORD_LOSS, RECORD_WEIGHT } from '../../../src/abi/records.ts'
import * as ops from '../../../src/machine/ops/ops.ts'
import { Sheet } from '../../support/sheet.ts'
import { targets } from '../../support/targets.ts'

/** First largest; -1 with a NaN. */
function argmax(row: readonly number[]): number {
  return row.some(Number.isNaN) ? -1 : row.indexOf(Math.max(...row))
}

const slice = (values: readonly number[], cols: number, r: number) => values.slice(r * cols, (r + 1) * cols)

for (const target of targets) {
  const reduce = suite(`reduce on ${target}`)

  reduce('gather copies the rows of the order table from its first entry and leaves the padding alone', () => {
    for (const cols of [1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 17, 64, 100, 513, 784]) {
      for (const first of [0, 2]) {
        for (const rows of [1, 3, 6]) {
          const sheet = new Sheet(target)
          const source = Array.from({ length: 5 * cols }, (_, i) => i + 1)
          const from = sheet.floats(source)
          const order = sheet.ints([4, 0, 3, 3, 1, 2, 0, 4])
          const to = sheet.matrix(rows, cols)
          sheet.arena.floats(to.address, (rows * to.stride) / 4).fill(-5)
          sheet.step(ops.gather, { from, to: to.address, order, cols, toStride: to.stride })
          sheet.run(rows, {}, { [RECORD_FIRST]: first })
          const wanted = [4, 0, 3, 3, 1, 2, 0, 4].slice(first, first + rows).flatMap((r) => slice(source, cols, r))
          assert.equal([...sheet.read(to)], wanted, `${rows} x ${cols} from ${first}`)
          assert.ok(
            sheet.padding(to).every((pad) => pad === -5),
            `${rows} x ${cols} padding`,
          )
        }
      }
    }
  })

  reduce('gather moves words of any kind: class indices into a packed column, NaN payloads', () => {
    const sheet = new Sheet(target)
    const words = [7, -1, 0x7fa00001, 0x7f800001, 2 ** 31 - 1]
    const from = sheet.ints(words)
    const to = sheet.ints([0, 0, 0, 0, 0])
    sheet.step(ops.gather, { from, to, order: sheet.ints([4, 3, 2, 1, 0]), cols: 1, toStride: 4 })
    sheet.run(5)
    assert.equal([...sheet.arena.ints(to, 5)], words.toReversed())
  })

  reduce('the mean loss is the weighted mean in float64', () => {
    const row = fc.record({
      loss: fc.float({ min: 0, max: 100, noNaN: true }),
      weight: fc.constantFrom(0, 0.5, 1, 2, 3.25),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), fc.boolean(), (list, weighted) => {
        const sheet = new Sheet(target)
        const losses = sheet.floats(list.map(({ loss }) => loss))
        const weights = weighted ? sheet.floats(list.map(({ weight }) => weight)) : 0
        sheet.step(ops.meanLoss, { rowLosses: losses, weights })
        const record = sheet.run(list.length)
        let total = 0
        let sum = 0
        for (const { loss, weight } of list) {
          total += weighted ? weight : 1
          sum += loss * (weighted ? weight : 1)
        }
        assert.is(sheet.arena.f64[(record + RECORD_WEIGHT * 4) / 8], total)
        assert.is(sheet.arena.f64[(record + RECORD_LOSS * 4) / 8], total === 0 ? 0 : sum / total)
      }),
      { numRuns: 60 },
    )
  })

  reduce('a row without weight does not count, whatever its loss', () => {
    const sheet = new Sheet(target)
    const rowLosses = sheet.floats([1, Number.POSITIVE_INFINITY, 3])
    const record = sheet.step(ops.meanLoss, { rowLosses, weights: sheet.floats([1, 0, 1]) }).run(3)
    assert.is(sheet.arena.f64[(record + RECORD_LOSS * 4) / 8], 2)
  })

  /** Correct rows or outputs of hand-made outputs; targets are classes, or rows like the outputs. */
  function count(
    mode: number,
    cols: number,
    outputs: readonly number[],
    wanted: readonly number[],
    threshold = 0.5,
  ): number {
    const rows = outputs.length / cols
    const sheet = new Sheet(target)
    const y = sheet.matrix(rows, cols, outputs)
    const t = mode === CORRECT_SPARSE ? { address: sheet.ints(wanted), stride: 4 } : sheet.matrix(rows, cols, wanted)
    sheet.step(ops.correct, {
      mode,
      outputs: y.address,
      stride: y.stride,
      cols,
      targets: t.address,
      targetsStride: t.stride,
      threshold,
    })
    const record = sheet.run(rows)
    return sheet.arena.f64[(record + RECORD_CORRECT * 4) / 8]
  }

  reduce('correct predictions of classes, one-hot rows and independent outputs, with ties', () => {
    // few distinct values, all negative or not, make ties and maxima next to the padding likely
    const value = fc.constantFrom(-3, -2, -1, -0.5, 0, 0.25, 0.5, 1)
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 5 }),
      cols: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 10, 33),
    })
    const data = shape.chain(({ rows, cols }) =>
      fc.record({
        cols: fc.constant(cols),
        y: fc.array(value, { minLength: rows * cols, maxLength: rows * cols }),
        t: fc.array(value, { minLength: rows * cols, maxLength: rows * cols }),
        classes: fc.array(fc.integer({ min: 0, max: cols - 1 }), { minLength: rows, maxLength: rows }),
        threshold: fc.constantFrom(0, 0.5),
      }),
    )
    fc.assert(
      fc.property(data, ({ cols, y, t, classes, threshold }) => {
        const found = classes.map((_, r) => argmax(slice(y, cols, r)))
        const sparse = found.filter((c, r) => c === classes[r]).length
        const oneHot = found.filter((c, r) => c === argmax(slice(t, cols, r))).length
        const binary = y.filter((value, i) => value > threshold === t[i] > 0.5).length
        assert.is(count(CORRECT_SPARSE, cols, y, classes), sparse)
        assert.is(count(CORRECT_ONE_HOT, cols, y, t), oneHot)
        assert.is(count(CORRECT_BINARY, cols, y, t, threshold), binary)
      }),
      { numRuns: 80 },
    )
  })

  reduce('wide rows find a largest value at any place; NaN is never correct', () => {
    for (const cols of [100, 513]) {
      for (const place of [0, 1, 4, 63, cols - 2, cols - 1]) {
        const y = Array.from({ length: cols }, (_, c) => (c === place ? 2 : -1 - (c % 3)))
        assert.is(count(CORRECT_SPARSE, cols, y, [place]), 1)
        assert.is(count(CORRECT_SPARSE, cols, y, [(place + 1) % cols]), 0)
        const spoilt = y.with((place + 7) % cols, Number.NaN)
        assert.is(count(CORRECT_SPARSE, cols, spoilt, [place]), 0)
      }
    }
  })

  reduce.run()
}
