/** The catalogue of losses: plain frozen specs. */
import { checkBoolean, checkFloat, checkOneOf, checkOptions, show } from '../lib/check.ts'
import type { Metric } from './metrics/metric.ts'

export const LOSS_NAMES = [
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'logCosh',
  'binaryCrossentropy',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'klDivergence',
  'poisson',
  'hinge',
  'squaredHinge',
  'categoricalHinge',
  'meanAbsolutePercentageError',
] as const
export type LossName = (typeof LOSS_NAMES)[number]

/** A loss and its options: frozen and JSON-serializable. Options that a loss does not have are absent. */
export interface Loss {
  readonly kind: LossName
  /** Whether outputs are logits, to which the loss applies softmax or sigmoid. */
  readonly fromLogits?: boolean
  /** Fraction of every target that is spread evenly over the classes (or over both labels). */
  readonly labelSmoothing?: number
  /** Error beyond which huber is linear. */
  readonly delta?: number
  /** Weight of targets of 1, or one per output; absent: 1. */
  readonly positiveWeight?: number | readonly number[]
}

/** Options of the cross entropies. */
export interface CrossentropyOptions {
  fromLogits?: boolean
  labelSmoothing?: number
}

/** Options of the binary cross entropy. */
export interface BinaryCrossentropyOptions extends CrossentropyOptions {
  /** Weight of targets of 1, or one per output. Default 1. */
  positiveWeight?: number | readonly number[]
}

/** What the compiler needs to know about each loss; equations are in losses.docs.ts. */
export const lossKinds: Readonly<Record<LossName, { readonly targets: LossTargets }>> = {
  meanSquaredError: { targets: 'values' },
  meanAbsoluteError: { targets: 'values' },
  huber: { targets: 'values' },
  logCosh: { targets: 'values' },
  binaryCrossentropy: { targets: 'values' },
  categoricalCrossentropy: { targets: 'values' },
  sparseCategoricalCrossentropy: { targets: 'classes' },
  klDivergence: { targets: 'values' },
  poisson: { targets: 'values' },
  hinge: { targets: 'values' },
  squaredHinge: { targets: 'values' },
  categoricalHinge: { targets: 'values' },
  meanAbsolutePercentageError: { targets: 'values' },
}
/** One class index per row, or a number per output. */
export type LossTargets = 'classes' | 'values'

const plain = <K extends LossName>(kind: K, options: object): Loss & { readonly kind: K } => {
  checkOptions(kind, options, [])
  return Object.freeze({ kind })
}

function crossentropy(kind: LossName, options: CrossentropyOptions): Loss {
  checkOptions(kind, options, ['fromLogits', 'labelSmoothing'])
  const { fromLogits = false, labelSmoothing = 0 } = options
  checkBoolean(kind, 'fromLogits', fromLogits)
  checkFloat(kind, 'labelSmoothing', labelSmoothing, { minimum: 0, below: 1 })
  return Object.freeze({ kind, fromLogits, labelSmoothing })
}

/**
 * mean over outputs of (y - t)². PyTorch's MSELoss, Keras' MeanSquaredError.
 * @throws TypeError for an unknown option.
 */
export const meanSquaredError = (options: object = {}): Loss => plain('meanSquaredError', options)

/**
 * mean over outputs of |y - t|. PyTorch's L1Loss, Keras' MeanAbsoluteError.
 * @throws TypeError for an unknown option.
 */
export const meanAbsoluteError = (options: object = {}): Loss => plain('meanAbsoluteError', options)

/**
 * mean over outputs of e² / 2 if |e| <= delta, else delta (|e| - delta / 2), with e = y - t. PyTorch's HuberLoss, Keras' Huber.
 * Default: delta 1.
 * @throws TypeError or RangeError unless delta is a finite number above 0.
 */
export function huber(options: { delta?: number } = {}): Loss {
  checkOptions('huber', options, ['delta'])
  const { delta = 1 } = options
  return Object.freeze({ kind: 'huber', delta: checkFloat('huber', 'delta', delta, { above: 0 }) })
}

/**
 * mean over outputs of ln cosh(y - t). Keras' LogCosh.
 * @throws TypeError for an unknown option.
 */
export const logCosh = (options: object = {}): Loss => plain('logCosh', options)

/**
 * mean over outputs of -t ln y - (1 - t) ln(1 - y), every output an independent label; fused with a final sigmoid.
 * labelSmoothing s replaces t by t (1 - s) + s / 2. positiveWeight w replaces -t ln y by -w t ln y, with one w or one per
 * output, for rare labels. Defaults: fromLogits false, labelSmoothing 0, positiveWeight 1.
 * PyTorch's BCELoss (fromLogits: BCEWithLogitsLoss, with its pos_weight), Keras' BinaryCrossentropy.
 * @throws TypeError or RangeError naming the option.
 */
export function binaryCrossentropy(options: BinaryCrossentropyOptions = {}): Loss {
  const kind = 'binaryCrossentropy'
  checkOptions(kind, options, ['fromLogits', 'labelSmoothing', 'positiveWeight'])
  const { positiveWeight, ...others } = options
  const loss = crossentropy(kind, others)
  if (positiveWeight === undefined || positiveWeight === 1) return loss
  const check = (name: string, weight: unknown) => checkFloat(kind, name, weight, { above: 0 })
  return Object.freeze({
    ...loss,
    positiveWeight: Array.isArray(positiveWeight)
      ? Object.freeze(Array.from(positiveWeight, (weight, i) => check(`positiveWeight[${i}]`, weight)))
      : check('positiveWeight', positiveWeight),
  })
}

/**
 * -sum t ln y over rows of class probabilities (one-hot or soft); fused with a final softmax.
 * labelSmoothing s replaces t by t (1 - s) + s / classes. PyTorch's CrossEntropyLoss, Keras' CategoricalCrossentropy.
 * Defaults: fromLogits false, labelSmoothing 0.
 * @throws TypeError or RangeError naming the option.
 */
export const categoricalCrossentropy = (options: CrossentropyOptions = {}): Loss =>
  crossentropy('categoricalCrossentropy', options)

/**
 * categoricalCrossentropy with one class index per row as the target. Keras' SparseCategoricalCrossentropy.
 * Defaults: fromLogits false, labelSmoothing 0.
 * @throws TypeError or RangeError naming the option.
 */
export const sparseCategoricalCrossentropy = (options: CrossentropyOptions = {}): Loss =>
  crossentropy('sparseCategoricalCrossentropy', options)

/**
 * sum of t ln(t / y), both clamped to [1e-7, 1]; 0 if t = 0. Keras' KLDivergence.
 * @throws TypeError for an unknown option.
 */
export const klDivergence = (options: object = {}): Loss => plain('klDivergence', options)

/**
 * mean over outputs of y - t ln(y + 1e-7), y a rate. Keras' Poisson.
 * @throws TypeError for an unknown option.
 */
export const poisson = (options: object = {}): Loss => plain('poisson', options)

/**
 * mean over outputs of max(0, 1 - s y), s = 1 if t > 0, else -1; targets are 0 and 1, or -1 and 1. Keras' Hinge.
 * @throws TypeError for an unknown option.
 */
export const hinge = (options: object = {}): Loss => plain('hinge', options)

/**
 * mean over outputs of max(0, 1 - s y)², s as in hinge. Keras' SquaredHinge.
 * @throws TypeError for an unknown option.
 */
export const squaredHinge = (options: object = {}): Loss => plain('squaredHinge', options)

/**
 * max(0, 1 + max((1 - t) y) - sum t y) over one-hot rows. Keras' CategoricalHinge.
 * @throws TypeError for an unknown option.
 */
export const categoricalHinge = (options: object = {}): Loss => plain('categoricalHinge', options)

/**
 * mean over outputs of 100 |y - t| / max(|t|, 1e-7), in percent; both a loss and a metric. Keras' MeanAbsolutePercentageError
 * (scikit-learn's is a fraction).
 * @throws TypeError for an unknown option.
 */
export const meanAbsolutePercentageError = (options: object = {}): Loss & Metric =>
  plain('meanAbsolutePercentageError', options)

const factories: Readonly<Record<LossName, (options?: object) => Loss>> = {
  meanSquaredError,
  meanAbsoluteError,
  huber,
  logCosh,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  klDivergence,
  poisson,
  hinge,
  squaredHinge,
  categoricalHinge,
  meanAbsolutePercentageError,
}

/**
 * A loss from a name (with default options) or a spec, validated.
 * @throws TypeError for anything else; RangeError for an unknown name, suggesting the nearest.
 */
export function resolveLoss(where: string, loss: LossName | Loss): Loss {
  if (typeof loss === 'string') return factories[checkOneOf(where, 'loss', loss, LOSS_NAMES)]()
  if (typeof loss !== 'object' || loss === null || !('kind' in loss)) {
    throw new TypeError(`${where}: "loss" must be a name or a loss such as huber({ delta: 1 }), got ${show(loss)}`)
  }
  const { kind, ...options } = loss
  return factories[checkOneOf(where, 'loss', kind, LOSS_NAMES)](options)
}
