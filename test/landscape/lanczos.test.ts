/** Eigenvalues from products alone, against Jacobi's rotations. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hutchinson, Lanczos, powerIteration, tridiagonal } from '../../src/landscape/lanczos.ts'
import { Random } from '../../src/lib/random.ts'
import { eigen, matrix, multiply, trace, transpose } from '../oracles/matrix.ts'
import { assertClose, type Tolerance } from '../support/golden.ts'

const CLOSE: Tolerance = { absolute: 1e-12, relative: 1e-12 }

const symmetric = (n: number, random: Random) => {
  const a = matrix(n, n, () => random.normal())
  return matrix(n, n, (i, j) => a[i][j] + a[j][i])
}
const productOf = (a: readonly (readonly number[])[]) => (v: Float32Array) =>
  Float32Array.from(multiply(a, transpose([[...v]])), ([value]) => value)
const vector = (n: number, random: Random) => Float32Array.from({ length: n }, () => random.normal())

test('tridiagonal matrices of all kinds', () => {
  const random = new Random(1)
  for (const n of [1, 2, 3, 7, 20, 60]) {
    for (const kind of ['full', 'split', 'graded', 'zero', 'constant']) {
      const diagonal = Array.from({ length: n }, (_, i) => {
        if (kind === 'zero') return 0
        return kind === 'constant' ? 2 : random.normal() * (kind === 'graded' ? 10 ** -(i / 4) : 1)
      })
      const beside = Array.from({ length: n - 1 }, (_, i) => {
        if (kind === 'zero') return 0
        return (kind === 'split' && i % 3 === 0 ? 0 : random.normal()) * (kind === 'graded' ? 10 ** -(i / 4) : 1)
      })
      const a = matrix(n, n, (i, j) => (i === j ? diagonal[i] : Math.abs(i - j) === 1 ? beside[Math.min(i, j)] : 0))
      const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
      const values = tridiagonal(diagonal, beside, rows)
      const sorted = [...values].sort((x, y) => x - y)
      assertClose(sorted, eigen(a).values, CLOSE, `${kind} ${n}`)
      // rows hold the eigenvectors as columns: A V = V diag
      const image = multiply(
        a,
        rows.map((row) => [...row]),
      )
      const scaled = rows.map((row) => row.map((value, j) => value * values[j]))
      assertClose(
        image.flat(),
        scaled.flatMap((row) => [...row]),
        CLOSE,
        `vectors of ${kind} ${n}`,
      )
    }
  }
})

test('Lanczos finds the spectrum, its errors are bounds, and its weights a quadrature', () => {
  const random = new Random(2)
  for (const n of [1, 2, 5, 30]) {
    const a = symmetric(n, random)
    const { values } = eigen(a)
    const start = vector(n, random)
    const run = new Lanczos(productOf(a), start)
    while (!run.isExhausted && run.steps < n) {
      run.step()
      const { values: found, errors } = run.ritz()
      for (const [i, value] of found.entries()) {
        const off = Math.min(...values.map((known) => Math.abs(known - value)))
        assert.ok(off <= errors[i] + 1e-4, `${value} of ${n}: off by ${off}, said ${errors[i]}`)
      }
    }
    const { values: found, weights } = run.ritz()
    assertClose(found, [...values].reverse(), { absolute: 1e-4, relative: 0 }, `spectrum of ${n}`)
    assertClose([weights.reduce((sum, weight) => sum + weight, 0)], [1], CLOSE, 'weights')
  }
})

test('a start that sees nothing more is exhausted; another goes on from there', () => {
  const a = matrix(6, 6, (i, j) => (i === j ? (i < 3 ? 5 : 1) : 0))
  const run = new Lanczos(productOf(a), Float32Array.of(1, 1, 1, 1, 1, 1))
  for (let i = 0; i < 9; i++) run.step()
  assert.is(run.steps, 2)
  assert.ok(run.isExhausted)
  assertClose(run.ritz().values, [5, 1], { absolute: 1e-6, relative: 0 }, 'two values')
  const random = new Random(3)
  while (run.restart(vector(6, random))) while (!run.isExhausted) run.step()
  const { values, errors } = run.ritz()
  assertClose(values, [5, 5, 5, 1, 1, 1], { absolute: 1e-6, relative: 0 }, 'all values')
  assert.ok(errors.every((error) => error === 0))
  const zero = new Lanczos((v) => new Float32Array(v.length), Float32Array.of(1, 2))
  zero.step()
  assert.equal([...zero.ritz().values], [0])
})

test('power iteration stops by relative change and deflates', () => {
  const a = matrix(5, 5, (i, j) => (i === j ? [-8, 4, 2, 1, 0][i] : 0))
  const random = new Random(4)
  const found: Float32Array[] = []
  for (const expected of [-8, 4, 2, 1]) {
    const { value, change, vector: along } = powerIteration(productOf(a), vector(5, random), found, 1e-7, 500)
    assert.ok(Math.abs(value - expected) < 1e-4, `${value}`)
    assert.ok(change <= 1e-7)
    found.push(along)
  }
  let products = 0
  const counted = (v: Float32Array) => {
    products++
    return productOf(a)(v)
  }
  assert.ok(powerIteration(counted, vector(5, random), [], 1e-12, 3).change > 1e-12)
  assert.is(products, 3)
  assert.is(powerIteration((v) => new Float32Array(v.length), vector(5, random), [], 1e-3, 100).value, 0)
})

test("Hutchinson's estimate is as far off as it says", () => {
  const random = new Random(5)
  const a = symmetric(20, random)
  const signs = () => Float32Array.from({ length: 20 }, () => (random.uniform() < 0.5 ? -1 : 1))
  let outside = 0
  for (let i = 0; i < 200; i++) {
    const { trace: found, error } = hutchinson(productOf(a), signs, 30)
    if (Math.abs(found - trace(a)) > 2 * error) outside++
  }
  // 5 % of normal ones are, and a few more where the error is itself estimated
  assert.ok(outside < 25, `${outside} of 200 beyond two standard errors`)
  const diagonal = matrix(4, 4, (i, j) => (i === j ? i : 0))
  assert.equal(
    hutchinson(productOf(diagonal), () => Float32Array.of(1, -1, 1, 1), 2),
    { trace: 6, error: 0 },
  )
})

test.run()
