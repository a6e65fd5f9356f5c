/** Products of plain matrices and the ways between their layouts, against float64, on every target and tile. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../../../src/machine/ops/matrix.ts'
import { TILE_CODES } from '../../../../src/machine/tuner.ts'
import { noise } from '../../../support/activate.ts'
import { Bench, padded } from '../../../support/dense.ts'
import { assertClose, OPERATION } from '../../../support/golden.ts'
import { fromPanels, toPanels } from '../../../support/sheet.ts'
import { targets } from '../../../support/targets.ts'

const test = suite('matrix products')

type Numbers = ArrayLike<number>

/** [rows x cols] = a[rows x depth] · b[depth x cols] */
function multiply(a: Numbers, b: Numbers, rows: number, depth: number, cols: number): Float64Array {
  const c = new Float64Array(rows * cols)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) for (let j = 0; j < cols; j++) c[i * cols + j] += a[i * depth + k] * b[k * cols + j]
  }
  return c
}

const transpose = (a: Float32Array, rows: number, cols: number): Float32Array =>
  a.map((_, i) => a[(i % rows) * cols + Math.floor(i / rows)])

/** Sums of so many products, each rounding at most half a unit of all that is added up. */
function assertProduct(found: Numbers, expected: Float64Array, sizes: Float64Array, terms: number, what: string): void {
  expected.forEach((value, i) => {
    const error = Math.abs(found[i] - value)
    assert.ok(error <= (terms + 1) * 2 ** -24 * sizes[i], `${what}[${i}]: ${found[i]}, expected ${value}`)
  })
}

const shapes = [
  [1, 1, 1],
  [1, 7, 9],
  [5, 1, 3],
  [2, 3, 17],
  [13, 21, 10],
  [145, 33, 8],
  [30, 600, 29],
]

for (const target of targets) {
  for (const tile of target === 'debug' ? [undefined] : Object.values(TILE_CODES)) {
    const bench = new Bench(target, tile)

    test(`${target}, tile ${tile}: a · b and aᵀ · b`, () => {
      for (const [rows, depth, cols] of shapes) {
        const what = `${rows} x ${depth} x ${cols}`
        const a = noise(rows * depth, 1, rows)
        const b = noise(depth * cols, 1, depth)
        const bias = noise(padded(cols), 1, 5).fill(0, cols)
        const expected = multiply(a, b, rows, depth, cols)
        const sizes = multiply(a.map(Math.abs), b.map(Math.abs), rows, depth, cols)
        bench.reset()
        const left = bench.input(rows, depth, a)
        const right = bench.input(depth, cols, b, padded(cols) - cols)
        const c = bench.output(rows, cols)
        const bStored = bench.floats(toPanels(b, depth, cols))
        const size = { rows, depth, cols }
        const to = { c: c.address, cStride: c.stride, bias: bench.floats(bias) }
        bench.step(ops.product, { a: left.address, aStride: left.stride, b: bStored, ...size, ...to })
        const turned = bench.input(depth, rows, transpose(a, rows, depth), padded(rows) - rows)
        const packed = bench.packed(padded(cols) * rows)
        bench
          .step(ops.columnProduct, {
            a: turned.address,
            aStride: turned.stride,
            b: right.address,
            bStride: right.stride,
            c: packed,
            ...size,
          })
          .run(1)
        bench.checkGuards(what)
        bench.checkPads(c, what)
        const size2 = padded(cols) * rows
        const columns = fromPanels(bench.arena.floats(packed, size2), rows, cols)
        assertProduct(columns, expected, sizes, depth, `${what}: aᵀ · b`)
        assert.equal(toPanels(columns, rows, cols), bench.arena.floats(packed, size2).slice(), 'pads')
        const added = expected.map((value, i) => value + bias[i % cols])
        const all = sizes.map((size, i) => size + Math.abs(bias[i % cols]))
        assertProduct(bench.read(c), added, all, depth, `${what}: a · b + bias`)
      }
    })

    test(`${target}, tile ${tile}: the upper triangle of a symmetric product, mirrored`, () => {
      for (const [size, depth] of [
        [1, 4],
        [5, 1],
        [16, 3],
        [29, 31],
        [150, 40],
      ]) {
        const a = noise(depth * size, 1, size)
        const whole = multiply(transpose(a, depth, size), a, size, depth, size)
        bench.reset()
        const x = bench.input(depth, size, a, padded(size) - size)
        const c = bench.packed(padded(size) * size)
        const rows = bench.output(size, size)
        const square = bench.output(size, size)
        const panels = bench.packed(padded(size) * size)
        bench
          .step(ops.columnProduct, {
            a: x.address,
            aStride: x.stride,
            b: x.address,
            bStride: x.stride,
            c,
            rows: size,
            depth,
            cols: size,
            upper: 1,
          })
          .step(ops.toRows, {
            from: c,
            to: rows.address,
            stride: rows.stride,
            rows: size,
            cols: size,
            upper: 1,
            scale: 0.5,
            shift: 2,
          })
          .step(ops.mirror, { matrix: c, size })
          .step(ops.product, {
            a: rows.address,
            aStride: rows.stride,
            b: c,
            c: square.address,
            cStride: square.stride,
            rows: size,
            depth: size,
            cols: size,
            upper: 1,
          })
          .step(ops.toPanels, {
            from: square.address,
            to: panels,
            stride: square.stride,
            rows: size,
            cols: size,
            upper: 1,
            scale: 0.25,
            shift: 3,
          })
          .run(1)
        bench.checkGuards(`${size}`)
        bench.checkPads(rows, 'rows')
        const read = (address: number) => fromPanels(bench.arena.floats(address, padded(size) * size), size, size)
        assertClose(read(c), whole, OPERATION, `aᵀ · a, ${size}`)
        const shifted = whole.map((value, i) => 0.5 * value + (i % (size + 1) === 0 ? 2 : 0))
        assertClose(bench.read(rows), shifted, OPERATION, `rows, ${size}`)
        const product = multiply(shifted, whole, size, size, size)
        const expected = product.map((value, i) => 0.25 * value + (i % (size + 1) === 0 ? 3 : 0))
        const scale = Math.max(...expected.map(Math.abs))
        assertClose(read(panels), expected, { absolute: 1e-6 * scale, relative: 2e-5 }, `polynomial, ${size}`)
      }
    })
  }

  test(`${target}: to rows and back, transposed, over a norm`, () => {
    for (const [rows, cols] of [
      [1, 1],
      [1, 11],
      [9, 1],
      [10, 23],
    ]) {
      const values = noise(rows * cols, 1, rows)
      const bench = new Bench(target)
      const from = bench.floats(toPanels(values, rows, cols))
      const [plain, turned] = [bench.output(rows, cols), bench.output(cols, rows)]
      const partials = bench.arena.reserve(16)
      bench.arena.commit()
      bench.arena.f64.set([9, 7], partials / 8)
      const size = { from, rows, cols, scale: 2, partials, partialCount: 2, epsilon: 1e-7 }
      const w = bench.floats(toPanels(values, rows, cols))
      const [first, second] = [bench.packed(padded(cols) * rows), bench.packed(padded(cols) * rows)]
      const rates = { rate: 0.5, factor: 3, decayScale: 0, decay: 0.25, w, rows, cols }
      bench
        .step(ops.toRows, { ...size, to: plain.address, stride: plain.stride })
        .step(ops.toRows, { ...size, to: turned.address, stride: turned.stride, transposed: 1 })
        .step(ops.descend, { ...rates, x: plain.address, xStride: plain.stride, to: first })
        .step(ops.descend, { ...rates, x: turned.address, xStride: turned.stride, to: second, transposed: 1 })
        .run(1, { 4: 0.5 })
      bench.checkGuards('to rows')
      bench.checkPads(plain, 'plain')
      bench.checkPads(turned, 'turned')
      const half = values.map((value) => value / 2)
      assertClose(bench.read(plain), half, OPERATION, 'plain')
      assertClose(bench.read(turned), transpose(half, rows, cols), OPERATION, 'turned')
      // w - 0.5 0.5 (0.25 w) - 0.5 0.5 3 (w / 2)
      const expected = values.map((value) => value * (1 - 0.0625 - 0.375))
      for (const to of [first, second]) {
        const found = fromPanels(bench.arena.floats(to, padded(cols) * rows), rows, cols)
        assertClose(found, expected, OPERATION, 'descend')
      }
    }
  })
}

test.run()
