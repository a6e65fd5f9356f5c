/** Hessian and Gauss-Newton products of every loss, activation and kind of branch, of penalties and of awkward shapes, against differences in float64. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ActivationName, activationKinds } from '../../src/catalogue/activations.ts'
import { Products } from '../../src/engine/products.ts'
import {
  activation,
  batchNorm,
  concatenate,
  dense,
  embedding,
  hinge,
  huber,
  input,
  type Layer,
  type Loss,
  l1l2,
  l2,
  layerNorm,
  type Model,
  oneHotColumns,
  select,
  sequential,
} from '../../src/entries/public.ts'
import { gaussNewtonVectorProduct, hessianVectorProduct } from '../../src/model/products.ts'
import { rowLoss } from '../oracles/losses.ts'
import { gaussNewtonTimes, hessianTimes } from '../oracles/secondOrder.ts'
import { objectiveOf, parametersOf } from '../support/curvature.ts'
import { assertClose, type Tolerance } from '../support/golden.ts'
import { wave } from '../support/samples.ts'

const NEAR: Tolerance = { absolute: 2e-5, relative: 2e-4 }

/** Losses with a last layer and targets that suit them. */
const LOSSES: readonly [
  loss: (Parameters<Model['compile']>[0]['loss'] & object) | string,
  last: string,
  targets: (i: number) => number,
][] = [
  ['meanSquaredError', 'tanh', (i) => Math.sin(i)],
  ['meanAbsoluteError', 'tanh', (i) => Math.sin(i)],
  ['meanAbsolutePercentageError', 'tanh', (i) => 2 + Math.sin(i)],
  [huber({ delta: 0.5 }), 'linear', (i) => Math.sin(i)],
  ['logCosh', 'linear', (i) => Math.sin(i)],
  ['binaryCrossentropy', 'sigmoid', (i) => (i % 3) / 2],
  [{ kind: 'binaryCrossentropy', labelSmoothing: 0.2 }, 'sigmoid', (i) => i % 2],
  [{ kind: 'binaryCrossentropy', fromLogits: true }, 'linear', (i) => i % 2],
  [{ kind: 'binaryCrossentropy', positiveWeight: 3 }, 'sigmoid', (i) => i % 2],
  [{ kind: 'binaryCrossentropy', positiveWeight: [3, 1, 0.4] }, 'sigmoid', (i) => i % 2],
  [{ kind: 'binaryCrossentropy', positiveWeight: [3, 1, 0.4] }, 'hardSigmoid', (i) => i % 2],
  ['binaryCrossentropy', 'hardSigmoid', (i) => i % 2],
  [{ kind: 'binaryCrossentropy', positiveWeight: 0.4 }, 'hardSigmoid', (i) => i % 2],
  [{ kind: 'categoricalCrossentropy', labelSmoothing: 0.1 }, 'softmax', (i) => (i % 3 === 0 ? 1 : 0)],
  [{ kind: 'categoricalCrossentropy', fromLogits: true }, 'linear', (i) => (i % 3 === 1 ? 1 : 0)],
  ['klDivergence', 'softmax', (i) => [0.2, 0.3, 0.5][i % 3]],
  ['poisson', 'softplus', (i) => i % 4],
  [hinge(), 'linear', (i) => (i % 2) * 2 - 1],
  ['squaredHinge', 'linear', (i) => (i % 2) * 2 - 1],
  ['categoricalHinge', 'linear', (i) => (i % 3 === 2 ? 1 : 0)],
]

test('every loss, with weights', () => {
  const rows = 6
  const x = wave(rows * 4)
  const sampleWeight = [1, 0.5, 0, 2, 1, 3]
  for (const [loss, last, target] of LOSSES) {
    const layers = [input(4), dense(5, { activation: 'tanh' }), dense(3, { activation: last as 'linear' })]
    const model = sequential(layers, { seed: 4 })
    model.compile({ optimizer: 'sgd', loss: loss as Loss })
    const lowered = model.engine.planner.goal?.loss
    if (!lowered) throw new Error('no loss')
    const y = Float32Array.from({ length: rows * 3 }, (_, i) => target(i))
    const v = wave(model.countParameters(), 3)
    const rowOf = (r: number) => [...y.subarray(r * 3, r * 3 + 3)]
    const trained = lowered.fused === 'none' ? layers : [...layers.slice(0, 2), dense(3)]
    const lossOf = (outputs: readonly number[], r: number) => rowLoss(lowered, outputs, rowOf(r)).loss
    const objective = objectiveOf(model, x, lossOf, { layers: trained, weights: sampleWeight })
    const hessian = hessianTimes(objective, parametersOf(model), v, 1e-4)
    assertClose(hessianVectorProduct(model, x, y, v, { sampleWeight }), hessian, NEAR, `${JSON.stringify(loss)}: H v`)
    const bend = (outputs: readonly number[], r: number) =>
      outputs.map((_, i) => {
        const at = (h: number) =>
          rowLoss(
            lowered,
            outputs.map((z, j) => z + (i === j ? h : 0)),
            rowOf(r),
          ).gradient
        const [above, below] = [at(1e-6), at(-1e-6)]
        return above.map((value, j) => (value - below[j]) / 2e-6)
      })
    const gaussNewton = gaussNewtonTimes(objective, parametersOf(model), v, bend, 1e-6)
    const found = gaussNewtonVectorProduct(model, x, y, v, { sampleWeight })
    assertClose(found, gaussNewton, NEAR, `${JSON.stringify(loss)}: G v`)
  }
})

test('every activation, in a dense layer and by itself', () => {
  const x = wave(6 * 4)
  const y = wave(6 * 2, 2)
  for (const kind of Object.keys(activationKinds) as ActivationName[]) {
    for (const layers of [
      [dense(5, { activation: kind }), dense(2)],
      [dense(5), activation(kind), dense(2)],
    ]) {
      const model = sequential([input(4), ...layers], { seed: 4 })
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
      const v = wave(model.countParameters(), 3)
      const loss = (row: readonly number[], r: number) =>
        row.reduce((sum, z, c) => sum + (z - y[r * 2 + c]) ** 2, 0) / 2
      const expected = hessianTimes(objectiveOf(model, x, loss), parametersOf(model), v, 1e-4)
      const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
      const tolerance = { absolute: 1e-5 * size + 1e-6, relative: 1e-4 }
      assertClose(hessianVectorProduct(model, x, y, v), expected, tolerance, kind)
    }
  }
})

test('tables, branches and chosen columns', () => {
  const rows = 7
  const x = Float32Array.from({ length: rows * 5 }, (_, i) => (i % 5 < 2 ? ((i * 7) % 4) - 1 : Math.sin(i * 1.3)))
  const y = wave(rows * 2, 2)
  for (const layers of [
    [embedding({ columns: [0, 1], categories: 3, units: 5 }), dense(6, { activation: 'tanh' }), dense(2)],
    [
      concatenate([
        [
          embedding([
            { columns: 0, categories: 3, units: 2 },
            { columns: 1, categories: 3, units: 9 },
          ]),
          layerNorm(),
        ],
        [select({ columns: [4, 2, 2] }), dense(3, { activation: 'softplus' }), select({ columns: [1, 0, 0] })],
        [],
        [oneHotColumns({ columns: [0, 1], categories: 3 })],
      ]),
      dense(4, { activation: 'sigmoid' }),
      concatenate([[dense(2)], [], [batchNorm()]]),
      dense(2),
    ],
    [
      dense(5, { activation: 'tanh' }),
      select({ columns: [0, 3] }),
      concatenate([[dense(2, { trainable: false })], []]),
      dense(2),
    ],
  ]) {
    const model = sequential([input(5), ...layers], { seed: 4 })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const v = wave(model.countParameters(), 3)
    const loss = (row: readonly number[], r: number) => row.reduce((sum, z, c) => sum + (z - y[r * 2 + c]) ** 2, 0) / 2
    const objective = objectiveOf(model, x, loss)
    const expected = hessianTimes(objective, parametersOf(model), v, 1e-4)
    const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    const tolerance = { absolute: 2e-5 * size + 1e-6, relative: 1e-4 }
    const kinds = layers.map(({ kind }) => kind).join()
    assertClose(hessianVectorProduct(model, x, y, v), expected, tolerance, `${kinds}: H v`)
    const unit = [
      [1, 0],
      [0, 1],
    ]
    const gaussNewton = gaussNewtonTimes(objective, parametersOf(model), v, () => unit, 1e-6)
    assertClose(gaussNewtonVectorProduct(model, x, y, v), gaussNewton, tolerance, `${kinds}: G v`)
  }
})

test('penalties on parameters and on outputs', () => {
  const [rows, lambda] = [7, 0.3]
  const layers = [
    input(4),
    dense(5, { activation: 'tanh', kernelRegularizer: l1l2({ l1: 0.1, l2: lambda }), activityRegularizer: l2(0.2) }),
    dense(2),
  ]
  const model = sequential(layers, { seed: 4 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const [x, y, v] = [wave(rows * 4), wave(rows * 2, 2), wave(model.countParameters(), 3)]
  const gradients = (h: number) => {
    const weights = model.getWeights()
    let at = 0
    for (const parameter of model.parameters) {
      const own = v.subarray(at, at + parameter.size)
      parameter.set(parameter.get().map((value, i) => value + h * own[i]))
      at += parameter.size
    }
    const { gradient } = model.gradients(x, y)
    model.setWeights(weights)
    return gradient
  }
  const [above, below] = [gradients(3e-3), gradients(-3e-3)]
  const difference = Float64Array.from(above, (value, i) => (value - below[i]) / 6e-3)
  assertClose(hessianVectorProduct(model, x, y, v), difference, { absolute: 1e-3, relative: 2e-3 }, 'H v')
  const data = model.task('').readRows('', x, y)
  const [all, fisher] = [true, false].map((penalties) =>
    new Products(model.engine, data, 'gaussNewton', { penalties }).times(v),
  )
  assert.equal(gaussNewtonVectorProduct(model, x, y, v), all)
  // the kernel's own l2
  const kernel = Float64Array.from(all.subarray(0, 20), (value, i) => value - fisher[i])
  assert.ok(
    kernel.some((value, i) => Math.abs(value - lambda * v[i]) > 1e-3),
    'penalties on outputs count too',
  )
})

test('awkward shapes: one row, one input, one unit, no bias', () => {
  for (const [rows, layers] of [
    [1, [input(1), dense(1)]],
    [1, [input(9), dense(1, { activation: 'softsign' }), dense(1, { useBias: false, activation: 'mish' })]],
    [3, [input(1), dense(13, { activation: 'geluTanh' }), layerNorm(), dense(9, { weightNorm: true }), dense(1)]],
    [2, [input(5), activation('selu'), dense(3, { activation: 'hardSwish' }), batchNorm(), dense(2)]],
  ] as [number, Layer[]][]) {
    const model = sequential(layers, { seed: 3 })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const { inputs, outputs } = model.engine
    const [x, y, v] = [wave(rows * inputs), wave(rows * outputs, 2), wave(model.countParameters(), 3)]
    const loss = (row: readonly number[], r: number) =>
      row.reduce((sum, z, c) => sum + (z - y[r * outputs + c]) ** 2, 0) / outputs
    const expected = hessianTimes(objectiveOf(model, x, loss), parametersOf(model), v, 1e-4)
    assertClose(hessianVectorProduct(model, x, y, v), expected, { absolute: 2e-4, relative: 2e-4 }, `${rows} rows`)
  }
})

test.run()
