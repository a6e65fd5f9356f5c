/** Softmax and logSoftmax over rows: float64 oracle, finite differences, stability, padding, through the op list. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../../src/catalogue/activations.ts'
import { rowOracle } from '../../oracles/activations.ts'
import { isTiny, noise, ones, run } from '../../support/activate.ts'
import { assertClose, OPERATION } from '../../support/golden.ts'
import { targets } from '../../support/targets.ts'
import { sweep } from '../../support/ulp.ts'

const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 10, 100, 513]
const rowwise: readonly ActivationName[] = ['softmax', 'logSoftmax']

for (const target of targets) {
  const test = suite(`softmax on ${target}`)

  for (const kind of rowwise) {
    test(`${kind}: values, and finite differences of the float64 oracle, all widths`, () => {
      for (const cols of WIDTHS) {
        const rows = 3
        const x = noise(rows * cols, 3, cols)
        const dy = noise(rows * cols, 1, cols + 500)
        for (const options of [{}, { inPlace: true }, { fill: 50 }, { stride: 4096 }]) {
          const { y, dx, padding } = run(target, { kind }, rows, cols, x, dy, options)
          for (let r = 0; r < rows; r++) {
            const row = Float64Array.from(x.subarray(r * cols, (r + 1) * cols))
            assertClose(y.subarray(r * cols, (r + 1) * cols), rowOracle(kind, row), OPERATION, `${kind} ${cols} y`)
            const h = 1e-5
            const slopes = Array.from(row.subarray(0, 20), (value, i) => {
              row[i] = value + h
              const up = rowOracle(kind, row)
              row[i] = value - h
              const down = rowOracle(kind, row)
              row[i] = value
              return up.reduce((sum, at, j) => sum + (dy[r * cols + j] * (at - down[j])) / (2 * h), 0)
            })
            const actual = dx.subarray(r * cols, r * cols + slopes.length)
            assertClose(actual, slopes, { absolute: 4e-6, relative: 4e-5 }, `${kind} ${cols} dx`)
          }
          if (!('stride' in options))
            assert.ok(
              padding.every((value) => value === 0),
              `${kind} ${cols}: padding`,
            )
        }
      }
    })

    test(`${kind}: stable at ±1e4 and beyond`, () => {
      const rows = [
        [1e4, -1e4, 0],
        [1e4, 1e4, 1e4],
        [-1e4, -1e4, -1e4 + 1],
        [3e38, 0, -1],
        [-1e30, 88, 87],
      ]
      const { y, dx } = run(target, { kind }, rows.length, 3, rows.flat(), ones(15))
      const expected = rows.flatMap((row) => [...rowOracle(kind, row)])
      assertClose(y, expected, OPERATION, kind)
      assert.ok(dx.every(Number.isFinite))
      assert.is(y.findIndex(isTiny), -1)
    })

    test(`${kind}: a row with NaN or an infinite maximum is NaN throughout, other rows and the padding are untouched`, () => {
      for (const cols of WIDTHS) {
        const x = noise(3 * cols, 3, cols)
        const clean = run(target, { kind }, 3, cols, x, ones(3 * cols)).y
        for (const at of new Set([0, cols >> 1, cols - 1])) {
          for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
            const spoilt = x.slice()
            spoilt[cols + at] = value
            const { y, padding } = run(target, { kind }, 3, cols, spoilt, ones(3 * cols), { fill: 50 })
            const expected = clean.slice().fill(Number.NaN, cols, 2 * cols)
            assert.equal([...y], [...expected], `${cols} columns, ${value} in column ${at}`)
            const rowPadding = padding.length / 6
            assert.ok(
              padding.subarray(0, 3 * rowPadding).every((pad) => pad === 0),
              `${cols} columns: padding`,
            )
          }
        }
      }
    })

    test(`${kind}: a row's bits depend on no other row`, () => {
      const x = noise(6 * 37, 3)
      const dy = noise(6 * 37, 1, 9)
      const all = run(target, { kind }, 6, 37, x, dy)
      for (let r = 0; r < 6; r++) {
        const one = run(target, { kind }, 1, 37, x.subarray(r * 37, (r + 1) * 37), dy.subarray(r * 37, (r + 1) * 37))
        assert.equal(one.y, all.y.slice(r * 37, (r + 1) * 37))
        assert.equal(one.dx, all.dx.slice(r * 37, (r + 1) * 37))
      }
    })
  }

  test('softmax: any row sums to 1, no probability is denormal, order is kept', () => {
    const row = fc.array(fc.float({ min: -200, max: 200, noNaN: true }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(row, (x) => {
        const { y } = run(target, { kind: 'softmax' }, 1, x.length, x, ones(x.length))
        const sum = y.reduce((total, value) => total + value, 0)
        if (Math.abs(sum - 1) > 1e-6 || y.some((value) => isTiny(value) || value < 0)) return false
        return x.every((value, i) => x.every((other, j) => value < other || y[i] >= y[j]))
      }),
      { numRuns: 60, seed: 7 },
    )
  })

  test('softmax and logSoftmax gradients hold no denormals', () => {
    const x = sweep(-110, -1e-3, 999)
    for (const kind of rowwise) {
      for (const scale of [1, 1e-36, 1e-38]) {
        const dy = noise(x.length, scale)
        assert.is(run(target, { kind }, 1, x.length, x, dy).dx.findIndex(isTiny), -1, `${kind} ${scale}`)
      }
    }
  })

  test.run()
}
