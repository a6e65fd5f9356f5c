/** Losses in float64, one row at a time, written from their definitions. */
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
} from '../../src/abi/losses.ts'

export interface LossCase {
  /** LOSS_* */
  readonly code: number
  readonly delta?: number
  /** One for each output. */
  readonly deltas?: readonly number[]
  readonly smoothing?: number
}

/** Clipping bounds are float32 numbers: that is what the machine compares with. */
const LOW = Math.fround(1e-7)
const HIGH = Math.fround(1 - 1e-7)
const clip = (y: number, high = HIGH) => Math.min(Math.max(y, LOW), high)
const clipped = (y: number, high = HIGH) => y < LOW || y > high
const side = (t: number) => (t > 0 ? 1 : -1)
const log1pExp = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const logCosh = (e: number) => Math.abs(e) + Math.log1p(Math.expm1(-2 * Math.abs(e)) / 2)

type Term = [
  loss: (y: number, t: number, delta: number) => number,
  slope: (y: number, t: number, delta: number) => number,
]

const terms: Readonly<Record<number, Term>> = {
  [LOSS_SQUARED_ERROR]: [(y, t) => (y - t) ** 2, (y, t) => 2 * (y - t)],
  [LOSS_ABSOLUTE_ERROR]: [(y, t) => Math.abs(y - t), (y, t) => Math.sign(y - t)],
  [LOSS_PERCENTAGE_ERROR]: [
    (y, t) => (100 * Math.abs(y - t)) / Math.max(Math.abs(t), LOW),
    (y, t) => (100 * Math.sign(y - t)) / Math.max(Math.abs(t), LOW),
  ],
  [LOSS_HUBER]: [
    (y, t, d) => (Math.abs(y - t) <= d ? (y - t) ** 2 / 2 : d * (Math.abs(y - t) - d / 2)),
    (y, t, d) => (Math.abs(y - t) <= d ? y - t : d * Math.sign(y - t)),
  ],
  [LOSS_LOG_COSH]: [(y, t) => logCosh(y - t), (y, t) => Math.tanh(y - t)],
  [LOSS_POISSON]: [(y, t) => y - t * Math.log(y + 1e-7), (y, t) => 1 - t / (y + 1e-7)],
  [LOSS_HINGE]: [(y, t) => Math.max(0, 1 - side(t) * y), (y, t) => (1 - side(t) * y > 0 ? -side(t) : 0)],
  [LOSS_SQUARED_HINGE]: [
    (y, t) => Math.max(0, 1 - side(t) * y) ** 2,
    (y, t) => -2 * side(t) * Math.max(0, 1 - side(t) * y),
  ],
  [LOSS_KL_DIVERGENCE]: [
    (y, t) => (t > 0 ? clip(t, 1) * Math.log(clip(t, 1) / clip(y, 1)) : 0),
    (y, t) => (t > 0 && !clipped(y, 1) ? -clip(t, 1) / y : 0),
  ],
  [LOSS_BINARY_CROSSENTROPY]: [
    (y, t, d) => -(1 + d) * t * Math.log(clip(y)) - (1 - t) * Math.log(1 - clip(y)),
    (y, t, d) => (clipped(y) ? 0 : (1 - t) / (1 - y) - ((1 + d) * t) / y),
  ],
  [LOSS_SIGMOID_CROSSENTROPY]: [
    (z, t, d) => (1 - t) * log1pExp(z) + (1 + d) * t * log1pExp(-z),
    (z, t, d) => (1 - t) / (1 + Math.exp(-z)) - ((1 + d) * t) / (1 + Math.exp(z)),
  ],
}

/** Kinds whose row loss is a sum. */
const SUMS = [LOSS_KL_DIVERGENCE]

export const isSparse = (code: number) => code === LOSS_SOFTMAX_SPARSE

/** Loss of a row with outputs y and dense targets t (one-hot for the sparse kinds), and its gradient. */
export function rowLoss(
  { code, delta = 0, deltas, smoothing = 0 }: LossCase,
  y: readonly number[],
  targets: readonly number[],
): { loss: number; gradient: number[] } {
  const cols = y.length
  if (code === LOSS_SOFTMAX_SPARSE || code === LOSS_SOFTMAX_CROSSENTROPY) {
    const t = targets.map((value) => value * (1 - smoothing) + smoothing / cols)
    const largest = Math.max(...y)
    const logSum = largest + Math.log(y.reduce((sum, z) => sum + Math.exp(z - largest), 0))
    const mass = t.reduce((sum, value) => sum + value, 0)
    return {
      loss: t.reduce((sum, value, c) => sum + value * (logSum - y[c]), 0),
      gradient: y.map((z, c) => Math.exp(z - logSum) * mass - t[c]),
    }
  }
  if (code === LOSS_CATEGORICAL_HINGE) {
    const positive = y.reduce((sum, value, c) => sum + value * targets[c], 0)
    const others = y.map((value, c) => (1 - targets[c]) * value)
    const largest = Math.max(...others)
    const ties = others.filter((value) => value === largest).length
    const loss = Math.max(0, 1 + largest - positive)
    return {
      loss,
      gradient: targets.map((t, c) => (loss > 0 ? (others[c] === largest ? (1 - t) / ties : 0) - t : 0)),
    }
  }
  const sums = SUMS.includes(code)
  const [loss, slope] = terms[code]
  const t = targets.map((value) => value * (1 - smoothing) + smoothing / (sums ? cols : 2))
  const share = sums ? 1 : 1 / cols
  return {
    loss: y.reduce((sum, value, c) => sum + loss(value, t[c], deltas?.[c] ?? delta), 0) * share,
    gradient: y.map((value, c) => slope(value, t[c], deltas?.[c] ?? delta) * share),
  }
}
