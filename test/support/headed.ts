/** A model with two heads, and rows for it. */
import * as assert from 'uvu/assert'
import { dense, heads, input, sequential, sgd } from '../../src/entries/public.ts'
import { labels, wave } from './samples.ts'

export const ROWS = 11
export const x = wave(4 * ROWS)
export const price = wave(2 * ROWS, 3)
export const kind = labels(ROWS, 3)
export const flags = Float32Array.from(wave(ROWS, 5), (value) => Number(value > 0))

export function shop(threads = 1) {
  return sequential(
    [
      input(4),
      dense(5, { activation: 'tanh' }),
      heads({ price: [dense(2)], kind: [dense(3, { activation: 'softmax' })] }),
    ],
    { seed: 4, threads },
  )
}

export function compiled(threads = 1) {
  const model = shop(threads)
  model.compile({
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    loss: { price: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' },
    lossWeights: { price: 0.25 },
    metrics: { price: ['r2Score'], kind: ['accuracy', 'topKAccuracy'] },
  })
  return model
}

export const assertClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
) => {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i])
    assert.ok(error <= tolerance * (1 + Math.abs(expected[i])), `${what} ${i}: ${actual[i]} and not ${expected[i]}`)
  }
}

export const rowsOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, r) =>
    Array.from({ length: columns }, (_, c) => values[r * columns + c]),
  )
