/** Small data without meaning and models for it, the same in every run. */
import { adam, dense, input, type Model, sequential } from '../../src/entries/public.ts'

export const wave = (length: number, seed = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) * 1.5)

/** Class indices. */
export const labels = (rows: number, classes = 3): Int32Array =>
  Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes)

/** All parameters of a model. */
export const bits = (model: Model): number[] => model.parameters.flatMap((parameter) => Array.from(parameter.get()))

/** A model of four features and three classes. */
export function classifier({ seed = 5, metrics = ['accuracy'] as ('accuracy' | 'topKAccuracy')[] } = {}): Model {
  const model = sequential([input(4), dense(16, { activation: 'tanh' }), dense(3, { activation: 'softmax' })], { seed })
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', metrics })
  return model
}

/** A tensor as readers of files give it. */
export const tensor = (shape: readonly number[], seed = 1) => ({
  shape,
  data: wave(
    shape.reduce((product, size) => product * size, 1),
    seed,
  ),
})
