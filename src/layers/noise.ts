/** Layers that only act while a model trains: dropout and noise. */
import {
  NOISE_COLS,
  NOISE_FROM,
  NOISE_SCALE,
  NOISE_STREAM,
  NOISE_STRIDE,
  NOISE_THRESHOLD,
  NOISE_TO,
} from '../abi/layers.ts'
import { OP_DROPOUT, OP_NOISE } from '../abi/ops.ts'
import { activationKinds } from '../catalogue/activations.ts'
import { checkNumber } from '../lib/check.ts'
import type { LayerKind, Lowering, Matrix, Value } from './builder.ts'

export interface DropoutLayer {
  readonly kind: 'dropout'
  readonly rate: number
}

export interface GaussianNoiseLayer {
  readonly kind: 'gaussianNoise'
  readonly stddev: number
}

/**
 * In training every element is 0 with probability `rate`, else x / (1 - rate); otherwise y = x (Srivastava et al. 2014,
 * "Dropout", in the inverted form). PyTorch's and Keras' `Dropout`. What is dropped depends on the model's seed, the
 * step, the layer and the element only, never on threads or the host.
 * @throws TypeError or RangeError unless rate is a number in [0, 1).
 */
export function dropout(rate: number): DropoutLayer {
  return Object.freeze({ kind: 'dropout', rate: checkNumber('dropout', 'rate', rate, { minimum: 0, below: 1 }) })
}

/**
 * In training y = x + stddev · z, z standard normal; otherwise y = x. Keras' `GaussianNoise`. Drawn as `dropout` draws.
 * @throws TypeError or RangeError unless stddev is a finite number of at least 0.
 */
export function gaussianNoise(stddev: number): GaussianNoiseLayer {
  return Object.freeze({
    kind: 'gaussianNoise',
    stddev: checkNumber('gaussianNoise', 'stddev', stddev, { minimum: 0 }),
  })
}

/** One op applied element by element with the stream's random bits. */
function emitNoise(
  lowering: Lowering,
  op: number,
  from: Matrix,
  to: Matrix,
  ints: Record<number, number>,
  scale: number,
): void {
  lowering.emit(
    op,
    {
      [NOISE_FROM]: from.address,
      [NOISE_TO]: to.address,
      [NOISE_STRIDE]: from.stride,
      [NOISE_COLS]: from.cols,
      ...ints,
    },
    { [NOISE_SCALE]: scale },
  )
}

/**
 * The derivative that x owes can be left to whoever comes after y when it works element by element, as dropout and added
 * noise do: their own derivative and the activation's commute.
 */
function passOn(lowering: Lowering, x: Value, y: Matrix) {
  const later = x.activation !== undefined && !activationKinds[x.activation.kind].rowwise
  return {
    y: later && x.activation && x.saved ? { ...y, activation: x.activation, saved: x.saved } : y,
    /** dx, settled here when y did not take over what x owes. */
    settle: (gradient: Matrix): Matrix => {
      if (later || !lowering.owes(x)) return gradient
      const dx = lowering.matrix(x.cols)
      lowering.settle(x, gradient, dx)
      return dx
    },
  }
}

export const dropoutKind: LayerKind<DropoutLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive: (spec) => dropout(spec.rate),
  lower({ rate }, lowering, x) {
    const stream = lowering.stream()
    if (!lowering.noise || rate === 0) return { y: x, backward: (dy) => dy }
    // one of the 2^32 words is always kept, so that a rate next to 1 has a threshold
    const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1) | 0
    const ints = { [NOISE_STREAM]: stream, [NOISE_THRESHOLD]: threshold }
    const apply = (from: Matrix) => {
      const to = lowering.matrix(x.cols)
      emitNoise(lowering, OP_DROPOUT, from, to, ints, 1 / (1 - rate))
      return to
    }
    const { y, settle } = passOn(lowering, x, apply(x))
    return { y, backward: (dy, wanted) => (wanted.input ? settle(apply(dy)) : undefined) }
  },
}

export const gaussianNoiseKind: LayerKind<GaussianNoiseLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive: (spec) => gaussianNoise(spec.stddev),
  lower({ stddev }, lowering, x) {
    const stream = lowering.stream()
    if (!lowering.noise || stddev === 0) return { y: x, backward: (dy) => dy }
    const to = lowering.matrix(x.cols)
    emitNoise(lowering, OP_NOISE, x, to, { [NOISE_STREAM]: stream }, stddev)
    const { y, settle } = passOn(lowering, x, to)
    return { y, backward: (dy, wanted) => (wanted.input ? settle(dy) : undefined) }
  },
}
