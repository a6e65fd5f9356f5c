/** Muon and path-SGD: the references against golden vectors, and what defines them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Random } from '../../src/lib/random.ts'
import { assertClose, type GoldenTensor, numbers, readGolden } from '../support/golden.ts'
import {
  assertNetwork,
  type Config,
  FLOAT64,
  type Inputs,
  networkOf,
  rowsOf,
  taskOf,
  type Weights,
} from '../support/goldenNetworks.ts'
import { eigen, type Matrix, matrix, multiply, transpose } from './matrix.ts'
import { Muon, type MuonOptions, newtonSchulz, pathScales, pathSgdStep } from './matrixRules.ts'
import { lossAndGradient, type Network } from './network.ts'

const test = suite('matrix rule oracles')

interface PathCase {
  readonly id: string
  readonly config: Config & { readonly lr: number; readonly steps: number }
  readonly inputs: Inputs
  readonly expect: {
    readonly f64: {
      readonly loss: readonly number[]
      readonly first: {
        readonly path_norm_squared: number
        readonly kappa_W: readonly GoldenTensor[]
        readonly kappa_b: readonly GoldenTensor[] | null
      }
      readonly snapshots: Readonly<Record<string, Weights>>
    }
  }
}

for (const { id, config, inputs, expect } of readGolden<{ cases: readonly PathCase[] }>('pathsgd').cases) {
  test(`${id}: scales and trajectory of path-SGD`, () => {
    const { f64 } = expect
    const task = taskOf(config, inputs)
    let network = networkOf(inputs)
    const { normSquared, kappa } = pathScales(network)
    assertClose([normSquared], [f64.first.path_norm_squared], FLOAT64, 'path norm')
    kappa.forEach(({ w, b }, l) => {
      assertClose(w.flat(), numbers(f64.first.kappa_W[l]), FLOAT64, `kappa of W ${l}`)
      const expected = f64.first.kappa_b?.[l]
      if (expected) assertClose(b ?? [], numbers(expected), FLOAT64, `kappa of b ${l}`)
    })
    for (let t = 1; t <= config.steps; t++) {
      const step = pathSgdStep(network, task, config.lr)
      assertClose([step.loss], [f64.loss[t - 1]], FLOAT64, `loss of step ${t}`)
      network = step.network
      const snapshot = f64.snapshots[t]
      if (snapshot) assertNetwork(network, snapshot, `parameters after step ${t}`)
    }
  })
}

test('rescaling a unit changes neither the path norm nor what path-SGD learns', () => {
  const [, { config, inputs }] = readGolden<{ cases: readonly PathCase[] }>('pathsgd').cases
  const task = taskOf(config, inputs)
  const plain = networkOf(inputs)
  const [first, second, ...rest] = plain
  const scaled: Network = [
    { ...first, w: first.w.map((row, i) => (i === 1 ? row.map((value) => value * 8) : row)) },
    { ...second, w: second.w.map((row) => row.map((value, j) => (j === 1 ? value / 8 : value))) },
    ...rest,
  ]
  assertClose([pathScales(scaled).normSquared], [pathScales(plain).normSquared], FLOAT64, 'path norm')
  let a: Network = plain
  let b = scaled
  for (let t = 0; t < 5; t++) {
    a = pathSgdStep(a, task, config.lr).network
    b = pathSgdStep(b, task, config.lr).network
  }
  assertClose([lossAndGradient(b, task).loss], [lossAndGradient(a, task).loss], FLOAT64, 'loss')
})

interface MuonCase {
  readonly id: string
  readonly config: {
    readonly lr: number
    readonly weight_decay: number
    readonly momentum: number
    readonly nesterov: boolean
    readonly ns_coefficients: MuonOptions['coefficients']
    readonly eps: number
    readonly ns_steps: number
    readonly adjust_lr_fn: 'original' | 'match_rms_adamw'
  }
  readonly inputs: { readonly W: GoldenTensor; readonly gradients: readonly GoldenTensor[] }
  readonly expect: { readonly f64: { readonly W: readonly GoldenTensor[] } }
}

for (const { id, config, inputs, expect } of readGolden<{ cases: readonly MuonCase[] }>('muon').cases) {
  test(`${id}: trajectory of Muon`, () => {
    const muon = new Muon(rowsOf(inputs.W), {
      learningRate: config.lr,
      weightDecay: config.weight_decay,
      momentum: config.momentum,
      nesterov: config.nesterov,
      coefficients: config.ns_coefficients,
      epsilon: config.eps,
      newtonSchulzSteps: config.ns_steps,
      adjustLearningRate: config.adjust_lr_fn === 'original' ? 'original' : 'matchRmsAdamw',
    })
    inputs.gradients.forEach((gradient, t) => {
      muon.step(rowsOf(gradient))
      assertClose(muon.w.flat(), numbers(expect.f64.W[t]), FLOAT64, `W after step ${t + 1}`)
    })
  })
}

test('Newton-Schulz brings all singular values near 1', () => {
  const random = new Random(9)
  for (const [rows, columns] of [
    [6, 6],
    [3, 9],
    [9, 3],
  ]) {
    const u = matrix(rows, columns, () => random.normal())
    const x = newtonSchulz(u, [3.4445, -4.775, 2.0315], 1e-7, 5)
    const small: Matrix = rows <= columns ? multiply(x, transpose(x)) : multiply(transpose(x), x)
    for (const value of eigen(small).values) assert.ok(value > 0.3 && value < 1.6, `squared singular value ${value}`)
  }
})

test.run()
