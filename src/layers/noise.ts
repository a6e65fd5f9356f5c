/** Layers that are active only in training: dropout and noise. */
import { activationKinds } from '../catalogue/activations.ts'
import { checkFloat, checkNoMore, checkOptions } from '../lib/check.ts'
import * as ops from '../machine/ops/layers.ts'
import { checkNoMomentum } from '../optimizers/schedules/named.ts'
import { describeSchedule, type Schedule, type ScheduleDescription } from '../optimizers/schedules/schedules.ts'
import type { Builder, LayerKind, Matrix, Value } from './builder.ts'

export interface DropoutLayer {
  readonly kind: 'dropout'
  readonly rate: number | DropoutSchedule
}

/** A serializable schedule: `kind` and `options` recreate it. */
export interface DropoutSchedule {
  readonly kind: string
  readonly options: Readonly<Record<string, unknown>>
  /** The rate for update 0, 1, 2, ... */
  at(step: number): number
}

export interface GaussianNoiseLayer {
  readonly kind: 'gaussianNoise'
  readonly stddev: number
}

/**
 * Training: y = 0 with probability `rate`, else x / (1 - rate). Otherwise y = x (Srivastava et al. 2014,
 * "Dropout", in the inverted form). PyTorch's and Keras' `Dropout`. The mask depends only on the model's seed, the
 * step, the layer and the element, never on threads or the host.
 * A schedule such as `flatCosine` gives the rate for each update by its index.
 * @throws TypeError or RangeError unless rate is a number in [0, 1) or one of this library's schedules; updates and training-mode
 * passes throw a RangeError if the schedule returns anything else.
 */
export function dropout(rate: number | Schedule, ...more: []): DropoutLayer {
  checkNoMore('dropout', more)
  if (typeof rate !== 'function')
    return Object.freeze({ kind: 'dropout', rate: checkFloat('dropout', 'rate', rate, { minimum: 0, below: 1 }) })
  checkNoMomentum('dropout', 'rate', rate)
  const described = describeSchedule(rate) as ScheduleDescription
  const at = (step: number) => checkFloat('dropout', `rate at step ${step}`, rate(step), { minimum: 0, below: 1 })
  // a file stores the enumerable properties
  const schedule = Object.freeze(Object.defineProperty({ ...described }, 'at', { value: at })) as DropoutSchedule
  schedules.add(schedule)
  return Object.freeze({ kind: 'dropout', rate: schedule })
}

/**
 * Training: y = x + stddev · z, z standard normal. Otherwise y = x. Keras' `GaussianNoise`. Uses the same random stream scheme as `dropout`.
 * @throws TypeError or RangeError unless stddev is a finite number >= 0.
 */
export function gaussianNoise(stddev: number, ...more: []): GaussianNoiseLayer {
  checkNoMore('gaussianNoise', more)
  return Object.freeze({
    kind: 'gaussianNoise',
    stddev: checkFloat('gaussianNoise', 'stddev', stddev, { minimum: 0 }),
  })
}

/** Operands shared by all random ops. */
export const elements = (from: Matrix, to: Matrix) => ({
  from: from.address,
  to: to.address,
  stride: from.stride,
  cols: from.cols,
})

/**
 * x's pending derivative can be passed on to whatever follows y: dropout and additive noise are elementwise,
 * so their derivative commutes with the activation's.
 */
export function passOn(builder: Builder, x: Value, y: Matrix) {
  const later = x.activation !== undefined && !activationKinds[x.activation.kind].rowwise
  return {
    y: later && x.activation && x.saved ? { ...y, activation: x.activation, saved: x.saved } : y,
    /** dx, times the derivative if y did not take it over. */
    withDerivative: (gradient: Matrix): Matrix => {
      if (later || !builder.needsDerivative(x)) return gradient
      const dx = builder.matrix(x.cols)
      builder.applyDerivative(x, gradient, dx)
      return dx
    },
  }
}

/** The initial rate, for exports to formats without rate schedules. */
export const firstRate = ({ rate }: DropoutLayer): number => (typeof rate === 'number' ? rate : rate.at(0))

/** The schedules made by `dropout`. */
const schedules = new WeakSet<object>()

/** Random words below it drop the element. At most 2^32 - 1, so that a rate next to 1 still keeps some. */
export const thresholdOf = (rate: number): number => Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1) | 0

const constantRate = (rate: number) => ({ rate: 0, scale: 1 / (1 - rate), threshold: thresholdOf(rate) })

/** Layers that are the identity outside of training. */
export const isNoise = (kind: string | undefined): boolean =>
  kind === 'dropout' || kind === 'gaussianNoise' || kind === 'alphaDropout'

export const dropoutKind: LayerKind<DropoutLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive({ kind, rate, ...rest }, resolvers) {
    checkOptions(kind, rest, [])
    if (typeof rate !== 'object' || rate === null) return dropout(rate)
    return schedules.has(rate) ? Object.freeze({ kind, rate }) : dropout(resolvers.schedule(rate))
  },
  lower({ rate }, builder, x) {
    const stream = builder.stream()
    if (!builder.noise || rate === 0) return { y: x, backward: (dy) => dy }
    const chosen =
      typeof rate === 'number' ? constantRate(rate) : { rate: builder.scheduled(rate, rate.at), scale: 0, threshold: 0 }
    const apply = (from: Matrix) => {
      const to = builder.matrix(x.cols)
      builder.emit(ops.dropout, { ...elements(from, to), stream, ...chosen })
      return to
    }
    const { y, withDerivative } = passOn(builder, x, apply(x))
    return { y, backward: (dy, wanted) => (wanted.input ? withDerivative(apply(dy)) : undefined) }
  },
}

export const gaussianNoiseKind: LayerKind<GaussianNoiseLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive({ kind, stddev, ...rest }) {
    checkOptions(kind, rest, [])
    return gaussianNoise(stddev)
  },
  lower({ stddev }, builder, x) {
    const stream = builder.stream()
    if (!builder.noise || stddev === 0) return { y: x, backward: (dy) => dy }
    const to = builder.matrix(x.cols)
    builder.emit(ops.noise, { ...elements(x, to), stream, scale: stddev })
    const { y, withDerivative } = passOn(builder, x, to)
    return { y, backward: (dy, wanted) => (wanted.input ? withDerivative(dy) : undefined) }
  },
}
