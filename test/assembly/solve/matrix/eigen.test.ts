/** Eigenvectors of symmetric matrices, on every target: orthonormal, diagonalizing, in rising order, whatever the spectrum. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../../../src/machine/ops/matrix.ts'
import { eigen, identity, type Matrix, matrix, multiply, transpose } from '../../../oracles/matrix.ts'
import { noise } from '../../../support/activate.ts'
import { Bench } from '../../../support/dense.ts'
import { assertClose } from '../../../support/golden.ts'
import { toPanels } from '../../../support/sheet.ts'
import { targets } from '../../../support/targets.ts'

const test = suite('eigenvectors')
const CLOSE = { absolute: 2e-6, relative: 2e-6 }

function eigenvectors(bench: Bench, a: Matrix, roots = 0, shift = 0): number[][] {
  const size = a.length
  bench.reset()
  const to = bench.output(size, size)
  bench
    .step(ops.eigen, {
      from: bench.floats(toPanels(a.flat(), size, size)),
      size,
      to: to.address,
      stride: to.stride,
      scratch: bench.packed((size * size + 2 * size) * 2),
      roots,
      shift,
    })
    .run(1)
  bench.checkGuards(`${size}`)
  bench.checkPads(to, `${size}`)
  const found = bench.read(to)
  return matrix(size, size, (i, j) => found[i * size + j])
}

const symmetric = (size: number): Matrix => {
  const values = noise(size * size, 1, size)
  return matrix(size, size, (i, j) => values[Math.min(i, j) * size + Math.max(i, j)])
}

const samples: Readonly<Record<string, Matrix>> = {
  ...Object.fromEntries([1, 2, 3, 4, 9, 24, 61].map((size) => [`${size} x ${size}`, symmetric(size)])),
  zeros: matrix(5, 5, () => 0),
  identity: identity(6),
  'of rank 1': matrix(7, 7, (i, j) => (i + 1) * (j + 1)),
  'two blocks': matrix(6, 6, (i, j) => (i < 3 === j < 3 ? 2 + (i === j ? 1 : 0) : 0)),
  'a diagonal out of order': matrix(5, 5, (i, j) => (i === j ? [3, -1, 4, -1, 5][i] : 0)),
  graded: matrix(8, 8, (i, j) => 10 ** (-(i + j) / 2)),
}

for (const target of targets) {
  const bench = new Bench(target)

  for (const [name, a] of Object.entries(samples)) {
    test(`${target}: ${name}`, () => {
      const q = eigenvectors(bench, a)
      const size = a.length
      const largest = Math.max(...a.flat().map(Math.abs), 1e-30) * size
      assertClose(multiply(q, transpose(q)).flat(), identity(size).flat(), CLOSE, 'orthonormal')
      const d = multiply(multiply(q, a), transpose(q))
      const { values } = eigen(a)
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const expected = i === j ? values[i] : 0
          assert.ok(Math.abs(d[i][j] - expected) <= 1e-6 * largest, `[${i}][${j}]: ${d[i][j]}, expected ${expected}`)
        }
      }
    })
  }

  test(`${target}: over a root of the eigenvalues`, () => {
    const base = symmetric(9)
    const a = multiply(base, transpose(base))
    const b = eigenvectors(bench, a, 3, 0.25)
    const { values, vectors } = eigen(a)
    const expected = matrix(9, 9, (i, j) =>
      values.reduce((sum, value, k) => sum + vectors[k][i] * vectors[k][j] * (value + 0.25) ** -0.25, 0),
    )
    assertClose(multiply(transpose(b), b).flat(), expected.flat(), CLOSE, 'the inverse fourth root')
  })

  test(`${target}: NaNs come to an end`, () => {
    const a = matrix(9, 9, (i, j) => (i === 4 && j === 4 ? Number.NaN : i + j))
    assert.ok(eigenvectors(bench, a).flat().some(Number.isNaN))
  })
}

test.run()
