/** The catalogue of initializers: plain frozen specs, no machine needed. Factories throw a TypeError or RangeError naming a bad option. */
import { checkFloat, checkNoMore, checkOneOf, checkOptions, show } from '../../lib/check.ts'

/** The options of each kind. */
interface Options {
  zeros: Empty
  ones: Empty
  constant: { readonly value: number }
  randomUniform: { readonly minval: number; readonly maxval: number }
  randomNormal: { readonly mean: number; readonly stddev: number }
  truncatedNormal: { readonly mean: number; readonly stddev: number }
  varianceScaling: { readonly scale: number; readonly mode: FanMode; readonly distribution: ScaledDistribution }
  glorotUniform: { readonly gain: number }
  glorotNormal: { readonly gain: number }
  heUniform: { readonly gain: number; readonly mode: 'fanIn' | 'fanOut' }
  heNormal: { readonly gain: number; readonly mode: 'fanIn' | 'fanOut' }
  lecunUniform: Empty
  lecunNormal: Empty
  orthogonal: { readonly gain: number }
  identity: { readonly gain: number }
  torchLinear: Empty
}
type Empty = Readonly<Record<never, never>>
export type FanMode = 'fanIn' | 'fanOut' | 'fanAvg'
export type ScaledDistribution = 'truncatedNormal' | 'normal' | 'uniform'

export type InitializerName = keyof Options
/** A frozen, JSON-serializable spec: `{ kind, ...options }`. */
export type Initializer = { [K in InitializerName]: { readonly kind: K } & Options[K] }[InitializerName]

const FAN_MODES = ['fanIn', 'fanOut', 'fanAvg'] as const
const HE_MODES = ['fanIn', 'fanOut'] as const
const DISTRIBUTIONS = ['truncatedNormal', 'normal', 'uniform'] as const

const spec = (initializer: Initializer): Initializer => Object.freeze(initializer)

type Bare = 'zeros' | 'ones' | 'lecunUniform' | 'lecunNormal' | 'torchLinear'

/** A kind without options. */
function bare(kind: Bare, more: readonly unknown[]): Initializer {
  checkNoMore(kind, more)
  return spec({ kind })
}

/**
 * w = 0
 * @throws TypeError if called with an argument.
 */
export const zeros = (...more: []): Initializer => bare('zeros', more)

/**
 * w = 1
 * @throws TypeError if called with an argument.
 */
export const ones = (...more: []): Initializer => bare('ones', more)

/**
 * w = value
 * @throws TypeError or RangeError naming a bad option.
 */
export const constant = (value: number): Initializer =>
  spec({ kind: 'constant', value: checkFloat('constant', 'value', value) })

/**
 * w ~ U(minval, maxval). Keras' RandomUniform; PyTorch's uniform_. Defaults: -0.05, 0.05.
 * @throws TypeError or RangeError naming a bad option.
 */
export function randomUniform(options: { minval?: number; maxval?: number } = {}): Initializer {
  checkOptions('randomUniform', options, ['minval', 'maxval'])
  const { minval = -0.05, maxval = 0.05 } = options
  checkFloat('randomUniform', 'minval', minval)
  checkFloat('randomUniform', 'maxval', maxval, { minimum: minval })
  return spec({ kind: 'randomUniform', minval, maxval })
}

/**
 * w ~ N(mean, stddev²). Keras' RandomNormal; PyTorch's normal_. Defaults: 0, 0.05.
 * @throws TypeError or RangeError naming a bad option.
 */
export const randomNormal = (options: { mean?: number; stddev?: number } = {}): Initializer =>
  normalSpec('randomNormal', options)

/**
 * w ~ N(mean, stddev²), resampled beyond mean ± 2 stddev, which leaves a standard deviation of 0.8796 stddev. Keras' TruncatedNormal.
 * Defaults: 0, 0.05.
 * @throws TypeError or RangeError naming a bad option.
 */
export const truncatedNormal = (options: { mean?: number; stddev?: number } = {}): Initializer =>
  normalSpec('truncatedNormal', options)

function normalSpec(
  kind: 'randomNormal' | 'truncatedNormal',
  options: { mean?: number; stddev?: number },
): Initializer {
  checkOptions(kind, options, ['mean', 'stddev'])
  const { mean = 0, stddev = 0.05 } = options
  return spec({
    kind,
    mean: checkFloat(kind, 'mean', mean),
    stddev: checkFloat(kind, 'stddev', stddev, { minimum: 0 }),
  })
}

/**
 * Var w = scale / n, n the fan of `mode`. Keras' VarianceScaling: a truncated normal has that variance after truncation.
 * Defaults: scale 1, mode 'fanIn', distribution 'truncatedNormal'.
 * @throws TypeError or RangeError naming a bad option.
 */
export function varianceScaling(
  options: { scale?: number; mode?: FanMode; distribution?: ScaledDistribution } = {},
): Initializer {
  checkOptions('varianceScaling', options, ['scale', 'mode', 'distribution'])
  const { scale = 1, mode = 'fanIn', distribution = 'truncatedNormal' } = options
  return spec({
    kind: 'varianceScaling',
    scale: checkFloat('varianceScaling', 'scale', scale, { above: 0 }),
    mode: checkOneOf('varianceScaling', 'mode', mode, FAN_MODES),
    distribution: checkOneOf('varianceScaling', 'distribution', distribution, DISTRIBUTIONS),
  })
}

/**
 * w ~ U(-a, a), a = gain · √(6 / (fanIn + fanOut)). Glorot and Bengio 2010; PyTorch's xavier_uniform_. Default: gain 1.
 * @throws TypeError or RangeError naming a bad option.
 */
export const glorotUniform = (options: { gain?: number } = {}): Initializer => gainSpec('glorotUniform', options)

/**
 * w ~ N(0, σ²), σ = gain · √(2 / (fanIn + fanOut)). Glorot and Bengio 2010; PyTorch's xavier_normal_ (Keras truncates). Default: gain 1.
 * @throws TypeError or RangeError naming a bad option.
 */
export const glorotNormal = (options: { gain?: number } = {}): Initializer => gainSpec('glorotNormal', options)

/**
 * w ~ U(-a, a), a = gain · √(3 / fan). He et al. 2015; PyTorch's kaiming_uniform_. Defaults: gain √2, mode 'fanIn'.
 * @throws TypeError or RangeError naming a bad option.
 */
export const heUniform = (options: { gain?: number; mode?: 'fanIn' | 'fanOut' } = {}): Initializer =>
  heSpec('heUniform', options)

/**
 * w ~ N(0, σ²), σ = gain / √fan. He et al. 2015; PyTorch's kaiming_normal_ (Keras truncates). Defaults: gain √2, mode 'fanIn'.
 * @throws TypeError or RangeError naming a bad option.
 */
export const heNormal = (options: { gain?: number; mode?: 'fanIn' | 'fanOut' } = {}): Initializer =>
  heSpec('heNormal', options)

/**
 * w ~ U(-a, a), a = √(3 / fanIn). LeCun et al. 1998.
 * @throws TypeError if called with an argument.
 */
export const lecunUniform = (...more: []): Initializer => bare('lecunUniform', more)

/**
 * w ~ N(0, σ²), σ = √(1 / fanIn). LeCun et al. 1998 (Keras truncates).
 * @throws TypeError if called with an argument.
 */
export const lecunNormal = (...more: []): Initializer => bare('lecunNormal', more)

/**
 * gain · Q, Q uniform among the matrices with orthonormal rows or columns. Saxe et al. 2014; PyTorch's orthogonal_. Default: gain 1.
 * @throws TypeError or RangeError naming a bad option.
 */
export const orthogonal = (options: { gain?: number } = {}): Initializer => gainSpec('orthogonal', options)

/**
 * w[i][j] = gain if i = j, else 0; any shape. PyTorch's eye_. Default: gain 1.
 * @throws TypeError or RangeError naming a bad option.
 */
export const identity = (options: { gain?: number } = {}): Initializer => gainSpec('identity', options)

/**
 * w ~ U(-a, a), a = 1 / √fanIn, for kernels and biases: the default of torch.nn.Linear.
 * @throws TypeError if called with an argument.
 */
export const torchLinear = (...more: []): Initializer => bare('torchLinear', more)

function gainSpec(
  kind: 'glorotUniform' | 'glorotNormal' | 'orthogonal' | 'identity',
  options: { gain?: number },
): Initializer {
  checkOptions(kind, options, ['gain'])
  const { gain = 1 } = options
  return spec({ kind, gain: checkFloat(kind, 'gain', gain) })
}

function heSpec(kind: 'heUniform' | 'heNormal', options: { gain?: number; mode?: 'fanIn' | 'fanOut' }): Initializer {
  checkOptions(kind, options, ['gain', 'mode'])
  const { gain = Math.SQRT2, mode = 'fanIn' } = options
  return spec({ kind, gain: checkFloat(kind, 'gain', gain), mode: checkOneOf(kind, 'mode', mode, HE_MODES) })
}

type GainActivation = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'selu'
const GAINS: Readonly<Record<GainActivation, number>> = {
  linear: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  selu: 3 / 4,
}

/**
 * The gain that preserves the signal's magnitude through an activation, for `glorotUniform({ gain })` and others: PyTorch's
 * calculate_gain. `alpha` is the slope of leakyRelu, √(2 / (1 + alpha²)).
 * @throws RangeError for an activation without a known gain.
 */
export function initialGain(activation: GainActivation | 'leakyRelu', options: { alpha?: number } = {}): number {
  checkOptions('initialGain', options, ['alpha'])
  const { alpha = 0.01 } = options
  const known = ['linear', 'sigmoid', 'tanh', 'relu', 'selu', 'leakyRelu'] as const
  const kind = checkOneOf('initialGain', 'activation', activation, known)
  return kind === 'leakyRelu' ? Math.sqrt(2 / (1 + checkFloat('initialGain', 'alpha', alpha) ** 2)) : GAINS[kind]
}

type Make = (options: Record<string, never>) => Initializer

const plain =
  (kind: InitializerName, make: () => Initializer): Make =>
  (options) => {
    checkOptions(kind, options, [])
    return make()
  }

const FACTORIES: Readonly<Record<InitializerName, Make>> = {
  zeros: plain('zeros', zeros),
  ones: plain('ones', ones),
  constant: (options) => {
    checkOptions('constant', options, ['value'])
    return constant(options.value)
  },
  randomUniform,
  randomNormal,
  truncatedNormal,
  varianceScaling,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform: plain('lecunUniform', lecunUniform),
  lecunNormal: plain('lecunNormal', lecunNormal),
  orthogonal,
  identity,
  torchLinear: plain('torchLinear', torchLinear),
}

export const INITIALIZER_NAMES = Object.keys(FACTORIES) as readonly InitializerName[]

/**
 * An initializer from a name (with default options) or a spec, which is validated: it may come from a file.
 * @throws TypeError for anything else; RangeError for an unknown name (suggesting the nearest) or a bad option.
 */
export function resolveInitializer(where: string, value: unknown, name = 'initializer'): Initializer {
  if (typeof value === 'string') {
    const kind = checkOneOf(where, name, value, INITIALIZER_NAMES)
    if (kind === 'constant') throw new TypeError(`${where}: "${name}" needs a value; use constant(value)`)
    return FACTORIES[kind]({})
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) {
    const kind = INITIALIZER_NAMES.find((known) => typeof value === 'function' && value.name === known)
    throw new TypeError(
      `${where}: "${name}" must be a name or a spec, got ${show(value)}${kind ? `; call it: ${kind}()` : ''}`,
    )
  }
  const { kind, ...options } = value
  return FACTORIES[checkOneOf(where, name, kind, INITIALIZER_NAMES)](options)
}
