/** The second-order references against golden vectors and each other: what kernels are compared with must be right. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Random } from '../../src/lib/random.ts'
import { assertClose, type GoldenTensor, numbers, readGolden, type Tolerance } from '../support/golden.ts'
import {
  assertNetwork,
  type Config,
  FLOAT64,
  type Inputs,
  networkOf,
  taskOf,
  type Weights,
} from '../support/goldenNetworks.ts'
import { damped, factorsOf, Kfac } from './kfac.ts'
import { cholesky, eigen, inverse, matrix, multiply, trace, transpose } from './matrix.ts'
import { flatten, gaussNewtonProduct, hessianProduct, lossAndGradient, matrixOf, unflatten } from './network.ts'
import { solveDense } from './solvers.ts'
import { hutchinson, lanczos } from './spectrum.ts'

const test = suite('curvature oracles')

interface CurvatureCase {
  readonly id: string
  readonly config: Config & { readonly damping: number }
  readonly inputs: Inputs & { readonly v: GoldenTensor }
  readonly expect: {
    readonly f64: {
      readonly loss: number
      readonly gradient: GoldenTensor
      readonly hessian_v: GoldenTensor
      readonly gauss_newton_v: GoldenTensor
      readonly natural_gradient: GoldenTensor
      readonly smallest_hessian_eigenvalue: number
      readonly largest_hessian_eigenvalue: number
    }
  }
}

for (const { id, config, inputs, expect } of readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases) {
  const network = networkOf(inputs)
  const task = taskOf(config, inputs)
  const v = unflatten(numbers(inputs.v), network)
  const hessian = matrixOf((along) => hessianProduct(network, task, along), network)

  test(`${id}: gradient, Hessian and Gauss-Newton products, natural gradient`, () => {
    const { f64 } = expect
    const { loss, gradient } = lossAndGradient(network, task)
    assertClose([loss], [f64.loss], FLOAT64, 'loss')
    assertClose(flatten(gradient), numbers(f64.gradient), FLOAT64, 'gradient')
    assertClose(flatten(hessianProduct(network, task, v)), numbers(f64.hessian_v), FLOAT64, 'H v')
    assertClose(flatten(gaussNewtonProduct(network, task, v)), numbers(f64.gauss_newton_v), FLOAT64, 'G v')
    const fisher = matrixOf((along) => gaussNewtonProduct(network, task, along), network)
    const raised = fisher.map((row, i) => row.map((value, j) => value + (i === j ? config.damping : 0)))
    const natural = solveDense(raised.flat(), flatten(gradient))
    assertClose(natural, numbers(f64.natural_gradient), FLOAT64, 'natural gradient')
  })

  test(`${id}: Lanczos finds the ends of the spectrum, Hutchinson the trace`, () => {
    const product = (along: readonly number[]) => multiply(hessian, transpose([along])).map(([value]) => value)
    const random = new Random(5)
    const n = hessian.length
    const start = Array.from({ length: n }, () => random.normal())
    const { values, weights } = lanczos(product, start, n)
    const { smallest_hessian_eigenvalue: smallest, largest_hessian_eigenvalue: largest } = expect.f64
    assertClose([values[0], values[values.length - 1]], [smallest, largest], { absolute: 1e-9, relative: 1e-9 }, 'ends')
    assertClose([weights.reduce((a, b) => a + b, 0)], [1], FLOAT64, 'weights')
    // the quadrature is exact for B itself: startᵀ B start
    const rayleigh = product(start).reduce((sum, value, i) => sum + value * start[i], 0)
    const squared = start.reduce((sum, value) => sum + value * value, 0)
    assertClose([values.reduce((sum, value, i) => sum + value * weights[i], 0)], [rayleigh / squared], FLOAT64, 'mean')
    // within five standard errors: Var(vᵀB v) = 2 Σ of squares off the diagonal
    const samples = 500
    const spread = hessian.reduce(
      (s, row, i) => s + row.reduce((t, value, j) => (i === j ? t : t + value * value), 0),
      0,
    )
    const estimate = hutchinson(product, n, samples, () => (random.uniform() < 0.5 ? -1 : 1))
    assert.ok(Math.abs(estimate - trace(hessian)) <= 5 * Math.sqrt((2 * spread) / samples), `trace ${estimate}`)
  })
}

interface KfacCase {
  readonly id: string
  readonly config: Config & {
    readonly batch_size: number
    readonly steps: number
    readonly lr: number
    readonly damping: number
    readonly decay: number
    readonly momentum: number
    readonly kl_clip: number | null
  }
  readonly inputs: Inputs
  readonly expect: {
    readonly f64: {
      readonly loss: readonly number[]
      readonly first: {
        readonly A: readonly GoldenTensor[]
        readonly G: readonly GoldenTensor[]
        readonly pi: readonly number[]
        readonly direction: readonly GoldenTensor[]
        readonly scale: number
      }
      readonly snapshots: Readonly<Record<string, Weights>>
    }
  }
}

for (const { id, config, inputs, expect } of readGolden<{ cases: readonly KfacCase[] }>('kfac').cases) {
  test(`${id}: factors, directions and trajectory of K-FAC`, () => {
    const { f64 } = expect
    const whole = taskOf(config, inputs)
    const { lr: learningRate, damping, decay, momentum, kl_clip: klClip, batch_size: size } = config
    const kfac = new Kfac(networkOf(inputs), { learningRate, damping, decay, momentum, klClip })
    for (let t = 1; t <= config.steps; t++) {
      const from = ((t - 1) * size) % whole.x.length
      const task = { ...whole, x: whole.x.slice(from, from + size), y: whole.y.slice(from, from + size) }
      const { loss, factors, pi, direction, scale } = kfac.step(task)
      assertClose([loss], [f64.loss[t - 1]], FLOAT64, `loss of step ${t}`)
      if (t === 1) {
        const { first } = f64
        assertClose(pi, first.pi, FLOAT64, 'pi')
        assertClose([scale], [first.scale], FLOAT64, 'scale')
        factors.forEach(({ a, g }, l) => {
          assertClose(a.flat(), numbers(first.A[l]), FLOAT64, `A of layer ${l}`)
          assertClose(g.flat(), numbers(first.G[l]), FLOAT64, `G of layer ${l}`)
          assertClose(direction[l].flat(), numbers(first.direction[l]), FLOAT64, `direction of layer ${l}`)
        })
      }
      const snapshot = f64.snapshots[t]
      if (snapshot) assertNetwork(kfac.network, snapshot, `parameters after step ${t}`)
    }
  })
}

test('for one row, A ⊗ G is the exact Fisher block of a layer', () => {
  const [{ config, inputs }] = readGolden<{ cases: readonly KfacCase[] }>('kfac').cases.slice(1)
  const whole = taskOf(config, inputs)
  const task = { ...whole, x: whole.x.slice(0, 1), y: whole.y.slice(0, 1) }
  const network = networkOf(inputs)
  const fisher = matrixOf((along) => gaussNewtonProduct(network, task, along), network)
  const [{ a, g }] = factorsOf(network, task)
  const { w } = network[0]
  const [out, columns] = [w.length, w[0].length]
  // entry (i, j) of W is parameter i columns + j, entry i of the bias follows them all
  const at = (i: number, j: number) => (j < columns ? i * columns + j : out * columns + i)
  for (let i = 0; i < out; i++)
    for (let j = 0; j <= columns; j++)
      for (let k = 0; k < out; k++)
        for (let l = 0; l <= columns; l++)
          assertClose([fisher[at(i, j)][at(k, l)]], [g[i][k] * a[j][l]], FLOAT64, 'Fisher')
  assert.ok(damped({ a, g }, 0.01).pi > 0)
})

test('inverse, Cholesky and eigenvectors fit together', () => {
  const random = new Random(3)
  for (const n of [1, 2, 5, 9]) {
    const l = matrix(n, n, () => random.normal())
    const a = multiply(l, transpose(l)).map((row, i) => row.map((value, j) => value + (i === j ? 0.5 : 0)))
    const unit = matrix(n, n, (i, j) => (i === j ? 1 : 0))
    const near: Tolerance = { absolute: 1e-10, relative: 0 }
    assertClose(multiply(a, inverse(a)).flat(), unit.flat(), near, 'a a⁻¹')
    const factor = cholesky(a)
    assertClose(multiply(factor, transpose(factor)).flat(), a.flat(), near, 'L Lᵀ')
    const { values, vectors } = eigen(a)
    assertClose(multiply(vectors, transpose(vectors)).flat(), unit.flat(), near, 'V Vᵀ')
    const rebuilt = multiply(
      transpose(vectors),
      vectors.map((v, i) => v.map((value) => value * values[i])),
    )
    assertClose(rebuilt.flat(), a.flat(), near, 'Vᵀ diag V')
  }
  assert.ok(Number.isNaN(cholesky([[-1]])[0][0]))
})

test.run()
