/** What a loss compiles to, depending on the last layer; no machine needed. */
import {
  LOSS_ABSOLUTE_ERROR,
  LOSS_BINARY_CROSSENTROPY,
  LOSS_CATEGORICAL_HINGE,
  LOSS_HINGE,
  LOSS_HUBER,
  LOSS_KL_DIVERGENCE,
  LOSS_LOG_COSH,
  LOSS_PERCENTAGE_ERROR,
  LOSS_POISSON,
  LOSS_SIGMOID_CROSSENTROPY,
  LOSS_SOFTMAX_CROSSENTROPY,
  LOSS_SOFTMAX_SPARSE,
  LOSS_SQUARED_ERROR,
  LOSS_SQUARED_HINGE,
} from '../abi/losses.ts'
import type { ActivationName } from './activations.ts'
import { type Loss, type LossTargets, lossKinds } from './losses.ts'

/** A loss after a given last layer, as the machine computes it. */
export interface LoweredLoss {
  /** LOSS_* */
  readonly code: number
  /** The last activation if the loss is fused with it and takes its logits; logSoftmax counts as softmax. */
  readonly fused: 'softmax' | 'sigmoid' | 'none'
  /** Whether the model outputs logits: `fromLogits`. */
  readonly logits: boolean
  /** delta for huber; positiveWeight - 1 for labels. */
  readonly delta: number
  /** Likewise per output, if they differ. */
  readonly deltas?: readonly number[]
  readonly smoothing: number
  readonly targets: LossTargets
}

/** Codes of losses that do not depend on the last activation. */
const CODES = {
  meanSquaredError: LOSS_SQUARED_ERROR,
  meanAbsoluteError: LOSS_ABSOLUTE_ERROR,
  huber: LOSS_HUBER,
  logCosh: LOSS_LOG_COSH,
  klDivergence: LOSS_KL_DIVERGENCE,
  poisson: LOSS_POISSON,
  hinge: LOSS_HINGE,
  squaredHinge: LOSS_SQUARED_HINGE,
  categoricalHinge: LOSS_CATEGORICAL_HINGE,
  meanAbsolutePercentageError: LOSS_PERCENTAGE_ERROR,
}

/**
 * What the loss compiles to after a last layer with this activation and number of outputs.
 * @throws RangeError if they do not fit together, naming the fix.
 */
export function lowerLoss(loss: Loss, lastActivation: ActivationName, outputs: number): LoweredLoss {
  const { kind, fromLogits = false, labelSmoothing: smoothing = 0, positiveWeight = 1 } = loss
  const { targets } = lossKinds[kind]
  const several = typeof positiveWeight === 'number' ? undefined : positiveWeight
  if (several && several.length !== outputs) {
    throw new RangeError(
      `compile: "positiveWeight" of ${kind} has ${several.length} weights, but the model has ${outputs} outputs`,
    )
  }
  const { delta = several ? 0 : Number(positiveWeight) - 1 } = loss
  const deltas = several?.map((weight) => weight - 1)
  const lowered = { logits: fromLogits, delta, smoothing, targets, ...(deltas && { deltas }) }
  const refuse = (what: string, fix: string): never => {
    throw new RangeError(`compile: loss "${kind}" does not suit ${what}; use ${fix}`)
  }
  const layer = `a last layer with activation "${lastActivation}"`
  const logitsFix = `activation "linear" with fromLogits, or "${lastActivation}" without it`
  const probable = lastActivation === 'softmax' || lastActivation === 'logSoftmax'
  switch (kind) {
    case 'binaryCrossentropy': {
      if (probable) refuse(layer, 'activation "sigmoid", or categoricalCrossentropy')
      const sigmoid = lastActivation === 'sigmoid' || lastActivation === 'hardSigmoid'
      if (fromLogits && sigmoid) refuse(`${layer} when fromLogits is true`, logitsFix)
      if (!fromLogits && !sigmoid) refuse(layer, 'activation "sigmoid", or binaryCrossentropy({ fromLogits: true })')
      if (lastActivation === 'hardSigmoid') return { code: LOSS_BINARY_CROSSENTROPY, fused: 'none', ...lowered }
      return { code: LOSS_SIGMOID_CROSSENTROPY, fused: fromLogits ? 'none' : 'sigmoid', ...lowered }
    }
    case 'categoricalCrossentropy':
    case 'sparseCategoricalCrossentropy': {
      if (outputs < 2)
        refuse('a last layer with 1 output', 'binaryCrossentropy with activation "sigmoid", or one output per class')
      const sigmoid = lastActivation === 'sigmoid' || lastActivation === 'hardSigmoid'
      if (fromLogits && (probable || sigmoid)) refuse(`${layer} when fromLogits is true`, logitsFix)
      if (!fromLogits && !probable) {
        refuse(layer, `activation "softmax", or ${sigmoid ? 'binaryCrossentropy' : `${kind}({ fromLogits: true })`}`)
      }
      const code = targets === 'classes' ? LOSS_SOFTMAX_SPARSE : LOSS_SOFTMAX_CROSSENTROPY
      return { code, fused: fromLogits ? 'none' : 'softmax', ...lowered }
    }
    case 'categoricalHinge':
      if (outputs < 2) refuse('a last layer with 1 output', 'hinge, or one output per class')
      return { code: CODES[kind], fused: 'none', ...lowered }
    default:
      return { code: CODES[kind], fused: 'none', ...lowered }
  }
}
