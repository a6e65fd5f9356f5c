/** Keras' activations: by name, as serialized functions, and as layers. */
import { type ActivationName, elu, leakyRelu } from '../../catalogue/activations.ts'
import { activation, batchNorm } from '../../layers/layers.ts'
import { show } from '../../lib/check.ts'
import { type Stage, stage } from '../network.ts'
import { type KerasContext, number, requireOption, say, widthOf } from './context.ts'
import { isObject } from './json.ts'

/** Names of activations in Keras and TensorFlow.js. */
const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  leaky_relu: 'leakyRelu',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  sigmoid: 'sigmoid',
  hard_sigmoid: 'hardSigmoid',
  hardSigmoid: 'hardSigmoid',
  tanh: 'tanh',
  silu: 'silu',
  swish: 'silu',
  hard_silu: 'hardSwish',
  hard_swish: 'hardSwish',
  softplus: 'softplus',
  exponential: 'exponential',
  softsign: 'softsign',
  mish: 'mish',
  softmax: 'softmax',
  log_softmax: 'logSoftmax',
  logSoftmax: 'logSoftmax',
}

/** y = scale x + shift, column by column, as batch normalization with constant statistics. */
export function columns(scale: Float32Array, shift: Float32Array, more: { name?: string } = {}): Stage {
  // variance 1 - 2^-10 plus epsilon 2^-10 is exactly 1
  return stage(batchNorm({ epsilon: 2 ** -10, trainable: false, ...more }), {
    gamma: scale,
    beta: shift,
    runningMean: new Float32Array(scale.length),
    runningVariance: new Float32Array(scale.length).fill(1 - 2 ** -10),
  })
}

/** Factor that maps Keras 2's hard sigmoid, min(max(x / 5 + 1/2, 0), 1), to ours, which has x / 6. */
export const STEEPER = 1.2

/** The stages of an activation given by name, as a function serialized by Keras 3, or by a layer. */
export function activationStages(layer: KerasContext, given: unknown): readonly Stage[] {
  if (given === undefined || given === null) return []
  if (isObject(given)) {
    const { class_name: className, config } = given
    if (className === 'function') return activationStages(layer, config)
    // activations that Keras 2 serializes as layers
    if (typeof className === 'string' && Object.hasOwn(ACTIVATION_LAYERS, className)) {
      const inner = { ...layer, className, config: isObject(config) ? config : {} }
      return ACTIVATION_LAYERS[className](inner)
    }
    if (typeof className === 'string') return activationStages(layer, className)
  }
  const kind = typeof given === 'string' && Object.hasOwn(ACTIVATIONS, given) ? ACTIVATIONS[given] : undefined
  if (!kind) throw say(layer, `has the activation ${show(given)}, which is not supported`)
  if (kind === 'linear') return []
  if (kind === 'leakyRelu') return [stage(activation(leakyRelu({ alpha: 0.2 })))]
  if (kind !== 'hardSigmoid' || !layer.old) return [stage(activation(kind))]
  const width = widthOf(layer)
  return [columns(layer.filled(width, STEEPER), layer.filled(width, 0)), stage(activation(kind))]
}

/** Layers that are activations. */
export const ACTIVATION_LAYERS: Readonly<Record<string, (layer: KerasContext) => readonly Stage[]>> = {
  Activation: (layer) => activationStages(layer, layer.config.activation),
  ReLU(layer) {
    const slope = number(layer, 'negative_slope', 0)
    const maximum = layer.config.max_value ?? null
    if (
      number(layer, 'threshold', 0) !== 0 ||
      (maximum !== null && (number(layer, 'max_value', 0) !== 6 || slope !== 0))
    )
      throw say(layer, 'has a "threshold" or "max_value" that is not supported')
    if (maximum !== null) return [stage(activation('relu6'))]
    return [stage(activation(slope === 0 ? 'relu' : leakyRelu({ alpha: slope })))]
  },
  LeakyReLU: (layer) => [
    stage(activation(leakyRelu({ alpha: number(layer, 'negative_slope', number(layer, 'alpha', 0.3)) }))),
  ],
  ELU: (layer) => [stage(activation(elu({ alpha: number(layer, 'alpha', 1) })))],
  Softmax(layer) {
    requireOption(layer, 'axis', -1, 1)
    return [stage(activation('softmax'))]
  },
}
