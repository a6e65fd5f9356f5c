/**
 * 8-bit kernels against integer sums and float32 roundings one by one, bit for bit: the same on every target. Activations against
 * float64.
 */
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import { MOST } from '../../../src/abi/int8.ts'
import { DOTS_PAIRS, DOTS_WHOLE } from '../../../src/abi/layout.ts'
import { type ActivationName, activationKinds } from '../../../src/catalogue/activations.ts'
import * as ops from '../../../src/machine/ops/ops.ts'
import { TILES } from '../../../src/machine/tuner.ts'
import { oracle, rowOracle } from '../../oracles/activations.ts'
import { noise } from '../../support/activate.ts'
import { assertSame } from '../../support/dense.ts'
import { expectedOutputs, type Grain, Int8Bench, quantizedRow, type Rows, type Weights } from '../../support/int8.ts'
import { Sheet } from '../../support/sheet.ts'
import { type Target, targets } from '../../support/targets.ts'

const ROWS = [1, 2, 3, 5, 6, 7, 13]
const INPUTS = [1, 3, 5, 8, 100, 513]
const UNITS = [1, 3, 5, 8, 10, 56, 100]
const shapes = [
  ...ROWS.flatMap((rows) => INPUTS.map((inputs, i) => [rows, inputs, UNITS[(i + rows) % UNITS.length]] as const)),
  ...UNITS.map((units) => [1, 40, units] as const),
  [64, 20, 17],
] as const
const title = (shape: readonly number[]) => shape.join('x')

/** Whole numbers from `least` to `most`, both of which occur. */
const whole = (count: number, seed: number, least: number, most: number) =>
  Array.from(noise(count, most, seed), (value, i) =>
    i === 0 ? most : i === 1 ? least : Math.min(Math.max(Math.round(value), least), most),
  )

const rowsOf = (rows: number, cols: number): Rows => ({
  q: Uint8Array.from(whole(rows * cols, 5 + cols, 0, MOST)),
  scales: Float32Array.from({ length: rows }, (_, r) => 0.01 * (r + 1)),
  zeros: Int32Array.from({ length: rows }, (_, r) => (r * 31 + 127) % (MOST + 1)),
})

const weightsOf = (inputs: number, units: number): Weights => ({
  inputs,
  units,
  w: Int8Array.from(whole(inputs * units, 7 + units, -MOST, MOST)),
  scales: Float32Array.from({ length: units }, (_, u) => 0.001 * ((u % 7) + 1)),
  b: noise(units, 1, 9 + inputs),
})

for (const target of targets) {
  const kernels = suite(`int8 (${target})`)

  kernels('rows are quantized by ranges of their own that hold 0', () => {
    for (const rows of ROWS) {
      for (const cols of INPUTS) {
        // of both signs, positive, negative, large, small, nothing at all
        const x = noise(rows * cols, 3, rows + cols)
        for (let i = 0; i < x.length; i++) {
          const kind = Math.floor(i / cols) % 6
          if (kind === 1) x[i] = Math.abs(x[i])
          if (kind === 2) x[i] = -Math.abs(x[i])
          if (kind === 3) x[i] *= 5e37
          if (kind === 4) x[i] *= 1e-17
          if (kind === 5) x[i] = 0
        }
        checkRows(new Int8Bench(target, rows).quantize(x, cols), x, cols)
      }
    }
  })

  kernels('ranges and values that are no numbers are found wherever they are', () => {
    for (const cols of [1, 8, 9, 21, 32, 40]) {
      const rows = Array.from({ length: cols }, (_, at) =>
        [5, -5, Number.NaN, Number.NEGATIVE_INFINITY].map((value) => noise(cols, 1, at).fill(value, at, at + 1)),
      ).flat()
      const x = Float32Array.from(rows.flatMap((row) => [...row]))
      checkRows(new Int8Bench(target, rows.length).quantize(x, cols), x, cols)
    }
  })

  kernels('a range may be wider than a float, or as narrow as floats that count', () => {
    for (const x of [
      [3.4e38, -3.4e38, 1e38],
      [2 ** -63, 0, 0],
      [-(2 ** -63), 2 ** -63, 0],
    ]) {
      const row = Float32Array.from(x)
      const got = new Int8Bench(target, 1).quantize(row, 3)
      checkRows(got, row, 3)
      row.forEach((value, c) => {
        const back = (got.q[c] - got.zeros[0]) * got.scales[0]
        assert.ok(Math.abs(back - value) <= got.scales[0] * 0.51, `${value} became ${back}`)
      })
    }
  })

  kernels('rows are quantized by a range that is given, beyond which values are taken for its ends', () => {
    const cols = 21
    const x = noise(3 * cols, 3, 4)
    x.set([3e38, -3e38, 0, 40, -40])
    const grain = { scale: Math.fround(0.03), zero: 50 }
    const got = new Int8Bench(target, 3).quantize(x, cols, grain)
    checkRows(got, x, cols, grain)
    assert.equal([...got.q.subarray(0, 5)], [MOST, 0, 50, MOST, 0])
  })

  kernels('a row with a value that is no number is none, whatever the others are', () => {
    for (const spoilt of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const at of [0, 3, 4, 9, 12]) {
        for (const grain of [undefined, { scale: 0.5, zero: 3 }]) {
          const x = noise(3 * 13, 1, 2)
          x[13 + at] = spoilt
          const got = new Int8Bench(target, 3).quantize(x, 13, grain)
          checkRows(got, x, 13, grain)
          const of = weightsOf(13, 9)
          const { y, next } = new Int8Bench(target, 3).dense(got, of, { to: { scale: 1, zero: 1 } })
          y.forEach((value, i) => {
            assert.is(Number.isNaN(value), Math.floor(i / 9) === 1, `y ${i}`)
          })
          assert.equal([...(next?.scales ?? [])], [1, Number.NaN, 1])
        }
      }
    }
  })

  kernels('dense layers sum exactly and round as they say, with every tile and both kinds of dot products', () => {
    for (const [rows, inputs, units] of shapes) {
      const [x, of] = [rowsOf(rows, inputs), weightsOf(inputs, units)]
      const want = expectedOutputs(x, of)
      for (const options of [...TILES.map((tile) => ({ tile, dots: DOTS_WHOLE })), { dots: DOTS_PAIRS }]) {
        const { y } = new Int8Bench(target, rows, options).dense(x, of)
        assertSame(y, want, `${title([rows, inputs, units])}, ${JSON.stringify(options)}`)
      }
    }
  })

  kernels('the largest sums there are stay exact', () => {
    for (const [sign, inputs] of [
      [1, 1030],
      [-1, 1030],
      [1, 2 ** 17],
    ]) {
      const x = { q: new Uint8Array(inputs).fill(MOST), scales: Float32Array.of(1), zeros: Int32Array.of(0) }
      const one = { scales: Float32Array.of(1), b: Float32Array.of(0) }
      const of = { inputs, units: 1, w: new Int8Array(inputs).fill(sign * MOST), ...one }
      for (const dots of [DOTS_WHOLE, DOTS_PAIRS]) {
        const { y } = new Int8Bench(target, 1, { dots }).dense(x, of)
        assert.is(y[0], Math.fround(sign * inputs * MOST * MOST))
      }
    }
  })

  kernels('activations come within their precision, and outputs as 8-bit rows are those of the floats', () => {
    const to: Grain = { scale: Math.fround(0.02), zero: 40 }
    for (const [name, { code, apart, alpha = 0 }] of Object.entries(activationKinds)) {
      if (apart) continue
      for (const [rows, inputs, units] of [
        [1, 5, 21],
        [7, 30, 13],
      ]) {
        const [x, of] = [rowsOf(rows, inputs), weightsOf(inputs, units)]
        const linear = expectedOutputs(x, of)
        const { y, next } = new Int8Bench(target, rows).dense(x, of, { activation: code, alpha, to })
        y.forEach((value, i) => {
          const want = oracle[name](linear[i], alpha)
          assert.ok(Math.abs(value - want) <= 2e-6 * (1 + Math.abs(want)), `${name}: ${value}, expected ${want}`)
        })
        if (next) checkRows(next, y, units, to)
        else assert.unreachable()
      }
    }
  })

  kernels.run()
}

function checkRows(got: Rows, x: Float32Array, cols: number, grain?: Grain): void {
  got.scales.forEach((scale, r) => {
    const want = quantizedRow(x.subarray(r * cols, (r + 1) * cols), grain)
    const row = got.q.subarray(r * cols, (r + 1) * cols)
    assert.equal(scale, want.scale, `scale of row ${r}`)
    assert.is(got.zeros[r], want.zero, `zero of row ${r}`)
    assert.equal([...row], want.q, `row ${r}`)
  })
}

/** A layer and an activation of rows on a target. */
function outputs(target: Target, name: ActivationName): Float32Array {
  const { code, rowwise, alpha = 0 } = activationKinds[name]
  const [rows, cols] = [5, 37]
  if (rowwise) {
    const sheet = new Sheet(target)
    const y = sheet.matrix(rows, cols, noise(rows * cols, 4, 1))
    const { address, stride } = y
    sheet.step(ops.activateExact, { from: address, to: address, stride, cols, kind: code, alpha }).run(rows)
    return sheet.read(y)
  }
  return new Int8Bench(target, rows).dense(rowsOf(rows, 30), weightsOf(30, cols), { activation: code, alpha }).y
}

test('activations have the same bits on every target', () => {
  for (const name of Object.keys(activationKinds) as ActivationName[]) {
    const { apart, rowwise } = activationKinds[name]
    if (apart && !rowwise) continue
    const [first, ...others] = targets.map((target) => outputs(target, name))
    for (const other of others) assertSame(other, first, name)
    if (!rowwise) continue
    const x = noise(5 * 37, 4, 1)
    for (let r = 0; r < 5; r++) {
      const want = rowOracle(name, x.subarray(r * 37, (r + 1) * 37))
      want.forEach((value, c) => {
        assert.ok(Math.abs(first[r * 37 + c] - value) <= 2e-6 * (1 + Math.abs(value)), name)
      })
    }
  }
})

test.run()
