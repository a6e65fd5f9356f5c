/** All settings of the page as one plain value: controls write it, the URL contains it, the worker trains with it. */

export const DATA = ['spirals', 'circles', 'xor', 'gaussians', 'moons', 'plane', 'waves', 'csv'] as const
export const FEATURES = ['x', 'y', 'x²', 'y²', 'xy', 'sin x', 'sin y'] as const
export const ACTIVATIONS = [
  'relu',
  'tanh',
  'sigmoid',
  'linear',
  'gelu',
  'silu',
  'elu',
  'softplus',
  'leakyRelu',
] as const
export const INITIALIZERS = ['glorotUniform', 'heNormal', 'orthogonal', 'lecunNormal'] as const
export const NORMS = ['none', 'batchNorm', 'layerNorm'] as const
export const PENALTIES = ['none', 'l1', 'l2'] as const
export const OPTIMIZERS = [
  'sgd',
  'momentum',
  'nesterov',
  'adagrad',
  'adadelta',
  'rmsprop',
  'adam',
  'adamw',
  'nadam',
  'lion',
  'muon',
  'kfac',
  'lbfgs',
  'conjugateGradient',
  'newtonCg',
] as const
export const SCHEDULES = ['constant', 'cosine', 'exponential', 'warmup'] as const
export const VIEWS = ['network', 'race', 'surface', 'layers'] as const
export const SPEEDS = ['1', '10', '60', 'max'] as const

export type DataName = (typeof DATA)[number]
export type FeatureName = (typeof FEATURES)[number]
export type OptimizerName = (typeof OPTIMIZERS)[number]
export type View = (typeof VIEWS)[number]

export interface Settings {
  readonly data: DataName
  /** Percent. */
  readonly noise: number
  /** Number of training and test points. */
  readonly points: number
  /** Percent of the points. */
  readonly test: number
  readonly features: readonly FeatureName[]
  /** Units of the hidden layers. */
  readonly layers: readonly number[]
  readonly activation: (typeof ACTIVATIONS)[number]
  readonly initializer: (typeof INITIALIZERS)[number]
  readonly norm: (typeof NORMS)[number]
  /** Percent. */
  readonly dropout: number
  readonly penalty: (typeof PENALTIES)[number]
  readonly strength: number
  readonly optimizer: OptimizerName
  readonly rate: number
  readonly schedule: (typeof SCHEDULES)[number]
  readonly batch: number
  /** Of data, parameters and batches. */
  readonly seed: number
  /** The optimizers in a race. */
  readonly racers: readonly OptimizerName[]
  readonly view: View
  readonly speed: (typeof SPEEDS)[number]
}

export const DEFAULTS: Settings = {
  data: 'spirals',
  noise: 5,
  points: 400,
  test: 30,
  features: ['x', 'y'],
  layers: [16, 16],
  activation: 'tanh',
  initializer: 'glorotUniform',
  norm: 'none',
  dropout: 0,
  penalty: 'none',
  strength: 0.001,
  optimizer: 'adam',
  rate: 0.01,
  schedule: 'constant',
  batch: 32,
  seed: 1,
  racers: ['sgd', 'momentum', 'adam', 'lbfgs'],
  view: 'network',
  speed: '10',
}

export const MOST_LAYERS = 6
export const MOST_UNITS = 32
export const MOST_RACERS = 4

/** Lowest and highest values of numeric settings. */
export const RANGES = {
  noise: [0, 50],
  points: [50, 2000],
  test: [10, 80],
  dropout: [0, 80],
  strength: [1e-6, 1],
  rate: [1e-5, 10],
  batch: [1, 256],
  seed: [0, 999],
} as const
const WHOLE: ReadonlySet<string> = new Set(['noise', 'points', 'test', 'dropout', 'batch', 'seed'])

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  data: DATA,
  activation: ACTIVATIONS,
  initializer: INITIALIZERS,
  norm: NORMS,
  penalty: PENALTIES,
  optimizer: OPTIMIZERS,
  schedule: SCHEDULES,
  view: VIEWS,
  speed: SPEEDS,
}

/** Settings whose changes restart training. */
export const isAnotherRun = (a: Settings, b: Settings): boolean =>
  (Object.keys(DEFAULTS) as (keyof Settings)[]).some(
    (key) => key !== 'view' && key !== 'speed' && key !== 'racers' && String(a[key]) !== String(b[key]),
  )

/** The fragment of the URL: what differs from the defaults. */
export function formatSettings(settings: Settings): string {
  const parameters = new URLSearchParams()
  for (const key of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    if (String(settings[key]) !== String(DEFAULTS[key])) parameters.set(key, String(settings[key]))
  }
  return parameters.toString()
}

/** Settings from a URL fragment, which is untrusted: invalid ones keep their defaults. */
export function parseSettings(text: string): Settings {
  const parameters = new URLSearchParams(text.replace(/^#/, ''))
  const found: Record<string, unknown> = {}
  for (const [key, value] of parameters) {
    const range = Object.hasOwn(RANGES, key) ? RANGES[key as keyof typeof RANGES] : undefined
    if (range) {
      const number = Number(value)
      const isValid = value !== '' && number >= range[0] && number <= range[1]
      if (isValid && (!WHOLE.has(key) || Number.isInteger(number))) found[key] = number
    } else if (Object.hasOwn(CHOICES, key)) {
      if (CHOICES[key].includes(value)) found[key] = value
    } else if (key === 'features') {
      const names = FEATURES.filter((name) => value.split(',').includes(name))
      if (names.length > 0) found.features = names
    } else if (key === 'racers') {
      const names = OPTIMIZERS.filter((name) => value.split(',').includes(name)).slice(0, MOST_RACERS)
      if (names.length > 0) found.racers = names
    } else if (key === 'layers') {
      const units = value === '' ? [] : value.split(',').map(Number)
      const isValid = units.every((count) => Number.isInteger(count) && count >= 1 && count <= MOST_UNITS)
      if (isValid && units.length <= MOST_LAYERS) found.layers = units
    }
  }
  return { ...DEFAULTS, ...found }
}
