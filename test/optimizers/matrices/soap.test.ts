/** SOAP against the authors' program and the float64 oracle, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input, sequential } from '../../../src/entries/public.ts'
import { soap } from '../../../src/optimizers/matrices/soap.ts'
import { type Optimization, optimize } from '../../../src/training/optimize.ts'
import { identity, inner, type Matrix, matrix, multiply, trace, transpose } from '../../oracles/matrix.ts'
import { Soap } from '../../oracles/matrixRules.ts'
import { noise } from '../../support/activate.ts'
import { assertClose, readGolden, TRAJECTORY } from '../../support/golden.ts'
import { targets } from '../../support/targets.ts'
import { assertOneTraining } from '../../support/threading.ts'

const test = suite('soap')

const DEFAULTS = {
  learningRate: 0.003,
  weightDecay: 0.01,
  beta1: 0.95,
  beta2: 0.95,
  factorBeta: 0.95,
  epsilon: 1e-8,
  preconditionerEvery: 10,
  maxPreconditionerSize: 2048,
}
const variants: readonly Partial<typeof DEFAULTS>[] = [
  {},
  { preconditionerEvery: 1, learningRate: 0.1 },
  { preconditionerEvery: 3, beta1: 0.8, beta2: 0.9, factorBeta: 0.5, weightDecay: 0, epsilon: 1e-4 },
  { maxPreconditionerSize: 8, preconditionerEvery: 2 },
  { maxPreconditionerSize: 1, preconditionerEvery: 2 },
]

/** The rows of a side's basis: of length 1, at right angles, and eigenvectors of the factor. */
function basisOf({ state }: Optimization, side: 0 | 1, factor: Matrix): Matrix {
  const size = factor.length
  const [values] = state[side === 0 ? 'leftBasis' : 'rightBasis']
  const basis = matrix(size, size, (i, j) => values[i * size + j])
  const close = (a: Matrix, b: Matrix, scale: number, what: string) => {
    const off = a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i][j])))
    assert.ok(Math.max(...off) <= 1e-5 * scale, `${what}: ${Math.max(...off) / scale}`)
  }
  close(multiply(basis, transpose(basis)), identity(size), 1, 'orthonormal')
  const diagonal = multiply(multiply(basis, factor), transpose(basis))
  close(
    diagonal,
    matrix(size, size, (i, j) => (i === j ? diagonal[i][i] : 0)),
    trace(factor),
    'eigenvectors',
  )
  for (let i = 1; i < size; i++) assert.ok(diagonal[i][i] >= diagonal[i - 1][i - 1] - 1e-5 * trace(factor), 'rising')
  return basis
}

interface Case {
  readonly config: {
    readonly size: number
    readonly lr: number
    readonly betas: readonly [number, number]
    readonly max_precond_dim: number
  }
  readonly start: readonly number[]
  readonly gradients: readonly (readonly number[])[]
  readonly expect: readonly (readonly number[])[]
}

for (const target of targets) {
  test(`golden trajectories, ${target}`, () => {
    for (const { config, start, gradients, expect } of readGolden<{ cases: readonly Case[] }>('soap').cases) {
      const { size, lr, betas, max_precond_dim } = config
      const [beta1, beta2] = betas
      const maxPreconditionerSize = Math.min(max_precond_dim, 2048)
      const fixed = { learningRate: lr, beta1, beta2, maxPreconditionerSize, weightDecay: 0, preconditionerEvery: 1000 }
      const at = optimize(soap(fixed), [start], { shapes: [[size, size]], target })
      gradients.forEach((gradient, t) => {
        at.gradients[0].set(gradient)
        at.step()
        assertClose(at.values[0], expect[t], TRAJECTORY, `${size} x ${size}, step ${t + 1}`)
      })
    }
  })

  test(`trajectories against float64, ${target}`, () => {
    for (const [inputs, units] of [
      [1, 1],
      [1, 9],
      [7, 1],
      [6, 10],
      [13, 5],
      [17, 18],
    ]) {
      for (const variant of variants) {
        const options: typeof DEFAULTS = { ...DEFAULTS, ...variant }
        const drawn = noise(inputs * units * 8, 1, inputs * 100 + units)
        const draw = (t: number) => matrix(inputs, units, (i, j) => drawn[(t * inputs + i) * units + j])
        const start = draw(0)
        const oracle = new Soap(start, options)
        const at = optimize(soap(options), [start.flat()], { shapes: [[inputs, units]], target })
        for (let t = 1; t <= 7; t++) {
          const gradient = draw(t)
          at.gradients[0].set(gradient.flat())
          at.step()
          oracle.step(gradient, (side, factor) => basisOf(at, side, factor))
          const where = `${inputs} x ${units}, ${JSON.stringify(variant)}, step ${t}`
          assertClose(at.values[0], oracle.w.flat(), TRAJECTORY, where)
        }
      }
    }
  })
}

test('the first update moves nothing but what the fallback takes', () => {
  const at = optimize(soap(), [[1, 2, 3, 4, 5, 6], [1]], { shapes: [[2, 3], undefined] })
  at.gradients[0].set([1, -1, 2, -2, 3, -3])
  at.gradients[1].set([1])
  at.step()
  assert.equal([...at.values[0]], [1, 2, 3, 4, 5, 6])
  assert.ok(at.values[1][0] < 1)
  at.step()
  assert.not.equal([...at.values[0]], [1, 2, 3, 4, 5, 6])
})

test('a turned problem is learned as the problem is', () => {
  // gradients U g Vᵀ lead to U w Vᵀ: what Adam alone would not do
  const size = 5
  const turns = [1, 2].map((seed) => rotation(size, seed))
  const [u, v] = turns
  const drawn = noise(size * size * 12, 1, 3)
  const draw = (t: number) => matrix(size, size, (i, j) => drawn[(t * size + i) * size + j])
  const turn = (x: Matrix) => multiply(multiply(u, x), transpose(v))
  const options = { learningRate: 0.05, preconditionerEvery: 1 }
  const shapes = [[size, size]] as const
  const plain = optimize(soap(options), [draw(0).flat()], { shapes })
  const turned = optimize(soap(options), [turn(draw(0)).flat()], { shapes })
  for (let t = 1; t < 12; t++) {
    plain.gradients[0].set(draw(t).flat())
    turned.gradients[0].set(turn(draw(t)).flat())
    plain.step()
    turned.step()
  }
  const expected = turn(matrix(size, size, (i, j) => plain.values[0][i * size + j]))
  assertClose(turned.values[0], expected.flat(), { relative: 2e-3, absolute: 2e-3 }, 'turned')
})

/** Gram and Schmidt on noise. */
function rotation(size: number, seed: number): Matrix {
  const rows: number[][] = []
  const drawn = noise(size * size, 1, seed)
  for (let i = 0; i < size; i++) {
    let row = Array.from(drawn.subarray(i * size, (i + 1) * size))
    for (const other of rows) {
      const along = inner([row], [other])
      row = row.map((value, j) => value - along * other[j])
    }
    const length = Math.sqrt(inner([row], [row]))
    rows.push(row.map((value) => value / length))
  }
  return rows
}

test('the same bits on two threads and from a file', async () => {
  const make = (threads: number) => {
    const tanh = { activation: 'tanh' } as const
    const layers = [input(13), dense(30, tanh), dense(21, tanh), dense(10, { activation: 'softmax' })]
    const model = sequential(layers, { seed: 2, threads })
    model.compile({ optimizer: soap({ preconditionerEvery: 4 }), loss: 'sparseCategoricalCrossentropy' })
    return model
  }
  await assertOneTraining(make, { soap })
})

test('gradients of zeros move nothing', () => {
  const { values, step } = optimize(soap({ weightDecay: 0 }), [[1, 2, 3, 4, 5, 6]], { shapes: [[2, 3]] })
  for (let t = 0; t < 3; t++) step()
  assert.equal([...values[0]], [1, 2, 3, 4, 5, 6])
})

test('bad options are refused by name', () => {
  assert.throws(() => soap({ preconditionerEvery: 0 }), /soap: "preconditionerEvery" must be a whole number at least 1/)
  assert.throws(
    () => soap({ maxPreconditionerSize: 4096 }),
    /"maxPreconditionerSize" must be a whole number from 1 to 2048/,
  )
  assert.throws(() => soap({ factorBeta: 1 }), /soap: "factorBeta" must be a finite number .*less than 1, got 1/)
  assert.throws(() => soap({ beta2: 'much' as never }), /"beta2" must be a number/)
  assert.throws(() => soap({ momentum: 0.9 } as never), /soap: .*"momentum"/)
})

test.run()
