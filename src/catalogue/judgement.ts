/** What a loss implies about a model's outputs and targets. */
import type { ActivationName } from './activations.ts'
import type { CustomLoss } from './customLoss.ts'
import type { Loss, LossName } from './losses.ts'

/** How metrics given by name interpret outputs and targets, as implied by the loss. */
export interface Judgement {
  /** Whether every output is an independent binary label, as opposed to one class of many. */
  readonly independent: boolean
  /** Outputs above it are positive. */
  readonly threshold: number
  /** Whether outputs are logits. */
  readonly logits: boolean
  /** Whether outputs, or outputs after softmax or sigmoid if they are logits, are probabilities. */
  readonly probabilities: boolean
  /** Whether the loss implies classes or labels, so that targets need not be tested for it. */
  readonly classifies: boolean
}

export function judgementOf(loss: Loss | CustomLoss, lastActivation: ActivationName): Judgement {
  const { kind } = loss
  const logits = ('fromLogits' in loss && loss.fromLogits) || false
  const classes = { independent: false, threshold: 0.5, logits, probabilities: true, classifies: true }
  switch (kind) {
    case 'binaryCrossentropy':
      return { ...classes, independent: true, threshold: logits ? 0 : 0.5 }
    case 'hinge':
    case 'squaredHinge':
      return { ...classes, independent: true, threshold: 0, probabilities: false }
    case 'categoricalHinge':
      return { ...classes, probabilities: false }
    case 'categoricalCrossentropy':
    case 'sparseCategoricalCrossentropy':
    case 'klDivergence':
      return classes
    default: {
      const probabilities = ['sigmoid', 'hardSigmoid', 'softmax'].includes(lastActivation)
      return { ...classes, probabilities, classifies: kind === 'custom' && loss.targets === 'classes' }
    }
  }
}

/** The range of a loss's targets, and whether it takes class indices instead of one-hot rows. */
export function targetRange(kind: LossName | 'custom'): {
  readonly categorical?: boolean
  readonly minimum?: number
  readonly maximum?: number
} {
  switch (kind) {
    case 'binaryCrossentropy':
      return { minimum: 0, maximum: 1 }
    case 'categoricalCrossentropy':
    case 'categoricalHinge':
      return { categorical: true, minimum: 0, maximum: 1 }
    case 'klDivergence':
      return { categorical: true, minimum: 0 }
    case 'poisson':
      return { minimum: 0 }
    case 'hinge':
    case 'squaredHinge':
      return { minimum: -1, maximum: 1 }
    default:
      return {}
  }
}
