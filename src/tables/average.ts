/**
 * Averages several networks of the same kind into one network, a model like any other in files and predictors: its last layer
 * averages their pre-activations.
 *
 * Dense layers are placed side by side in wider, block-diagonal ones: for k networks the middle layers do k times
 * the necessary work, but exports stay as simple as those of one. Networks with other layers become branches.
 */
import { type DenseLayer, dense } from '../layers/dense.ts'
import { concatenate, input, type Layer } from '../layers/layers.ts'
import { type Model, sequential } from '../model/model.ts'
import type { ModelOptions } from '../model/untrained.ts'

/** A dense layer's kernel [inputs, units] and bias. */
interface Weights {
  readonly layer: DenseLayer
  readonly inputs: number
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

const isDense = (layer: Layer): layer is DenseLayer => layer.kind === 'dense'

/** Whether a network consists of dense layers, optionally after a scale layer. */
const isPlain = ({ layers }: Model): boolean =>
  layers.every((layer, i) => layer.kind === 'input' || isDense(layer) || (layer.kind === 'scale' && i === 1))

/** The dense layers of such a network; the scales are folded into the first kernel. */
function weightsOf(model: Model): Weights[] {
  const values = model.parameters.map((parameter) => parameter.get())
  let factors: Float32Array | undefined
  let at = 0
  let inputs = model.engine.inputs
  const out: Weights[] = []
  for (const layer of model.layers) {
    if (layer.kind === 'input') continue
    if (layer.kind === 'scale') factors = values[at++]
    else if (isDense(layer)) {
      const [kernel, bias] = [values[at++], values[at++]]
      const { units } = layer
      if (factors && out.length === 0) for (const i of kernel.keys()) kernel[i] *= factors[Math.floor(i / units)]
      out.push({ layer, inputs, kernel, bias })
      inputs = units
    }
  }
  return out
}

/** @param models networks with the same layers, the last of them dense */
export const average = (models: readonly Model[], options: ModelOptions): Model =>
  isPlain(models[0]) ? widen(models, options) : branch(models, options)

function branch(models: readonly Model[], options: ModelOptions): Model {
  const [first] = models
  const head = first.layers[first.layers.length - 1]
  if (!isDense(head)) throw new Error(`average: the last layer is ${head.kind}`)
  const { units, activation } = head
  // dropout is only for training
  const inner = first.layers.slice(1, -1).filter(({ kind }) => kind !== 'dropout')
  const last = dense(units, { activation, kernelInitializer: 'zeros', name: head.name ?? 'head' })
  const model = sequential([input(first.engine.inputs), concatenate(models.map(() => inner)), last], options)
  const values = models.map(({ parameters }) => parameters.map((parameter) => parameter.get()))
  const own = values[0].length - 2
  for (const [m, member] of values.entries()) {
    for (let p = 0; p < own; p++) model.parameters[m * own + p].set(member[p])
  }
  const [kernel, bias] = model.parameters.slice(-2)
  const share = (value: number) => value / models.length
  kernel.set(Float32Array.from(values.flatMap((member) => Array.from(member[own], share))))
  bias.set(Float32Array.from(bias.get(), (_, c) => values.reduce((sum, member) => sum + share(member[own + 1][c]), 0)))
  return model
}

function widen(models: readonly Model[], options: ModelOptions): Model {
  const members = models.map(weightsOf)
  const [first] = members
  const k = models.length
  const last = first.length - 1
  const layers = first.map(({ layer: { units, activation, name } }, i) =>
    dense(i === last ? units : k * units, { activation, kernelInitializer: 'zeros', ...(name && { name }) }),
  )
  const model = sequential([input(models[0].engine.inputs), ...layers], options)
  for (const [i, { layer, inputs }] of first.entries()) {
    const { units } = layer
    const [rows, columns] = [i === 0 ? inputs : k * inputs, i === last ? units : k * units]
    const kernel = new Float32Array(rows * columns)
    const bias = new Float32Array(columns)
    for (const [m, member] of members.entries()) {
      const part = member[i]
      const [top, left] = [i === 0 ? 0 : m * inputs, i === last ? 0 : m * units]
      const share = i === last ? 1 / k : 1
      for (let row = 0; row < inputs; row++) {
        for (let c = 0; c < units; c++) {
          kernel[(top + row) * columns + left + c] += share * part.kernel[row * units + c]
        }
      }
      for (let c = 0; c < units; c++) bias[left + c] += share * part.bias[c]
    }
    model.parameters[2 * i].set(kernel)
    model.parameters[2 * i + 1].set(bias)
  }
  return model
}
