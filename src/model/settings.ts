/** A model file's settings, everything but the tensors: JSON in the metadata. */
import type { Loss } from '../catalogue/losses.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import type { Clipping } from '../compiler/objective.ts'
import type { Door } from '../data/features.ts'
import { parseJson } from '../formats/safetensorsHeader.ts'
import { isCarriedKind } from '../layers/carried.ts'
import { checkLayers, doorsOf, type Layer, reviveLayer } from '../layers/layers.ts'
import type { Resolvers } from '../layers/resolvers.ts'
import { checkBoolean, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { checkRandomState, type RandomState } from '../lib/random.ts'
import { isMatrixKind, type MatrixKind } from '../optimizers/matrices/matrixRule.ts'
import type { OptimizerName } from '../optimizers/optimizers.ts'
import { isSolverKind, type Scalars, type SolverKind } from '../optimizers/solvers/solver.ts'
import type { ClassNames } from './compileOptions.ts'
import type { Named } from './custom.ts'
import type { SavedHeads } from './goals.ts'

/** Supported formats: `fourlane/2` may have fields and layers unknown to version 0.1. */
const FORMATS = ['fourlane/1', 'fourlane/2'] as const
const READABLE: readonly string[] = FORMATS

/** The contents of the metadata key `settings`. */
export interface Settings {
  readonly seed: number
  readonly deterministic: boolean
  readonly layers: readonly Layer[]
  readonly compiled?: {
    readonly optimizer: {
      readonly kind: OptimizerName | SolverKind | MatrixKind
      readonly options: Readonly<Record<string, unknown>>
    }
    readonly loss?: Loss | Named
    readonly metrics: readonly (Metric | Named)[]
    readonly weightedMetrics?: readonly (Metric | Named)[]
    readonly clipping: Clipping
    /** Instead of loss and metrics, for models with heads. */
    readonly heads?: SavedHeads
  }
  /** Indices of frozen layers, and whether running statistics are frozen. */
  readonly frozen?: readonly number[]
  readonly statisticsFrozen?: boolean
  /** Training progress; only with the optimizer's state. */
  readonly progress?: Progress
  /** `model.classNames`. */
  readonly classNames?: ClassNames
  /** `model.metadata`: any JSON value. */
  readonly user?: unknown
}

export interface Progress {
  /** Number of updates. */
  readonly steps: number
  /** The factor that callbacks have applied to the learning rate. */
  readonly learningRateScale: number
  readonly random: RandomState
  /** A solver's numeric state. */
  readonly solver?: Scalars
}

/** The format to write: the oldest that can represent the model. */
export function formatOf({ layers, compiled, classNames, user }: Settings): (typeof FORMATS)[number] {
  const second =
    compiled &&
    (!compiled.loss ||
      'positiveWeight' in compiled.loss ||
      compiled.loss.kind === 'meanAbsolutePercentageError' ||
      compiled.weightedMetrics ||
      usesNamed(compiled))
  return second || classNames || user !== undefined || hasNews(layers) ? 'fourlane/2' : 'fourlane/1'
}

/** Whether the layers have kinds or options that the first format lacks. */
function hasNews(layers: unknown): boolean {
  if (typeof layers !== 'object' || layers === null) return false
  if ('kind' in layers) {
    const { kind, alpha, rate, synchronized } = layers as Readonly<Record<string, unknown>>
    if (synchronized || isCarriedKind(kind) || NEW_ACTIVATIONS.includes(kind)) return true
    if ((kind === 'softplus' && alpha !== undefined) || (kind === 'dropout' && typeof rate !== 'number')) return true
  }
  return Object.values(layers).some(hasNews)
}

const NEW_ACTIVATIONS: readonly unknown[] = ['exponential', 'cos', 'sin']

const usesNamed = ({ optimizer, loss, metrics }: NonNullable<Settings['compiled']>): boolean =>
  isSolverKind(optimizer.kind) ||
  isMatrixKind(optimizer.kind) ||
  'parameterGroups' in optimizer.options ||
  loss?.kind === 'custom' ||
  metrics.some(({ kind }) => kind === 'custom')

const SETTINGS = [
  'seed',
  'deterministic',
  'layers',
  'compiled',
  'frozen',
  'statisticsFrozen',
  'progress',
  'classNames',
  'user',
] as const

/**
 * A file's settings; only the names of fields are checked yet.
 * @param readable known formats. Default: those of models.
 * @throws RangeError unless the metadata belongs to a model.
 */
export function parseSettings(
  where: string,
  metadata: Readonly<Record<string, string>>,
  readable: readonly string[] = READABLE,
): Settings {
  const { format, settings: text } = metadata
  if (!readable.includes(format) || text === undefined) {
    throw new RangeError(
      `${where}: not a fourlane model: its metadata has format ${show(format)}, expected ${readable.map(show).join(' or ')}`,
    )
  }
  let settings: unknown
  try {
    settings = parseJson(text)
  } catch (cause) {
    const reason = cause instanceof RangeError ? ` that can be read: ${cause.message}` : '; the file is damaged'
    throw new RangeError(`${where}: the settings in the metadata are not JSON${reason}`, { cause })
  }
  if (typeof settings !== 'object' || settings === null || !('layers' in settings)) {
    throw new RangeError(`${where}: the settings in the metadata name no layers; the file is damaged`)
  }
  readingFile(where, () => checkOptions('settings', settings, SETTINGS))
  return settings as unknown as Settings
}

/** Runs checks meant for user input on a file's contents, and attributes errors to the file. */
export function readingFile<T>(where: string, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new RangeError(`${where}: the file's settings do not describe a model: ${message}`, { cause })
  }
}

/** The architecture: normalized layers, and the output width of each. */
export interface Architecture {
  readonly layers: readonly Layer[]
  readonly widths: readonly number[]
  readonly doors: readonly Door[]
  readonly seed: number
  readonly deterministic: boolean
}

/** @throws TypeError or RangeError naming the field, or the layer by its index. */
export function readArchitecture({ seed, deterministic, layers: specs }: Settings, resolvers: Resolvers): Architecture {
  if (!Array.isArray(specs)) throw new TypeError(`settings: "layers" must be an array, got ${show(specs)}`)
  const layers = specs.map((spec: Layer, i) => {
    try {
      return reviveLayer(spec, resolvers)
    } catch (cause) {
      throw new RangeError(`layer ${i}: ${(cause as Error).message}`, { cause })
    }
  })
  return {
    layers,
    widths: checkLayers(layers),
    doors: doorsOf(layers),
    seed: checkInteger('settings', 'seed', seed, 0, 2 ** 32 - 1),
    deterministic: checkBoolean('settings', 'deterministic', deterministic),
  }
}

/**
 * Validates frozen layers and training progress.
 * @throws TypeError or RangeError naming the field.
 */
export function checkTraining({ layers, compiled, frozen, statisticsFrozen, progress }: Settings): void {
  if (frozen !== undefined) {
    if (!Array.isArray(frozen)) throw new TypeError(`settings: "frozen" must be an array, got ${show(frozen)}`)
    for (const index of frozen) checkInteger('settings', 'frozen', index, 0, layers.length - 1)
  }
  if (statisticsFrozen !== undefined) checkBoolean('settings', 'statisticsFrozen', statisticsFrozen)
  if (compiled !== undefined) {
    checkOptions('compiled', compiled, ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'clipping', 'heads'])
    checkOptions('optimizer', compiled.optimizer, ['kind', 'options'])
    checkOptions('clipping', compiled.clipping, ['clipNorm', 'globalClipNorm', 'clipValue', 'clipNormOrder'])
  }
  if (progress === undefined) return
  if (compiled === undefined) throw new RangeError('settings: "progress" needs "compiled"')
  checkOptions('progress', progress, ['steps', 'learningRateScale', 'random', 'solver'])
  // the next step's number must fit into the machine's 32 bits
  checkInteger('progress', 'steps', progress.steps, 0, 2 ** 31 - 2)
  checkNumber('progress', 'learningRateScale', progress.learningRateScale, { minimum: 0, maximum: 3.4e38 })
  checkRandomState('progress', progress.random)
}
