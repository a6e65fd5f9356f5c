/** The workloads as models. */
import {
  adadelta,
  adam,
  adamw,
  dense,
  embedding,
  input,
  type Model,
  type ModelOptions,
  type Optimizer,
  sequential,
  sgd,
} from '../src/entries/public.ts'
import type { Target } from '../src/machine/wasm.ts'
import type { InferenceLoad, OptimizerSpec, RECOMMENDER, Workload } from './workloads.ts'

function optimizerOf(spec: OptimizerSpec): Optimizer {
  const { kind, ...options } = spec
  if (kind === 'sgd') return sgd(options)
  if (kind === 'adam') return adam(options)
  if (kind === 'adadelta') return adadelta(options)
  return adamw(options)
}

const layersOf = (widths: readonly number[], hidden: 'relu' | 'tanh', last: 'softmax' | 'sigmoid') => [
  input(widths[0]),
  ...widths.slice(1).map((units, i) => dense(units, { activation: i === widths.length - 2 ? last : hidden })),
]

export function trainingModel(workload: Workload, target: Target, threads: ModelOptions['threads'] = 1): Model {
  const { widths, hidden, optimizer } = workload
  const model = sequential(layersOf(widths, hidden, 'softmax'), { seed: 1, deterministic: target === 'simd', threads })
  model.compile({ optimizer: optimizerOf(optimizer), loss: 'sparseCategoricalCrossentropy' })
  return model
}

export const inferenceModel = (
  { widths, hidden, last }: InferenceLoad,
  target: Target,
  threads: ModelOptions['threads'] = 1,
): Model => sequential(layersOf(widths, hidden, last), { seed: 1, deterministic: target === 'simd', threads })

export function recommenderModel({ users, items, units, learningRate }: typeof RECOMMENDER, target: Target): Model {
  const tables = [
    { columns: 0, categories: users, units },
    { columns: 1, categories: items, units },
  ]
  const model = sequential([input(2), embedding(tables), dense(1)], { seed: 1, deterministic: target === 'simd' })
  model.compile({ optimizer: sgd({ learningRate }), loss: 'meanSquaredError' })
  return model
}
