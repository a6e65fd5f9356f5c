/**
 * Dense layers and their gradients: against float64, bit for bit against a scalar sum in order of k, and the same bits for
 * every tile, batch and split of panels.
 */
import { instantiateSync } from '@assemblyscript/loader'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIVATION_LINEAR,
  ACTIVATION_RELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_TANH,
} from '../../../src/abi/activations.ts'
import { MACHINE_BYTES, TILE_2X16, TILE_4X8, TILE_4X16, TILE_5X16, TILE_6X8 } from '../../../src/abi/layout.ts'
import { supports } from '../../../src/machine/wasm.ts'
import { compile, featuresOf } from '../../support/compile.ts'
import {
  actual,
  assertSame,
  Bench,
  backwardInput,
  backwardWeights,
  expected,
  forward,
  type Layer,
  layer,
  names,
  padded,
  type Step,
} from '../../support/dense.ts'
import { toPanels } from '../../support/sheet.ts'
import { targets } from '../../support/targets.ts'

const ROWS = [1, 2, 3, 5, 6, 7, 13, 32, 49, 100]
const INPUTS = [1, 3, 4, 5, 8, 64, 100, 513]
const UNITS = [1, 3, 4, 5, 7, 8, 9, 10, 12, 13, 100]
const TILES = [TILE_6X8, TILE_4X8, TILE_2X16, TILE_4X16, TILE_5X16]
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

const title = ({ rows, inputs, units }: Layer) => `${rows}x${inputs}x${units}`
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

interface Kernels extends Record<string, (...operands: number[]) => void> {}

/** The kernels themselves, with parameters that the op list cannot express: which panels and rows to compute. */
function kernels(relaxed: boolean): { memory: WebAssembly.Memory; kernels: Kernels } {
  const code = compile('assembly/gemm/products.ts', featuresOf(relaxed), '-O0')
  const { exports } = instantiateSync<Kernels>(code, {})
  return { memory: exports.memory as unknown as WebAssembly.Memory, kernels: exports }
}

const split = suite('dense, split by panels and rows')
for (const relaxed of supports('relaxed') ? [false, true] : [false]) {
  split(`gives the same bits, ${relaxed ? 'relaxed' : 'simd'}`, () => {
    const { memory, kernels: machine } = kernels(relaxed)
    const f32 = new Float32Array(memory.buffer)
    for (const [rows, inputs, units] of [
      [1, 30, 100],
      [2, 45, 39],
      [7, 20, 12],
      [50, 100, 27],
      [33, 27, 8],
      [280, 523, 45],
    ] as const) {
      const X = padded(inputs) * 4
      const Z = padded(units) * 4
      let top: number = MACHINE_BYTES
      const place = (floats: number) => {
        const at = top
        top += Math.ceil(floats / 16) * 64
        return at
      }
      const put = (values: ArrayLike<number>) => {
        const at = place(values.length)
        f32.set(values, at / 4)
        return at
      }
      const inRows = (values: Float32Array, cols: number) =>
        Float32Array.from({ length: rows * padded(cols) }, (_, i) => {
          const c = i % padded(cols)
          return c < cols ? values[Math.floor(i / padded(cols)) * cols + c] : 0
        })
      const of = layer(rows, inputs, units)
      const x = put(inRows(of.x, inputs))
      const dz = put(inRows(of.dz, units))
      const w = put(toPanels(of.w, inputs, units))
      const b = put([...of.b, ...new Float32Array(padded(units) - units)])
      const outputs = place(0)
      const y = place(rows * padded(units))
      const dw = place(inputs * padded(units))
      const db = place(padded(units))
      const dx = place(rows * padded(inputs))
      const count = (top - outputs) / 4
      const scratch = place(padded(inputs) * units)
      // by panels, and by rows where they are many enough to be shared
      const run = (cuts: readonly number[], rowCuts: readonly number[] = []) => {
        f32.fill(Number.NaN, outputs / 4, top / 4)
        const pieces = (total: number, cuts: readonly number[]) => {
          const ends = [...cuts.filter((cut) => cut < total), total]
          return ends.map((end, i) => [ends[i - 1] ?? 0, end] as const).reverse()
        }
        for (const [begin, end] of pieces(padded(units) / 8, cuts)) {
          for (const [row, rowEnd] of pieces(rows, rowCuts)) {
            const count = rowEnd - row
            const [from, to] = [x + row * X, y + row * Z]
            machine.denseForward(from, X, w, b, to, Z, count, inputs, units, begin, end, ACTIVATION_LINEAR, 0, 0, 0)
          }
          for (const [row, rowEnd] of pieces(inputs, rowCuts)) {
            const bias = row ? 0 : db
            machine.denseBackwardWeights(x, X, dz, Z, dw, bias, rows, inputs, row, rowEnd - row, units, begin, end)
          }
        }
        for (const [begin, end] of pieces(padded(inputs) / 8, cuts)) {
          for (const [row, rowEnd] of pieces(rows, rowCuts)) {
            machine.denseBackwardInput(
              dz + row * Z,
              Z,
              w,
              dx + row * X,
              X,
              rowEnd - row,
              Number(rowCuts.length > 0),
              inputs,
              units,
              begin,
              end,
              scratch,
              ACTIVATION_LINEAR,
              0,
              0,
              0,
            )
          }
        }
        return f32.slice(outputs / 4, outputs / 4 + count)
      }
      for (const tile of TILES) {
        machine.setTile(tile)
        const whole = run([])
        for (const cuts of [[1], [2], [1, 2, 3], [5]])
          assertSame(run(cuts), whole, `${title(of)}, cut at ${cuts}, tile ${tile}`)
        if (rows < 24 || inputs < 24) continue
        for (const rowCuts of [[12], [8, 20], [4, 16]])
          assertSame(run([1], rowCuts), whole, `${title(of)}, rows cut at ${rowCuts}, tile ${tile}`)
      }
    }
  })
}
split.run()
