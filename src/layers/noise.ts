/** Layers that only act while a model trains: dropout and noise. */
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

/** A schedule that a file can keep: `kind` and `options` say how to make it again. */
export interface DropoutSchedule {
  readonly kind: string
  readonly options: Readonly<Record<string, unknown>>
  /** The rate in the update of index 0, 1, 2, ... */
  at(step: number): number
}

export interface GaussianNoiseLayer {
  readonly kind: 'gaussianNoise'
  readonly stddev: number
}

/**
 * In training every element is 0 with probability `rate`, else x / (1 - rate); otherwise y = x (Srivastava et al. 2014,
 * "Dropout", in the inverted form). PyTorch's and Keras' `Dropout`. What is dropped depends on the model's seed, the
 * step, the layer and the element only, never on threads or the host.
 * A schedule such as `flatCosine` gives the rate for each update, by its index.
 * @throws TypeError or RangeError unless rate is a number in [0, 1), or a schedule of this library; updates and passes as in training throw a
 * RangeError where that gives anything else.
 */
export function dropout(rate: number | Schedule, ...more: []): DropoutLayer {
  checkNoMore('dropout', more)
  if (typeof rate !== 'function')
    return Object.freeze({ kind: 'dropout', rate: checkFloat('dropout', 'rate', rate, { minimum: 0, below: 1 }) })
  checkNoMomentum('dropout', 'rate', rate)
  const described = describeSchedule(rate) as ScheduleDescription
  const at = (step: number) => checkFloat('dropout', `rate at step ${step}`, rate(step), { minimum: 0, below: 1 })
  // what a file keeps is what can be listed
  const schedule = Object.freeze(Object.defineProperty({ ...described }, 'at', { value: at })) as DropoutSchedule
  schedules.add(schedule)
  return Object.freeze({ kind: 'dropout', rate: schedule })
}

/**
 * In training y = x + stddev · z, z standard normal; otherwise y = x. Keras' `GaussianNoise`. Drawn as `dropout` draws.
 * @throws TypeError or RangeError unless stddev is a finite number of at least 0.
 */
export function gaussianNoise(stddev: number, ...more: []): GaussianNoiseLayer {
  checkNoMore('gaussianNoise', more)
  return Object.freeze({
    kind: 'gaussianNoise',
    stddev: checkFloat('gaussianNoise', 'stddev', stddev, { minimum: 0 }),
  })
}

/** What every op takes that draws. */
export const elements = (from: Matrix, to: Matrix) => ({
  from: from.address,
  to: to.address,
  stride: from.stride,
  cols: from.cols,
})

/**
 * The derivative that the gradient of x needs can be left to whoever comes after y: dropout and added noise work element by
 * element, so their own derivative and the activation's commute.
 */
export function passOn(builder: Builder, x: Value, y: Matrix) {
  const later = x.activation !== undefined && !activationKinds[x.activation.kind].rowwise
  return {
    y: later && x.activation && x.saved ? { ...y, activation: x.activation, saved: x.saved } : y,
    /** dx, times the derivative when y did not take it over. */
    withDerivative: (gradient: Matrix): Matrix => {
      if (later || !builder.needsDerivative(x)) return gradient
      const dx = builder.matrix(x.cols)
      builder.applyDerivative(x, gradient, dx)
      return dx
    },
  }
}

/** The rate that training begins with: what other programs are told, which have no schedules. */
export const firstRate = ({ rate }: DropoutLayer): number => (typeof rate === 'number' ? rate : rate.at(0))

/** Those that `dropout` has made. */
const schedules = new WeakSet<object>()

/** Words below it are dropped. One of the 2^32 is always kept, so that a rate next to 1 has a threshold. */
export const thresholdOf = (rate: number): number => Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1) | 0

const constantRate = (rate: number) => ({ rate: 0, scale: 1 / (1 - rate), threshold: thresholdOf(rate) })

/** Layers that do nothing but in training. */
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
