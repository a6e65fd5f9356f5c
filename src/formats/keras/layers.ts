/** Converts Keras' layers, each class with its variables. */
import {
  alphaDropout,
  batchNorm,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  layerNorm,
  prelu,
  type RowNormOptions,
  rmsNorm,
} from '../../layers/layers.ts'
import { type Stage, stage } from '../network.ts'
import { countOf } from '../shapes.ts'
import { ACTIVATION_LAYERS, activationStages, columns, STEEPER } from './activations.ts'
import { type Converted, flag, identity, type KerasContext, number, requireOption, say, widthOf } from './context.ts'

/** Gamma and beta, with a neutral one if only the other exists, followed by the layer's further variables. */
function affineVariables(layer: KerasContext, width: number, more: readonly string[] = []) {
  const names = ['gamma', 'beta'].filter((name) => flag(layer, name === 'gamma' ? 'scale' : 'center'))
  const all = [...names, ...more]
  const sizes = all.map(() => width)
  const found = all.length > 0 ? layer.variables(all, sizes) : []
  const values: Record<string, Float32Array> = Object.fromEntries(names.map((name, i) => [name, found[i]]))
  if (names.length === 1) {
    values.gamma ??= new Float32Array(width).fill(1)
    values.beta ??= new Float32Array(width)
  }
  return { affine: names.length > 0, values, more: found.slice(names.length) }
}

function denseStages(layer: KerasContext): readonly Stage[] {
  const width = widthOf(layer)
  const units = number(layer, 'units', 0)
  const useBias = flag(layer, 'use_bias')
  requireOption(layer, 'quantization_config', null)
  const plain = dense(units, { useBias, ...identity(layer) })
  const [kernel, bias] = layer.variables(
    useBias ? ['kernel', 'bias'] : ['kernel'],
    useBias ? [width * units, units] : [width * units],
  )
  const values = { kernel, ...(useBias && { bias }) }
  const after = activationStages({ ...layer, shape: [units] }, layer.config.activation)
  const last = after.at(-1)?.layer
  if (last?.kind !== 'activation') return [stage(plain, values), ...after]
  // a steeper sigmoid equals smaller slopes of its input
  const steeper = (list: Float32Array) => list.map((value) => value * STEEPER)
  const scaled = after.length > 1 ? { kernel: steeper(kernel), ...(useBias && { bias: steeper(bias) }) } : values
  return [stage(dense(units, { useBias, ...identity(layer), activation: last.activation }), scaled)]
}

/** Keras' momentum is the weight of the old statistics, ours that of the new; rounded so that 1 - 0.9 becomes 0.1. */
export const otherShare = (momentum: number): number => Number((1 - momentum).toPrecision(12))

function batchNormStages(layer: KerasContext): readonly Stage[] {
  const width = widthOf(layer)
  requireOption(layer, 'axis', -1, 1)
  const { affine, values, more } = affineVariables(layer, width, ['moving_mean', 'moving_variance'])
  const [runningMean, runningVariance] = more
  const options = {
    momentum: otherShare(number(layer, 'momentum', 0.99)),
    epsilon: number(layer, 'epsilon', 1e-3),
    affine,
    synchronized: flag(layer, 'synchronized', false),
    ...identity(layer),
  }
  return [stage(batchNorm(options), { ...values, runningMean, runningVariance })]
}

/** Layer and group normalization. */
function rowNormStages(layer: KerasContext, make: (options: RowNormOptions) => Stage['layer']): readonly Stage[] {
  const width = widthOf(layer)
  requireOption(layer, 'axis', -1, 1)
  requireOption(layer, 'rms_scaling', false)
  const { affine, values } = affineVariables(layer, width)
  return [stage(make({ epsilon: number(layer, 'epsilon', 1e-3), affine, ...identity(layer) }), values)]
}

/** (x - mean) / max(sqrt(variance), 1e-7), with constants. */
function normalizationStages(layer: KerasContext): readonly Stage[] {
  const width = widthOf(layer)
  requireOption(layer, 'axis', -1, 1)
  requireOption(layer, 'invert', false)
  const { mean: given, variance } = layer.config
  const constants = [given, variance].map((value) => (Array.isArray(value) ? value.flat(3) : undefined))
  const isGiven = constants.every((list) => list?.length === width)
  const [mean, spread] = isGiven
    ? constants.map((list) => Float32Array.from(list ?? [], Number))
    : layer.variables(['mean', 'variance'], [width, width])
  const scale = Float32Array.from(spread, (value) => 1 / Math.max(Math.sqrt(value), 1e-7))
  return [
    columns(
      scale,
      Float32Array.from(mean, (value, i) => -value * scale[i]),
      identity(layer),
    ),
  ]
}

function rescalingStages(layer: KerasContext): readonly Stage[] {
  const width = widthOf(layer)
  const spread = (option: string, preset: number) => layer.filled(width, number(layer, option, preset))
  return [columns(spread('scale', 1), spread('offset', 0), identity(layer))]
}

const LAYERS: Readonly<Record<string, (layer: KerasContext) => readonly Stage[]>> = {
  Dense: denseStages,
  BatchNormalization: batchNormStages,
  LayerNormalization: (layer) => rowNormStages(layer, layerNorm),
  GroupNormalization: (layer) => rowNormStages(layer, (options) => groupNorm(number(layer, 'groups', 32), options)),
  RMSNormalization(layer) {
    const width = widthOf(layer)
    requireOption(layer, 'axis', -1, 1)
    const [gamma] = layer.variables(['scale'], [width])
    return [stage(rmsNorm({ epsilon: number(layer, 'epsilon', 1e-6), ...identity(layer) }), { gamma })]
  },
  PReLU(layer) {
    requireOption(layer, 'shared_axes', null)
    const [alpha] = layer.variables(['alpha'], [widthOf(layer)])
    return [stage(prelu(identity(layer)), { alpha })]
  },
  Dropout: (layer) => [stage(dropout(number(layer, 'rate', 0)))],
  AlphaDropout: (layer) => [stage(alphaDropout(number(layer, 'rate', 0)))],
  GaussianNoise: (layer) => [stage(gaussianNoise(number(layer, 'stddev', 0)))],
  Normalization: normalizationStages,
  Rescaling: rescalingStages,
}

/** Layers that act in training only and are not supported: the identity in inference. */
const PASSING = ['GaussianDropout', 'ActivityRegularization', 'Identity']

/** Elementwise layers, which accept any shape. */
const ANY_SHAPE = ['ReLU', 'LeakyReLU', 'ELU', 'Dropout', 'AlphaDropout', 'GaussianNoise']

/**
 * The stages for a layer.
 * @throws RangeError naming the layer, its class, and what is not supported.
 */
export function convertLayer(layer: KerasContext): Converted {
  const { className, shape, config } = layer
  const size = countOf(shape)
  if (className === 'Flatten') return { stages: [], shape: [size] }
  if (className === 'Reshape') {
    const target = Array.isArray(config.target_shape) ? config.target_shape : []
    if (target.length !== 1 || (target[0] !== size && target[0] !== -1))
      throw say(layer, 'reshapes rows to more than one size, which is not supported')
    return { stages: [], shape: [size] }
  }
  if (PASSING.includes(className)) return { stages: [], shape }
  if (Object.hasOwn(ACTIVATION_LAYERS, className)) {
    if (!ANY_SHAPE.includes(className)) widthOf(layer)
    return { stages: ACTIVATION_LAYERS[className]({ ...layer, shape: [size] }), shape }
  }
  if (!Object.hasOwn(LAYERS, className)) throw say(layer, 'is of a class that is not supported')
  return { stages: LAYERS[className](layer), shape: className === 'Dense' ? [number(layer, 'units', 0)] : shape }
}
