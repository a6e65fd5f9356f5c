/** Dense layers and their gradients: against float64, bit for bit against a scalar sum in order of k, and the same bits for every tile and batch. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIVATION_LINEAR,
  ACTIVATION_RELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_TANH,
} from '../../../src/abi/activations.ts'
import {
  actual,
  assertSame,
  Bench,
  backwardInput,
  backwardWeights,
  expected,
  forward,
  layer,
  names,
  type Step,
  TILES,
  title,
} from '../../support/dense.ts'
import { targets } from '../../support/targets.ts'

const ROWS = [1, 2, 3, 5, 6, 7, 13, 32, 49, 100]
const INPUTS = [1, 3, 4, 5, 8, 64, 100, 513]
const UNITS = [1, 3, 4, 5, 7, 8, 9, 10, 12, 13, 100]
/** Shapes that end in every kind of tile, and those that cross blocks of rows and of the sum. */
const AWKWARD = [
  [1, 1, 1],
  [1, 7, 99],
  [1, 1030, 20],
  [1, 40, 30],
  [2, 5, 12],
  [2, 45, 39],
  [4, 9, 17],
  [5, 33, 8],
  [7, 10, 28],
  [9, 1, 12],
  [10, 3, 1],
  [11, 515, 3],
  [15, 4, 61],
  [265, 600, 21],
  [270, 1030, 13],
  [70, 13, 1029],
] as const

/** Inputs that end in a whole strip of 10 or 12, or one, two or three after it; units in a pair of panels, one or half; one block and several. */
const STRIPPED = [
  [1, 3, 1],
  [2, 4, 8],
  [3, 10, 16],
  [17, 11, 24],
  [33, 12, 20],
  [40, 13, 17],
  [70, 22, 33],
  [128, 24, 100],
  [257, 601, 45],
  [514, 263, 28],
  [100, 130, 129],
] as const

const plain: Step = (a, b, c) => a * b + c
const magnitude: Step = (a, b, c) => Math.abs(a * b) + c
const separate: Step = (a, b, c) => Math.fround(Math.fround(a * b) + c)

const f64 = new Float64Array(1)
const words = new Int32Array(f64.buffer)
/** fround(a * b + c) with one rounding: the sum is first rounded to odd in float64, which keeps what decides ties. */
const fused: Step = (a, b, c) => {
  const p = a * b
  const sum = p + c
  const t = sum - p
  const error = p - (sum - t) + (c - t)
  if (error === 0) return Math.fround(sum)
  f64[0] = sum
  if ((words[0] & 1) === 0) {
    if (error > 0 === sum > 0) words[0] |= 1
    else {
      if (words[0] === 0) words[1]--
      words[0]--
    }
  }
  return Math.fround(f64[0])
}

/** Relaxed multiply-add may be fused or not, by engine. */
function arithmetic(target: (typeof targets)[number]): Step {
  const x = Float32Array.of(1 + 2 ** -12)
  const b = Float32Array.of(-1 - 2 ** -11)
  const { y } = forward(new Bench(target), { ...layer(1, 1, 1), x, w: x, b })
  assert.ok(y[0] === 0 || y[0] === 2 ** -24)
  return y[0] === 0 ? separate : fused
}

const row = (values: Float32Array, index: number, cols: number) => values.slice(index * cols, (index + 1) * cols)

/** Every shape once, with float64 results and the sums of magnitudes that bound float32's rounding. */
const cases = ROWS.flatMap((rows) => INPUTS.flatMap((inputs) => UNITS.map((units) => layer(rows, inputs, units)))).map(
  (of) => ({ of, exact: expected(plain, of), scale: expected(magnitude, of) }),
)

for (const target of targets) {
  const dense = suite(`dense ${target}`)
  const bench = new Bench(target)

  dense('stay within the rounding of k products and sums', () => {
    for (const { of, exact, scale } of cases) {
      const got = actual(bench.reset(), of)
      const depths = { y: of.inputs + 1, dw: of.rows, db: of.rows, dx: of.units }
      for (const name of names) {
        // each product is rounded once and takes part in at most k roundings of the sum
        const gamma = ((depths[name] + 1) * 2 ** -24) / (1 - (depths[name] + 1) * 2 ** -24)
        got[name].forEach((value, i) => {
          const error = Math.abs(value - exact[name][i])
          if (!(error <= gamma * scale[name][i]))
            throw new Error(`${name} of ${title(of)}[${i}]: ${value}, expected ${exact[name][i]}`)
        })
      }
    }
  })

  dense('sum in order of k, bit for bit, with every tile', () => {
    const step = arithmetic(target)
    const wants = AWKWARD.map(([rows, inputs, units]) => layer(rows, inputs, units)).map((of) => ({
      of,
      want: expected(step, of),
    }))
    for (const tile of [undefined, ...TILES]) {
      const tiled = new Bench(target, tile)
      for (const { of, want } of wants) {
        const got = actual(tiled.reset(), of)
        for (const name of names) assertSame(got[name], want[name], `${name} of ${title(of)}, tile ${tile}`)
      }
    }
  })

  dense('sum dw in the same order from strips', () => {
    for (const tile of TILES) {
      const tiled = new Bench(target, tile)
      for (const [rows, inputs, units] of STRIPPED) {
        const of = layer(rows, inputs, units)
        const want = backwardWeights(tiled.reset(), of)
        const got = backwardWeights(tiled.reset(), of, true, true)
        for (const name of ['dw', 'db'] as const)
          assertSame(got[name], want[name], `${name} of ${title(of)}, tile ${tile}`)
      }
    }
  })

  dense('give a row the same bits alone and within a batch', () => {
    const of = layer(269, 100, 45)
    const batch = actual(bench.reset(), of)
    for (const r of [0, 1, 47, 263, 264, 268]) {
      const alone = { ...of, rows: 1, x: row(of.x, r, of.inputs), dz: row(of.dz, r, of.units) }
      assertSame(forward(bench.reset(), alone).y, row(batch.y, r, of.units), `y, row ${r}`)
      assertSame(backwardInput(bench.reset(), alone), row(batch.dx, r, of.inputs), `dx, row ${r}`)
    }
  })

  dense('do without a bias', () => {
    for (const rows of [1, 9]) {
      const of = layer(rows, 20, 11)
      const without = forward(bench.reset(), { ...of, b: new Float32Array(0) }).y
      assertSame(without, forward(bench.reset(), { ...of, b: new Float32Array(of.units) }).y, 'y')
      assertSame(backwardWeights(bench.reset(), of, false).dw, backwardWeights(bench.reset(), of).dw, 'dw')
    }
  })

  dense('apply the activation and keep what it was applied to', () => {
    for (const [rows, inputs, units] of AWKWARD) {
      const of = layer(rows, inputs, units)
      const linear = forward(bench.reset(), of)
      const kept = forward(bench.reset(), of, ACTIVATION_LINEAR, true)
      assertSame(kept.y, linear.y, 'linear y')
      assertSame(kept.z, linear.y, 'linear z')
      for (const [kind, f] of [
        [ACTIVATION_RELU, (z: number) => Math.max(z, 0)],
        [ACTIVATION_TANH, Math.tanh],
        [ACTIVATION_SIGMOID, (z: number) => 1 / (1 + Math.exp(-z))],
      ] as const) {
        const { y, z } = forward(bench.reset(), of, kind, true)
        assertSame(z, linear.y, 'z')
        y.forEach(
          (value, i) => void assert.ok(Math.abs(value - f(z[i])) <= 1e-6, `kind ${kind}: ${value} from ${z[i]}`),
        )
        assertSame(forward(bench.reset(), of, kind).y, y, 'y in place')
      }
    }
  })

  dense("multiply dx by the activation's derivative", () => {
    for (const [rows, inputs, units] of AWKWARD) {
      const of = layer(rows, inputs, units)
      const linear = backwardInput(bench.reset(), of)
      const relu = backwardInput(bench.reset(), of, ACTIVATION_RELU, of.x)
      assertSame(
        relu.map((d) => d + 0),
        linear.map((d, i) => (of.x[i] > 0 ? d : 0)),
        'relu',
      )
      const y = of.x.map(Math.tanh)
      backwardInput(bench.reset(), of, ACTIVATION_TANH, y).forEach((value, i) => {
        const want = linear[i] * (1 - y[i] ** 2)
        assert.ok(Math.abs(value - want) <= 1e-6 * Math.abs(linear[i]), `tanh: ${value}, expected ${want}`)
      })
    }
  })

  dense.run()
}
