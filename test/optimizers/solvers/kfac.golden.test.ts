/** K-FAC on a model against golden factors, directions and trajectories, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  configureRuntime,
  dense,
  input,
  kfac,
  type LossName,
  type Model,
  sequential,
} from '../../../src/entries/public.ts'
import { assertClose, type GoldenTensor, numbers, readGolden, TRAJECTORY } from '../../support/golden.ts'
import type { Config, Inputs, Weights } from '../../support/goldenNetworks.ts'
import { targets } from '../../support/targets.ts'

interface Case {
  readonly id: string
  readonly config: Config & {
    readonly sizes: readonly number[]
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
      readonly first: { readonly A: readonly GoldenTensor[]; readonly G: readonly GoldenTensor[] }
      readonly snapshots: Readonly<Record<string, Weights>>
    }
  }
}

const LOSSES = {
  cross_entropy: ['sparseCategoricalCrossentropy', 'softmax'],
  bce: ['binaryCrossentropy', 'sigmoid'],
  mse: ['meanSquaredError', 'linear'],
} as const satisfies Record<string, readonly [LossName, string]>

/** W [out, in] as a kernel [in, out]. */
function kernelOf({ shape: [out, inputs], data }: GoldenTensor): Float32Array {
  return Float32Array.from({ length: out * inputs }, (_, at) =>
    Number(data[(at % out) * inputs + Math.floor(at / out)]),
  )
}

function assertWeights(model: Model, { W, b }: Weights, what: string): void {
  W.forEach((w, l) => {
    assertClose(model.parameters[2 * l].get(), kernelOf(w), TRAJECTORY, `${what}: W ${l}`)
    assertClose(model.parameters[2 * l + 1].get(), numbers(b[l] ?? 0), TRAJECTORY, `${what}: b ${l}`)
  })
}

function modelOf(
  { config: { sizes, activation, loss, lr, decay, momentum, ...c }, inputs }: Case,
  logits: boolean,
): Model {
  const [name, last] = LOSSES[loss]
  const hidden = sizes.slice(1, -1).map((units) => dense(units, { activation }))
  const fromLogits = logits && name !== 'meanSquaredError'
  const model = sequential([
    input(sizes[0]),
    ...hidden,
    dense(sizes[sizes.length - 1], { activation: fromLogits ? 'linear' : last }),
  ])
  inputs.W.forEach((w, l) => {
    model.parameters[2 * l].set(kernelOf(w))
    model.parameters[2 * l + 1].set(Float32Array.from(numbers(inputs.b[l] ?? 0)))
  })
  const optimizer = kfac({
    learningRate: lr,
    damping: c.damping,
    decay,
    momentum,
    klClip: c.kl_clip,
    fisher: 'exact',
    factorEvery: 1,
    inverseEvery: 1,
  })
  model.compile({ optimizer, loss: fromLogits ? { kind: name, fromLogits } : name })
  return model
}

for (const target of targets) {
  const test = suite(`K-FAC, golden, ${target}`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const golden of readGolden<{ cases: readonly Case[] }>('kfac').cases) {
    const { id, config, inputs, expect } = golden
    for (const logits of config.loss === 'mse' ? [false] : [false, true]) {
      test(`${id}${logits ? ', from logits' : ''}`, () => {
        const { f64 } = expect
        const model = modelOf(golden, logits)
        const size = config.batch_size
        const rows = inputs.x.shape[0]
        const [x, y] = [Float32Array.from(numbers(inputs.x)), Float32Array.from(numbers(inputs.y))]
        const take = (values: Float32Array, from: number) =>
          values.slice((from * values.length) / rows, ((from + size) * values.length) / rows)
        for (let t = 1; t <= config.steps; t++) {
          const from = ((t - 1) * size) % rows
          const loss = model.trainStep(take(x, from), take(y, from))
          assertClose([loss], [f64.loss[t - 1]], TRAJECTORY, `loss of step ${t}`)
          if (t === 1) assertFactors(model, f64.first)
          const snapshot = f64.snapshots[t]
          if (snapshot) assertWeights(model, snapshot, `after step ${t}`)
        }
      })
    }
  }

  test.run()
}

function assertFactors(model: Model, first: Case['expect']['f64']['first']): void {
  const { matrices = [] } = model.engine.session ?? {}
  const read = (kind: string) =>
    matrices
      .filter(({ name }) => name.startsWith(`${kind}.`))
      .map(({ shape, read }) => {
        const values = new Float32Array(shape[0] * shape[1])
        read(0, values)
        return values
      })
  const [a, g] = [read('inputMoments'), read('gradientMoments')]
  assert.is(a.length, first.A.length)
  for (const [l, expected] of first.A.entries()) assertClose(a[l], numbers(expected), TRAJECTORY, `A of layer ${l}`)
  for (const [l, expected] of first.G.entries()) assertClose(g[l], numbers(expected), TRAJECTORY, `G of layer ${l}`)
}
