/** Models of the golden curvature cases. */
import { dense, input, type Layer, type Model, sequential } from '../../src/entries/public.ts'
import { type Objective, silenced } from '../oracles/secondOrder.ts'
import { type GoldenTensor, numbers } from './golden.ts'
import type { Config, Inputs } from './goldenNetworks.ts'

export interface CurvatureCase {
  readonly id: string
  readonly config: Config & { readonly sizes: readonly number[]; readonly damping: number }
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

const LOSSES = {
  cross_entropy: ['sparseCategoricalCrossentropy', 'softmax'],
  bce: ['binaryCrossentropy', 'sigmoid'],
  mse: ['meanSquaredError', 'linear'],
} as const

/** Vectors of golden files have W as [out, in], a model's have kernels as [in, out]. */
export function canonical(values: ArrayLike<number>, { config: { sizes } }: CurvatureCase): Float64Array {
  const to = new Float64Array(values.length)
  let at = 0
  for (const [i, units] of sizes.slice(1).entries()) {
    const inputs = sizes[i]
    for (let u = 0; u < units; u++)
      for (let k = 0; k < inputs; k++) to[at + k * units + u] = values[at + u * inputs + k]
    at += inputs * units
    for (let u = 0; u < units; u++) to[at + u] = values[at + u]
    at += units
  }
  return to
}

/** The network of a case as a model, compiled by `optimizer`, and its rows. */
export function goldenModel(
  { config, inputs }: CurvatureCase,
  optimizer: Parameters<Model['compile']>[0]['optimizer'] = 'sgd',
) {
  const { sizes, activation, loss: kind } = config
  const [loss, last] = LOSSES[kind]
  const layers = sizes
    .slice(1)
    .map((units, i) => dense(units, { activation: i < sizes.length - 2 ? activation : last }))
  const model = sequential([input(sizes[0]), ...layers])
  for (const [i, parameter] of model.parameters.entries()) {
    const [w, b] = [inputs.W[i >> 1], inputs.b[i >> 1]]
    if (i % 2 === 1) parameter.set(b ? numbers(b) : [])
    else {
      const [units, count] = w.shape
      const values = numbers(w)
      parameter.set(Float32Array.from(values, (_, j) => values[(j % units) * count + Math.floor(j / units)]))
    }
  }
  model.compile({ optimizer, loss })
  const y = kind === 'cross_entropy' ? Int32Array.from(numbers(inputs.y)) : Float32Array.from(numbers(inputs.y))
  return { model, x: Float32Array.from(numbers(inputs.x)), y }
}

/** All parameters of a model in a row. */
export const parametersOf = (model: Model): Float64Array =>
  Float64Array.from(model.parameters.flatMap((parameter) => [...parameter.get()]))

/** A model's mean loss over rows of features as the oracles take it; `loss` is of a row's outputs. */
export function objectiveOf(
  model: Model,
  x: Float32Array,
  loss: Objective['loss'],
  { layers = model.layers, weights }: { layers?: readonly Layer[]; weights?: readonly number[] } = {},
): Objective {
  const { inputs } = model.engine
  const rows = x.length / inputs
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? 0
  return {
    layers: silenced(layers),
    slots: model.parameters,
    x: Array.from({ length: rows }, (_, r) => [...x.subarray(r * inputs, (r + 1) * inputs)]),
    loss,
    weights: weights?.map((weight) => weight / total) ?? new Array<number>(rows).fill(1 / rows),
  }
}
