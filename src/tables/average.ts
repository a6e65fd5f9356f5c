/**
 * Several networks of one kind as one network: side by side in wider layers, whose kernels are zero between them, and in the last
 * layer the mean of what theirs have before its activation. Of k networks the middle layers do k times the work that is needed;
 * in return the result is a model like any other, in files, exports and predictors.
 */
import { type DenseLayer, dense } from '../layers/dense.ts'
import { input, type Layer } from '../layers/layers.ts'
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

/** The dense layers of a network that has nothing else but a factor a column in front, which goes into the first kernel. */
function weightsOf(model: Model): Weights[] {
  const values = model.parameters.map((parameter) => parameter.get())
  let factors: Float32Array | undefined
  let at = 0
  let inputs = model.engine.inputs
  const out: Weights[] = []
  for (const layer of model.layers) {
    if (layer.kind === 'input') continue
    if (layer.kind === 'scale' && out.length === 0 && !factors) factors = values[at++]
    else if (isDense(layer)) {
      const [kernel, bias] = [values[at++], values[at++]]
      const { units } = layer
      if (factors && out.length === 0) for (const i of kernel.keys()) kernel[i] *= factors[Math.floor(i / units)]
      out.push({ layer, inputs, kernel, bias })
      inputs = units
    } else throw new Error(`average: a network with a layer "${layer.kind}"`)
  }
  return out
}

/** @param models of the same layers */
export function average(models: readonly Model[], options: ModelOptions): Model {
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
