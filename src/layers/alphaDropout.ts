/** Dropout that preserves the mean and variance of standardized activations, for selu networks. */
import { checkFloat, checkNoMore, checkOptions } from '../lib/check.ts'
import * as ops from '../machine/ops/features.ts'
import type { LayerKind, Matrix } from './builder.ts'
import { carrying } from './carried.ts'
import { elements, passOn, thresholdOf } from './noise.ts'

export interface AlphaDropoutLayer {
  readonly kind: 'alphaDropout'
  readonly rate: number
}

/** -selu(-∞): its scale times its alpha. */
const SATURATION = 1.7580993408473766

const alphaDropoutKind: LayerKind<AlphaDropoutLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive({ kind, rate, ...rest }) {
    checkOptions(kind, rest, [])
    return alphaDropout(rate)
  },
  lower({ rate }, builder, x) {
    const stream = builder.stream()
    if (!builder.noise || rate === 0) return { y: x, backward: (dy) => dy }
    const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * SATURATION ** 2))
    const shift = scale * SATURATION * rate
    const apply = (from: Matrix, shift: number, floor: number) => {
      const to = builder.matrix(x.cols)
      const drawn = { stream, threshold: thresholdOf(rate) }
      builder.emit(ops.alphaDropout, { ...elements(from, to), ...drawn, scale, shift, floor })
      return to
    }
    const { y, withDerivative } = passOn(builder, x, apply(x, shift, shift - scale * SATURATION))
    return { y, backward: (dy, wanted) => (wanted.input ? withDerivative(apply(dy, 0, 0)) : undefined) }
  },
}

/**
 * Training: x becomes s = -1.7581 (the limit of selu for x → -∞) with probability `rate`; then y = a x + b restores mean 0 and
 * variance 1, with a = 1 / sqrt((1 - rate) (1 + rate s²)) and b = -a rate s. Otherwise y = x (Klambauer et al. 2017,
 * arXiv:1706.02515). PyTorch's and Keras' `AlphaDropout`. Uses the same random stream scheme as `dropout`.
 * @throws TypeError or RangeError unless rate is a number in [0, 1).
 */
export const alphaDropout: (rate: number, ...more: []) => AlphaDropoutLayer = carrying(
  'alphaDropout',
  alphaDropoutKind,
  (rate, ...more) => {
    checkNoMore('alphaDropout', more)
    return Object.freeze({
      kind: 'alphaDropout',
      rate: checkFloat('alphaDropout', 'rate', rate, { minimum: 0, below: 1 }),
    })
  },
)
