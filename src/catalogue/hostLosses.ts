/**
 * Built-in losses that are computed on the host like custom ones: one callback into JavaScript per batch, and no cost in bundles
 * that do not import them. Files store their names; load with `loadModel(path, { custom: { focal: focal() } })`.
 */
import { checkFloat, checkInteger, readOptions, show } from '../lib/check.ts'
import type { ActivationName } from './activations.ts'
import { type ComputeLoss, type CustomLoss, customLoss, type LossRows } from './customLoss.ts'

/** The weight of each row in the weighted mean. */
export function shares({ rows, weights }: LossRows): (row: number) => number {
  const all = weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows
  return (row) => (weights ? weights[row] : 1) / all
}

/** The mean over a row's outputs of a term of output, target and column; `term` returns its value and its derivative. */
export const meanOfTerms =
  (term: (y: number, t: number, column: number) => readonly [value: number, slope: number], repeats = 1): ComputeLoss =>
  (outputs, targets, gradient, rows) => {
    const shareOf = shares(rows)
    let loss = 0
    for (let i = 0; i < outputs.length; i++) {
      const share = shareOf(Math.floor(i / rows.columns)) / rows.columns
      const [value, slope] = term(outputs[i], targets[Math.floor(i / repeats)], i % rows.columns)
      loss += share * value
      gradient[i] = share * slope
    }
    return loss
  }

const LOWEST = 1e-7

/** -(1 - p)^gamma ln p and its derivative; p is clamped so that the logarithm is finite. */
function focused(p: number, gamma: number): readonly [value: number, slope: number] {
  const kept = Math.min(Math.max(p, LOWEST), 1 - LOWEST)
  const rest = 1 - kept
  const value = -(rest ** gamma) * Math.log(kept)
  if (kept !== p) return [value, 0]
  return [value, (gamma === 0 ? 0 : gamma * rest ** (gamma - 1) * Math.log(kept)) - rest ** gamma / kept]
}

/**
 * Focal loss (Lin et al. 2017, arXiv:1708.02002): cross entropy that gives less weight to rows that are already right,
 * -(1 - p)^gamma ln p with p the probability of the right answer. After softmax targets are classes; after sigmoid they are labels
 * 0 and 1, averaged over the outputs. `alpha` is a weight: alpha for label 1 and 1 - alpha for label 0; one for all classes, or an
 * array with one per class. Default: gamma 2, no alpha. Keras' BinaryFocalCrossentropy and CategoricalFocalCrossentropy.
 * @throws TypeError or RangeError naming the option; `compile` rejects other activations.
 */
export function focal(options: { gamma?: number; alpha?: number | readonly number[] } = {}): CustomLoss {
  const name = 'focal'
  const { gamma, alpha } = readOptions(name, options, { gamma: 2, alpha: undefined })
  checkFloat(name, 'gamma', gamma, { minimum: 0 })
  const list = Array.isArray(alpha) ? alpha : undefined
  if (list) for (const [i, weight] of list.entries()) checkFloat(name, `alpha[${i}]`, weight, { minimum: 0 })
  else if (alpha !== undefined) checkFloat(name, 'alpha', alpha, { minimum: 0, maximum: 1 })
  const one = typeof alpha === 'number' ? alpha : undefined

  const labels = meanOfTerms((y, t) => {
    const [yes, up] = focused(y, gamma)
    const [no, down] = focused(1 - y, gamma)
    const [a, b] = one === undefined ? [t, 1 - t] : [one * t, (1 - one) * (1 - t)]
    return [a * yes + b * no, a * up - b * down]
  })
  const classes: ComputeLoss = (outputs, targets, gradient, rows) => {
    const shareOf = shares(rows)
    let loss = 0
    for (let row = 0; row < rows.rows; row++) {
      const at = row * rows.columns + targets[row]
      const [value, slope] = focused(outputs[at], gamma)
      const share = shareOf(row) * (list ? list[targets[row]] : (one ?? 1))
      loss += share * value
      gradient[at] = share * slope
    }
    return loss
  }
  const suited = (last: ActivationName, outputs: number) => {
    if (last === 'sigmoid') {
      if (list) throw new TypeError('focal: "alpha" of labels is one number, the weight of 1')
      return customLoss({ name, compute: labels })
    }
    if (last !== 'softmax') {
      throw new RangeError(
        `compile: loss "focal" does not suit a last layer with activation "${last}"; use "softmax", or "sigmoid" for labels`,
      )
    }
    if (list && list.length !== outputs) {
      throw new RangeError(`focal: "alpha" has ${list.length} weights, but the model ${outputs} classes`)
    }
    return customLoss({ name, targets: 'classes', compute: classes })
  }
  return Object.freeze({ ...customLoss({ name, compute: labels }), suited })
}

/**
 * Pinball loss (Koenker and Bassett 1978): the mean over outputs of max(q e, (q - 1) e) with e = t - y. The model has one
 * output per quantile of each target: all quantiles of the first target, then those of the second. Default: quantiles [0.5].
 * @throws TypeError or RangeError naming the option; `compile` rejects outputs that are not a multiple of the quantiles.
 */
export function quantile(options: { quantiles?: readonly number[] } = {}): CustomLoss {
  const name = 'quantile'
  const { quantiles } = readOptions(name, options, { quantiles: [0.5] })
  if (!Array.isArray(quantiles) || quantiles.length === 0) {
    throw new TypeError(`${name}: "quantiles" must be an array of numbers, got ${show(quantiles)}`)
  }
  const levels: readonly number[] = quantiles.map((q, i) =>
    checkFloat(name, `quantiles[${i}]`, q, { above: 0, below: 1 }),
  )
  const compute = meanOfTerms((y, t, column) => {
    const q = levels[column % levels.length]
    if (t === y) return [0, 0]
    return t > y ? [q * (t - y), -q] : [(q - 1) * (t - y), 1 - q]
  }, levels.length)
  const suited = (_: ActivationName, outputs: number) => {
    if (outputs % levels.length === 0) return customLoss({ name, targetColumns: outputs / levels.length, compute })
    throw new RangeError(
      `compile: loss "quantile" needs an output for each of ${levels.length} quantiles of every target, but the model has ${outputs}`,
    )
  }
  return Object.freeze({ ...customLoss({ name, compute }), suited })
}

/**
 * mean over outputs of (ln(1 + y) - ln(1 + t))², both clamped to at least 1e-7. Keras' MeanSquaredLogarithmicError.
 * @throws TypeError for an unknown option.
 */
export function meanSquaredLogarithmicError(options: object = {}): CustomLoss {
  const name = 'meanSquaredLogarithmicError'
  readOptions(name, options, {})
  const compute = meanOfTerms((y, t) => {
    const error = Math.log1p(Math.max(y, LOWEST)) - Math.log1p(Math.max(t, LOWEST))
    return [error * error, y < LOWEST ? 0 : (2 * error) / (1 + y)]
  })
  return customLoss({ name, compute })
}

/**
 * 1 - y · t / (|y| |t|) per row, norms clamped to at least 1e-8. PyTorch's 1 - cosine_similarity; Keras' CosineSimilarity is 1 less.
 * @throws TypeError for an unknown option.
 */
export function cosineSimilarity(options: object = {}): CustomLoss {
  const name = 'cosineSimilarity'
  readOptions(name, options, {})
  const compute: ComputeLoss = (outputs, targets, gradient, rows) => {
    const { columns } = rows
    const shareOf = shares(rows)
    let loss = 0
    for (let row = 0; row < rows.rows; row++) {
      let [together, ours, theirs] = [0, 0, 0]
      for (let i = row * columns; i < (row + 1) * columns; i++) {
        together += outputs[i] * targets[i]
        ours += outputs[i] ** 2
        theirs += targets[i] ** 2
      }
      const own = Math.max(Math.sqrt(ours), 1e-8)
      const norms = own * Math.max(Math.sqrt(theirs), 1e-8)
      const cosine = together / norms
      const share = shareOf(row)
      loss += share * (1 - cosine)
      // a clamped norm does not depend on y
      const along = ours > 1e-16 ? cosine / (own * own) : 0
      for (let i = row * columns; i < (row + 1) * columns; i++) {
        gradient[i] = share * (along * outputs[i] - targets[i] / norms)
      }
    }
    return loss
  }
  return customLoss({ name, compute })
}

/**
 * Σ over the other classes of max(0, margin - y[class] + y[other])^power / classes. PyTorch's MultiMarginLoss.
 * Defaults: margin 1, power 1.
 * @throws TypeError or RangeError unless margin is a number above 0 and power is 1 or 2.
 */
export function multiMargin(options: { margin?: number; power?: number } = {}): CustomLoss {
  const name = 'multiMargin'
  const { margin, power } = readOptions(name, options, { margin: 1, power: 1 })
  checkFloat(name, 'margin', margin, { above: 0 })
  checkInteger(name, 'power', power, 1, 2)
  const compute: ComputeLoss = (outputs, targets, gradient, rows) => {
    const { columns } = rows
    const shareOf = shares(rows)
    let loss = 0
    for (let row = 0; row < rows.rows; row++) {
      const right = row * columns + targets[row]
      const share = shareOf(row) / columns
      for (let i = row * columns; i < (row + 1) * columns; i++) {
        const missing = margin - outputs[right] + outputs[i]
        if (i === right || missing <= 0) continue
        loss += share * missing ** power
        const slope = share * power * missing ** (power - 1)
        gradient[i] += slope
        gradient[right] -= slope
      }
    }
    return loss
  }
  return customLoss({ name, targets: 'classes', compute })
}
