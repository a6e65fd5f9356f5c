/** Cholesky factors, systems and inverses against float64, with the same bits for every tile. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TILE_2X16, TILE_4X8, TILE_4X16, TILE_5X16, TILE_6X8 } from '../../../src/abi/layout.ts'
import { RECORD_SCALAR } from '../../../src/abi/records.ts'
import { solveSteps, squareBytes } from '../../../src/machine/linear.ts'
import { rowStride } from '../../../src/machine/matrixLayout.ts'
import * as ops from '../../../src/machine/ops/linear.ts'
import { Sheet } from '../../support/sheet.ts'
import { definite, Squares, values } from '../../support/squares.ts'
import { type Target, targets } from '../../support/targets.ts'

const SIZES = [1, 2, 3, 7, 8, 9, 16, 47, 48, 49, 97, 513]
const sizesOf = (target: Target) => (target === 'debug' ? SIZES.filter((n) => n < 100) : SIZES)

/** U of A = Uᵀ U in float64, row-major. */
function upper(a: ArrayLike<number>, n: number): Float64Array {
  const u = Float64Array.from(a)
  for (let k = 0; k < n; k++) {
    const pivot = Math.sqrt(u[k * n + k])
    for (let j = k; j < n; j++) u[k * n + j] /= pivot
    for (let i = k + 1; i < n; i++) {
      const factor = u[k * n + i]
      for (let j = i; j < n; j++) u[i * n + j] -= factor * u[k * n + j]
    }
  }
  return u
}

/** max over entries of |a · b - I|, in float64 */
function fromIdentity(n: number, a: (i: number, j: number) => number, b: (i: number, j: number) => number): number {
  let worst = 0
  const rows = n > 100 ? [0, 1, 7, 48, n >> 1, n - 1] : Array.from({ length: n }, (_, i) => i)
  for (const i of rows) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? -1 : 0
      for (let k = 0; k < n; k++) sum += a(i, k) * b(k, j)
      worst = Math.max(worst, Math.abs(sum))
    }
  }
  return worst
}

for (const target of targets) {
  const test = suite(`linear algebra, ${target}`)

  test('Cholesky factors', () => {
    for (const n of sizesOf(target)) {
      const a = definite(n)
      const squares = new Squares(target, n, a).cholesky()
      assert.is(squares.run(0.25), 0)
      const damped = a.map((value, at) => (at % (n + 1) === 0 ? value + 0.25 : value))
      const expected = upper(damped, n)
      for (let i = 0; i < n; i++) {
        for (let j = i; j < n; j++) {
          const found = squares.entry(squares.u.address, 'rows', i, j)
          assert.ok(Math.abs(found - expected[i * n + j]) <= 2e-6, `${n}: ${i}, ${j}: ${found}`)
        }
      }
      assert.ok(squares.sheet.padding(squares.u).every((value) => value === 0))
    }
  })

  test('systems with many right-hand sides', () => {
    for (const n of sizesOf(target)) {
      for (const cols of n > 100 ? [11, 40] : [1, 3, 8, 20]) {
        const a = definite(n)
        const squares = new Squares(target, n, a).cholesky()
        const b = values(n * cols, 7)
        const x = squares.sheet.matrix(n, cols, b)
        squares.sheet.add(...solveSteps(squares.factor, x))
        assert.is(squares.run(), 0)
        const found = squares.sheet.read(x)
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < cols; j++) {
            let sum = -b[i * cols + j]
            for (let k = 0; k < n; k++) sum += a[i * n + k] * found[k * cols + j]
            assert.ok(Math.abs(sum) <= 1e-5, `${n} x ${cols}: ${i}, ${j}: ${sum}`)
          }
        }
        assert.ok(squares.sheet.padding(x).every((value) => value === 0))
      }
    }
  })

  test('inverses, both halves alike, in rows and in panels', () => {
    for (const n of sizesOf(target)) {
      const a = definite(n)
      for (const order of ['rows', 'panels'] as const) {
        const squares = new Squares(target, n, a).cholesky()
        const to = squares.inverse(order)
        assert.is(squares.run(), 0)
        const entry = (i: number, j: number) => squares.entry(to, order, i, j)
        const off = fromIdentity(n, (i, j) => a[i * n + j], entry)
        assert.ok(off <= 1e-5, `${n}, ${order}: ${off}`)
        for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) assert.is(entry(i, j), entry(j, i))
      }
    }
  })

  test('what is not positive definite is told, and leaves no NaN', () => {
    for (const [n, row] of [
      [1, 0],
      [7, 3],
      [9, 8],
      [60, 50],
      [100, 99],
    ]) {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const a = definite(n)
        a[row * n + row] = value
        // nothing of the rows before it
        for (let j = 0; j < n; j++) if (j !== row) a[row * n + j] = a[j * n + row] = 0
        const squares = new Squares(target, n, a).cholesky()
        assert.is(squares.run(), row + 1, `${n}: ${value} in row ${row}`)
        const found = Array.from({ length: n * n }, (_, at) => [Math.floor(at / n), at % n])
          .filter(([i, j]) => i <= j)
          .map(([i, j]) => squares.entry(squares.u.address, 'rows', i, j))
        assert.ok(found.every(Number.isFinite), `${n}: ${value}`)
      }
    }
    assert.is(new Squares(target, 2, [1, 2, 2, 3]).cholesky().run(), 2)
    // of rank one, but for rounding
    const row = values(9, 4)
    const one = Array.from({ length: 81 }, (_, at) => row[at % 9] * row[Math.floor(at / 9)])
    assert.is(new Squares(target, 9, one).cholesky().run(), 2)
  })

  test('the same bits for every tile', () => {
    for (const n of [9, 50, 97]) {
      const images = [TILE_6X8, TILE_4X8, TILE_2X16, TILE_4X16, TILE_5X16].map((tile) => {
        const squares = new Squares(target, n, definite(n)).cholesky()
        const to = squares.inverse()
        squares.sheet.arena.machine.setTile(tile)
        squares.run()
        return [...squares.sheet.arena.floats(to, squareBytes(n) / 4)]
      })
      for (const image of images) assert.equal(image, images[0], `${n}`)
    }
  })

  test('second moments of rows', () => {
    for (const [rows, n] of [
      [1, 1],
      [1, 9],
      [2, 7],
      [5, 17],
      [100, 33],
      [130, 64],
    ]) {
      const x = values(rows * n, 3)
      const sheet = new Sheet(target)
      const from = sheet.matrix(rows, n, x, rowStride(n))
      const to = sheet.matrix(n, n, new Float32Array(n * n).fill(0.5), rowStride(n))
      const places = { x: from.address, xStride: from.stride, to: to.address, toRow: to.stride, toPanel: 32 }
      for (const adds of [0, 1]) {
        sheet.clear()
        sheet.step(ops.gram, { ...places, n, adds: 1 })
        sheet.run(rows, { [RECORD_SCALAR]: adds })
      }
      const found = sheet.read(to)
      for (let i = 0; i < n; i++) {
        for (let j = i; j < n; j++) {
          let sum = 0
          for (let r = 0; r < rows; r++) sum += 2 * x[r * n + i] * x[r * n + j]
          assert.ok(Math.abs(found[i * n + j] - sum) <= 1e-5 * Math.sqrt(rows), `${rows} x ${n}: ${i}, ${j}`)
        }
      }
    }
  })

  test('products with one row more on either side', () => {
    for (const [rows, depth, cols] of [
      [1, 1, 1],
      [3, 5, 9],
      [8, 16, 24],
      [150, 70, 33],
      [13, 520, 17],
    ]) {
      const [a, b] = [values((rows + 1) * (depth + 1), 5), values((depth + 1) * cols, 6)]
      const sheet = new Sheet(target)
      const left = sheet.matrix(rows + 1, depth + 1, a)
      const right = sheet.matrix(depth, cols, b)
      const bLast = sheet.matrix(1, cols, b.subarray(depth * cols)).address
      const to = sheet.matrix(rows, cols)
      const last = sheet.matrix(1, cols)
      const from = { a: left.address, aStride: left.stride, b: right.address, bRow: right.stride, bPanel: 32, bLast }
      const into = { to: to.address, toRow: to.stride, toPanel: 32, toLast: last.address }
      sheet.step(ops.stridedProduct, { ...from, ...into, rows, depth, cols }).run(1)
      const found = [...sheet.read(to), ...sheet.read(last)]
      for (let i = 0; i <= rows; i++) {
        for (let j = 0; j < cols; j++) {
          let sum = 0
          for (let k = 0; k <= depth; k++) sum += a[i * (depth + 1) + k] * b[k * cols + j]
          assert.ok(Math.abs(found[i * cols + j] - sum) <= 2e-5, `${rows} x ${depth} x ${cols}: ${i}, ${j}`)
        }
      }
    }
  })

  test.run()
}
