/** Keras' layers as ours, each class with the variables that it has. */
import { type ActivationName, elu, leakyRelu } from '../../catalogue/activations.ts'
import {
  activation,
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
import { quote, show } from '../../lib/check.ts'
import { type Stage, stage } from '../network.ts'
import { countOf } from '../shapes.ts'
import { asNumber, isObject, type Json } from './json.ts'

/** A layer as its configuration says. */
export interface KerasLayer {
  readonly name: string
  readonly className: string
  readonly config: Json
}

/** A layer in its place, with what it needs to become ours. */
export interface KerasContext extends KerasLayer {
  /** For messages: the function the user called. */
  readonly where: string
  /** The name, if parameters can be called after it here. */
  readonly ownName: string | undefined
  /** Sizes of a row that it gets. */
  readonly shape: readonly number[]
  /** Whether this is Keras 2 or TensorFlow.js, whose hard sigmoid is steeper. */
  readonly old: boolean
  /**
   * The layer's variables, in the order in which it makes them.
   * @throws RangeError for one that is not there or has another number of values.
   */
  variables(names: readonly string[], sizes: readonly number[]): Float32Array[]
  /**
   * A column of one value, which no file has to hold.
   * @throws RangeError when all of them are longer than a model of that size needs.
   */
  filled(length: number, value: number): Float32Array
}

/** What a layer becomes, and the sizes of its rows. */
export interface Converted {
  readonly stages: readonly Stage[]
  readonly shape: readonly number[]
}

/** Keras' own: `LayerNormalization` is `layer_normalization`, `PReLU` is `p_re_lu`. */
export const snakeCase = (name: string): string =>
  name
    .slice(0, 200)
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

/** Keras' names of activations, and TensorFlow.js'. */
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

const say = ({ where, name, className }: KerasContext, text: string) =>
  new RangeError(`${where}: layer ${quote(name)} (${quote(className).slice(1, -1)}) ${text}`)

/** An option that must have one value, as others would make another layer. */
function requireOption(layer: KerasContext, option: string, ...values: readonly unknown[]): void {
  const given = layer.config[option]
  // axes come as lists of one
  const plain = Array.isArray(given) && given.length === 1 ? given[0] : given
  if (given !== undefined && !values.includes(plain))
    throw say(layer, `has ${quote(option)} ${show(given)}, which is not supported`)
}

const flag = ({ config }: KerasContext, option: string, preset = true): boolean => (config[option] ?? preset) !== false

function number(layer: KerasContext, option: string, preset: number): number {
  const value = layer.config[option]
  // what JSON has for an array of one number, as old versions wrote it
  const plain = isObject(value) && 'value' in value ? value.value : value
  return plain === undefined || plain === null ? preset : asNumber(`${layer.where}: ${quote(option)}`, plain)
}

/** Frozen layers stay so, and names that somebody chose are kept. */
const identity = ({ ownName, config }: KerasContext): { name?: string; trainable?: boolean } => ({
  ...(ownName !== undefined && { name: ownName }),
  ...(config.trainable === false && { trainable: false }),
})

/** y = scale x + shift, column by column, as a normalization by constants. */
export function columns(scale: Float32Array, shift: Float32Array, more: { name?: string } = {}): Stage {
  // 1 - 2^-10 and 2^-10 are 1 to the bit
  return stage(batchNorm({ epsilon: 2 ** -10, trainable: false, ...more }), {
    gamma: scale,
    beta: shift,
    runningMean: new Float32Array(scale.length),
    runningVariance: new Float32Array(scale.length).fill(1 - 2 ** -10),
  })
}

/** What takes Keras 2's hard sigmoid, min(max(x / 5 + 1/2, 0), 1), to ours, which has x / 6. */
export const STEEPER = 1.2

/** The stages of an activation, given by name, as Keras 3 describes functions, or by a layer. */
function activationStages(layer: KerasContext, given: unknown): readonly Stage[] {
  if (given === undefined || given === null) return []
  if (isObject(given)) {
    const { class_name: className, config } = given
    if (className === 'function') return activationStages(layer, config)
    // Keras 2's activations that are layers
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
const ACTIVATION_LAYERS: Readonly<Record<string, (layer: KerasContext) => readonly Stage[]>> = {
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

/** The width of rows, which must not have more sizes. */
function widthOf(layer: KerasContext): number {
  const { shape } = layer
  if (shape.length !== 1)
    throw say(layer, `gets rows of [${shape.slice(0, 8).join(', ')}], expected one size; flatten them before`)
  return shape[0]
}

/** Gamma and beta, and for one that is missing beside the other, what changes nothing; then what else the layer has. */
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
  // a steeper sigmoid of smaller weights
  const steeper = (list: Float32Array) => list.map((value) => value * STEEPER)
  const scaled = after.length > 1 ? { kernel: steeper(kernel), ...(useBias && { bias: steeper(bias) }) } : values
  return [stage(dense(units, { useBias, ...identity(layer), activation: last.activation }), scaled)]
}

/** Keras' momentum is the share of the old statistics, ours that of the new; 1 - 0.9 is to be 0.1. */
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
  GaussianNoise: (layer) => [stage(gaussianNoise(number(layer, 'stddev', 0)))],
  Normalization: normalizationStages,
  Rescaling: rescalingStages,
}

/** Layers that act in training only, in ways that we do not have: what they hand on is what they get. */
const PASSING = ['GaussianDropout', 'AlphaDropout', 'ActivityRegularization', 'Identity']

/** Layers that act on every value by itself, whatever the sizes of a row. */
const ANY_SHAPE = ['ReLU', 'LeakyReLU', 'ELU', 'Dropout', 'GaussianNoise']

/**
 * Our stages for a layer.
 * @throws RangeError naming the layer, its class, and what of it is not supported.
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
