/**
 * The built-in losses in float64 on the host, for models with several outputs, whose losses are summed there. As in the machine,
 * softmax and sigmoid are fused where the loss takes logits.
 */

import type { ComputeLoss } from './customLoss.ts'
import { meanOfTerms, shares } from './hostLosses.ts'
import type { Loss } from './losses.ts'
import type { LoweredLoss } from './loweredLoss.ts'

/** Probabilities are clamped so that logarithms are finite; the gradient is 0 where clamped. Same float32 bounds as in the machine. */
const LOW = Math.fround(1e-7)
const HIGH = Math.fround(1 - 1e-7)
const clip = (y: number, high: number): number => Math.min(Math.max(y, LOW), high)
const side = (t: number): number => (t > 0 ? 1 : -1)

type Term = (y: number, t: number, column: number) => readonly [value: number, slope: number]

const squaredError: Term = (y, t) => [(y - t) ** 2, 2 * (y - t)]
const absoluteError: Term = (y, t) => [Math.abs(y - t), Math.sign(y - t)]
const percentageTerm: Term = (y, t) => {
  const factor = 100 / Math.max(Math.abs(t), LOW)
  return [factor * Math.abs(y - t), factor * Math.sign(y - t)]
}
const poissonTerm: Term = (y, t) => [y - t * Math.log(y + 1e-7), 1 - t / (y + 1e-7)]
const logCoshTerm: Term = (y, t) => {
  const e = Math.abs(y - t)
  return [e + Math.log1p(Math.expm1(-2 * e) / 2), Math.tanh(y - t)]
}
const hingeTerm: Term = (y, t) => {
  const margin = 1 - side(t) * y
  return margin > 0 ? [margin, -side(t)] : [0, 0]
}
const squaredHingeTerm: Term = (y, t) => {
  const margin = Math.max(0, 1 - side(t) * y)
  return [margin ** 2, -2 * side(t) * margin]
}
const huberTerm =
  (delta: number): Term =>
  (y, t) => {
    const e = y - t
    const kept = Math.min(Math.max(e, -delta), delta)
    return [kept * (e - kept / 2), kept]
  }
const klTerm: Term = (y, t) => {
  if (!(t > 0)) return [0, 0]
  const [p, q] = [clip(t, 1), clip(y, 1)]
  return [p * Math.log(p / q), y === q ? -p / q : 0]
}

/** For probabilities from a hard sigmoid. */
const binaryTerm =
  (smoothing: number, weightOf: (column: number) => number): Term =>
  (y, given, column) => {
    const weight = weightOf(column)
    const t = given * (1 - smoothing) + smoothing / 2
    const p = clip(y, HIGH)
    const value = -weight * t * Math.log(p) - (1 - t) * Math.log(1 - p)
    return [value, p === y ? (1 - t) / (1 - p) - (weight * t) / p : 0]
  }

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

const logitTerm =
  (smoothing: number, weightOf: (column: number) => number): Term =>
  (z, given, column) => {
    const weight = weightOf(column)
    const t = given * (1 - smoothing) + smoothing / 2
    const rest = Math.log1p(Math.exp(-Math.abs(z)))
    const value = (1 - t) * (Math.max(z, 0) + rest) + weight * t * (Math.max(-z, 0) + rest)
    return [value, (1 - t) * sigmoid(z) - weight * t * sigmoid(-z)]
  }

/** Writes softmax of a row's `columns` values, starting at `first`; returns ln Σ exp(z). */
export function softmaxRow(
  z: ArrayLike<number>,
  first: number,
  columns: number,
  write: (index: number, p: number) => void,
): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = first; i < first + columns; i++) most = Math.max(most, z[i])
  let sum = 0
  for (let i = first; i < first + columns; i++) sum += Math.exp(z[i] - most)
  for (let i = first; i < first + columns; i++) write(i, Math.exp(z[i] - most) / sum)
  return most + Math.log(sum)
}

/** -Σ t ln p from logits, p = softmax(z); targets are class indices or probabilities. */
const crossentropy =
  (smoothing: number): ComputeLoss =>
  (outputs, targets, gradient, rows) => {
    const { columns } = rows
    const shareOf = shares(rows)
    const target = (row: number, c: number) =>
      targets instanceof Int32Array ? Number(targets[row] === c) : targets[row * columns + c]
    let loss = 0
    for (let row = 0; row < rows.rows; row++) {
      const first = row * columns
      const share = shareOf(row)
      const probabilities = new Float64Array(columns)
      const whole = softmaxRow(outputs, first, columns, (i, p) => {
        probabilities[i - first] = p
      })
      let [all, value] = [0, 0]
      for (let c = 0; c < columns; c++) {
        const t = target(row, c) * (1 - smoothing) + smoothing / columns
        all += t
        value += t * (whole - outputs[first + c])
      }
      loss += share * value
      for (let c = 0; c < columns; c++) {
        const t = target(row, c) * (1 - smoothing) + smoothing / columns
        gradient[first + c] = share * (all * probabilities[c] - t)
      }
    }
    return loss
  }

/** Turns a mean over outputs into a sum, for losses that are defined as sums. */
const sumOfTerms =
  (term: Term): ComputeLoss =>
  (outputs, targets, gradient, rows) => {
    const loss = meanOfTerms(term)(outputs, targets, gradient, rows) * rows.columns
    for (let i = 0; i < gradient.length; i++) gradient[i] *= rows.columns
    return loss
  }

/** max(0, 1 + max (1 - t) y - Σ t y); ties share the gradient. */
const categoricalHingeLoss: ComputeLoss = (outputs, targets, gradient, rows) => {
  const { columns } = rows
  const shareOf = shares(rows)
  let loss = 0
  for (let row = 0; row < rows.rows; row++) {
    const first = row * columns
    let [positive, negative, ties] = [0, Number.NEGATIVE_INFINITY, 0]
    for (let i = first; i < first + columns; i++) {
      positive += targets[i] * outputs[i]
      const other = (1 - targets[i]) * outputs[i]
      if (other > negative) ties = 0
      if (other >= negative) ties++
      negative = Math.max(negative, other)
    }
    const value = 1 + negative - positive
    if (value <= 0) continue
    const share = shareOf(row)
    loss += share * value
    for (let i = first; i < first + columns; i++) {
      const t = targets[i]
      gradient[i] = share * (((1 - t) * outputs[i] === negative ? (1 - t) / ties : 0) - t)
    }
  }
  return loss
}

/** The loss as a custom loss's `compute`; its gradient is by the logits or by the outputs, as in `lowered`. */
export function twinOf(
  { kind, labelSmoothing = 0, delta = 0, positiveWeight = 1 }: Loss,
  lowered: LoweredLoss,
): ComputeLoss {
  switch (kind) {
    case 'meanSquaredError':
      return meanOfTerms(squaredError)
    case 'meanAbsoluteError':
      return meanOfTerms(absoluteError)
    case 'meanAbsolutePercentageError':
      return meanOfTerms(percentageTerm)
    case 'huber':
      return meanOfTerms(huberTerm(delta))
    case 'logCosh':
      return meanOfTerms(logCoshTerm)
    case 'poisson':
      return meanOfTerms(poissonTerm)
    case 'hinge':
      return meanOfTerms(hingeTerm)
    case 'squaredHinge':
      return meanOfTerms(squaredHingeTerm)
    case 'klDivergence':
      return sumOfTerms(klTerm)
    case 'categoricalHinge':
      return categoricalHingeLoss
    case 'binaryCrossentropy': {
      const ofLogits = lowered.fused === 'sigmoid' || lowered.logits
      const weightOf = (column: number) =>
        typeof positiveWeight === 'number' ? positiveWeight : positiveWeight[column]
      return meanOfTerms((ofLogits ? logitTerm : binaryTerm)(labelSmoothing, weightOf))
    }
    default:
      return crossentropy(labelSmoothing)
  }
}
