/** The networks whose losses are looked at. */
import { adam, dense, input, type Layer, type Model, type Optimizer, sequential } from 'fourlane'

export function compiled(
  columns: number,
  layers: Layer[],
  seed: number,
  optimizer: Optimizer = adam({ learningRate: 1e-3 }),
): Model {
  const model = sequential([input(columns), ...layers, dense(10, { activation: 'softmax' })], { seed, threads: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}
