// Losses that the host computes: values from their definitions, gradients by finite differences, and how they suit a model.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import type { CustomLoss } from '../../src/catalogue/customLoss.ts'
import {
  cosineSimilarity,
  focal,
  meanSquaredLogarithmicError,
  multiMargin,
  quantile,
} from '../../src/catalogue/hostLosses.ts'
import { dense, input, modelFromBytes, sequential } from '../../src/entries/public.ts'
import { refuses } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'

interface Case {
  readonly name: string
  readonly loss: CustomLoss
  readonly last: ActivationName
  readonly rows: number
  readonly columns: number
  readonly targets: Float32Array | Int32Array
  /** Loss of a row, from its outputs and its targets. */
  readonly row: (y: readonly number[], t: readonly number[]) => number
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const yesNo = (length: number) => Float32Array.from({ length }, (_, i) => Number(Math.sin(i * 3) > 0))

const cases: readonly Case[] = [
  ...[0, 1, 2, 3.5].map(
    (gamma): Case => ({
      name: `focal ${gamma} of classes`,
      loss: focal({ gamma }),
      last: 'softmax',
      rows: 5,
      columns: 3,
      targets: labels(5),
      row: (y, [label]) => -((1 - y[label]) ** gamma) * Math.log(y[label]),
    }),
  ),
  {
    name: 'focal of classes, a weight each',
    loss: focal({ alpha: [0.5, 1, 3] }),
    last: 'softmax',
    rows: 4,
    columns: 3,
    targets: labels(4),
    row: (y, [label]) => -[0.5, 1, 3][label] * (1 - y[label]) ** 2 * Math.log(y[label]),
  },
  {
    name: 'focal of labels',
    loss: focal({ alpha: 0.25 }),
    last: 'sigmoid',
    rows: 4,
    columns: 3,
    targets: yesNo(12),
    row: (y, t) =>
      mean(y.map((p, c) => (t[c] ? -0.25 * (1 - p) ** 2 * Math.log(p) : -0.75 * p ** 2 * Math.log(1 - p)))),
  },
  {
    name: 'quantile',
    loss: quantile({ quantiles: [0.1, 0.5, 0.8] }),
    last: 'linear',
    rows: 4,
    columns: 6,
    targets: wave(8),
    row: (y, t) =>
      mean(
        y.map((value, i) => {
          const [q, error] = [[0.1, 0.5, 0.8][i % 3], t[Math.floor(i / 3)] - value]
          return Math.max(q * error, (q - 1) * error)
        }),
      ),
  },
  {
    name: 'meanSquaredLogarithmicError',
    loss: meanSquaredLogarithmicError(),
    last: 'linear',
    rows: 3,
    columns: 2,
    targets: Float32Array.of(0, 1, 5, 100, 0.5, 2),
    row: (y, t) => mean(y.map((value, c) => (Math.log(1 + value) - Math.log(1 + t[c])) ** 2)),
  },
  {
    name: 'cosineSimilarity',
    loss: cosineSimilarity(),
    last: 'linear',
    rows: 4,
    columns: 5,
    targets: wave(20, 3),
    row: (y, t) => 1 - y.reduce((sum, value, c) => sum + value * t[c], 0) / (Math.hypot(...y) * Math.hypot(...t)),
  },
  ...[1, 2].map(
    (power): Case => ({
      name: `multiMargin ${power}`,
      loss: multiMargin({ margin: 1.5, power }),
      last: 'linear',
      rows: 6,
      columns: 4,
      targets: labels(6, 4),
      row: (y, [label]) =>
        y.reduce((sum, value, c) => sum + (c === label ? 0 : Math.max(0, 1.5 - y[label] + value) ** power), 0) / 4,
    }),
  ),
]

for (const { name, loss, last, rows, columns, targets, row } of cases) {
  const suited = loss.suited?.(last, columns) ?? loss
  const width = targets.length / rows
  // between 0 and 1, as all of these take
  const outputs = Float32Array.from({ length: rows * columns }, (_, i) => 0.5 + 0.42 * Math.sin(i * 5.3))
  const expected = (y: ArrayLike<number>, weights: readonly number[]) => {
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.reduce((sum, weight, r) => {
      const own = Array.from({ length: columns }, (_, c) => y[r * columns + c])
      return sum + (weight / all) * row(own, [...targets.subarray(r * width, (r + 1) * width)])
    }, 0)
  }

  test(`${name}: the weighted mean of the rows, and its gradient`, () => {
    for (const weights of [undefined, Float32Array.from({ length: rows }, (_, r) => r % 3)]) {
      const all = weights ? [...weights] : Array<number>(rows).fill(1)
      const gradient = new Float32Array(outputs.length)
      const value = suited.compute(outputs, targets, gradient, { rows, columns, weights })
      assert.ok(Math.abs(value - expected(outputs, all)) < 1e-6, `${value} and not ${expected(outputs, all)}`)
      for (const [i, slope] of gradient.entries()) {
        const moved = (by: number) =>
          expected(
            Float64Array.from(outputs, (y, j) => (i === j ? y + by : y)),
            all,
          )
        const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5
        assert.ok(Math.abs(slope - difference) < 1e-5, `${i}: ${slope} and not ${difference}`)
      }
    }
  })
}

test('probabilities of 0 and 1, and rows without a direction, have finite losses and gradients', () => {
  const ends = Float32Array.of(0, 1, 1, 0)
  for (const [loss, targets, last] of [
    [focal(), Float32Array.of(1, 0, 1, 0), 'sigmoid'],
    [focal(), Int32Array.of(0, 1), 'softmax'],
    [cosineSimilarity(), new Float32Array(4), 'linear'],
  ] as const) {
    for (const outputs of [ends, new Float32Array(4)]) {
      const gradient = new Float32Array(4)
      const suited = loss.suited?.(last, 2) ?? loss
      const value = suited.compute(outputs, targets, gradient, { rows: 2, columns: 2, weights: undefined })
      assert.ok(Number.isFinite(value) && gradient.every(Number.isFinite), `${loss.name}: ${value}, ${gradient}`)
    }
  }
})

test('they train, and files keep their names', async () => {
  const model = sequential([input(2), dense(8, { activation: 'tanh' }), dense(3, { activation: 'softmax' })], {
    seed: 1,
  })
  model.compile({ optimizer: 'adam', loss: focal(), metrics: ['accuracy'] })
  const [x, y] = [wave(2 * 60), labels(60)]
  const before = model.evaluate(x, y)
  await model.fit(x, y, { epochs: 20 })
  assert.ok(model.evaluate(x, y).loss < before.loss)
  const again = modelFromBytes(model.toBytes({ includeOptimizer: true }), { custom: { focal: focal() } })
  again.trainStep(x, y)
  model.clone().trainStep(x, y)
  model.trainStep(x, y)
  assert.equal(bits(again), bits(model))
  refuses(() => modelFromBytes(model.toBytes()), TypeError, 'the model was compiled with the loss "focal" of your own')

  const bands = sequential([input(1), dense(8, { activation: 'tanh' }), dense(2)], { seed: 2 })
  bands.compile({ optimizer: 'adam', loss: quantile({ quantiles: [0.1, 0.9] }) })
  const noisy = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * 77.7))
  await bands.fit(new Float32Array(400), noisy, { epochs: 120 })
  const [low, high] = bands.predict([0])
  assert.ok(low < -0.6 && high > 0.6, `${low} to ${high}`)
})

test('what does not suit is refused', () => {
  const compile = (activation: ActivationName, units: number, loss: CustomLoss) => () =>
    sequential([input(2), dense(units, { activation })], { seed: 1 }).compile({ optimizer: 'sgd', loss })
  refuses(compile('linear', 3, focal()), RangeError, 'loss "focal" does not suit a last layer with activation "linear"')
  refuses(compile('sigmoid', 2, focal({ alpha: [1, 2] })), TypeError, '"alpha" of labels is one number')
  refuses(compile('softmax', 3, focal({ alpha: [1, 2] })), RangeError, '"alpha" has 2 weights, but the model 3 classes')
  refuses(compile('linear', 3, quantile({ quantiles: [0.1, 0.9] })), RangeError, 'an output for each of 2 quantiles')
  refuses(() => focal({ gamma: -1 }), RangeError, 'focal: "gamma" must be a finite number at least 0, got -1')
  refuses(() => focal({ alpha: 2 }), RangeError, 'focal: "alpha" must be a finite number at least 0 and at most 1')
  refuses(
    () => quantile({ quantiles: [0, 1] }),
    RangeError,
    'quantile: "quantiles[0]" must be a finite number greater than 0',
  )
  refuses(() => quantile({ quantiles: [] }), TypeError, 'quantile: "quantiles" must be an array of numbers')
  refuses(() => multiMargin({ power: 3 }), RangeError, '"power" must be a whole number from 1 to 2, got 3')
  refuses(() => cosineSimilarity({ axis: 1 }), TypeError, 'cosineSimilarity: unknown option "axis"')
})
test.run()
