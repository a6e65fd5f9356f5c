/** Metrics that are means over rows, or derived from such. */
import { ratio } from './report.ts'
import { argmax, type Batch, classOf, type Rule, type Task } from './rule.ts'

/** finish(Σ w · term / Σ w); 0 without rows. */
export function weightedMean(term: (batch: Batch, r: number) => number, finish = (mean: number) => mean): Rule {
  let sum = 0
  let total = 0
  return {
    row(batch, r, weight) {
      if (weight !== 0) sum += weight * term(batch, r)
      total += weight
    },
    result: () => finish(ratio(sum, total)),
    reset() {
      sum = 0
      total = 0
    },
  }
}

/** Mean over the row's outputs of term(y, t). */
export function meanOverOutputs(
  { outputs: cols }: Task,
  term: (y: number, t: number) => number,
  finish?: (mean: number) => number,
): Rule {
  return weightedMean(({ outputs, targets }, r) => {
    let sum = 0
    for (let i = r * cols; i < (r + 1) * cols; i++) sum += term(outputs[i], targets[i])
    return sum / cols
  }, finish)
}

export const onSide = (task: Task): Rule => meanOverOutputs(task, (y, t) => (y > task.threshold === t > 0.5 ? 1 : 0))

export const onClass = (task: Task): Rule =>
  weightedMean(({ outputs, targets }, r) =>
    argmax(outputs, r * task.outputs, task.outputs) === classOf(task, targets, r) ? 1 : 0,
  )

/** Whether fewer than k outputs rank before the class's: larger ones, and equal ones at a higher index. */
export function inTop(task: Task, k: number): Rule {
  const { outputs: cols } = task
  return weightedMean(({ outputs, targets }, r) => {
    const wanted = classOf(task, targets, r)
    const own = outputs[r * cols + wanted]
    let before = 0
    for (let c = 0; c < cols; c++) {
      const other = outputs[r * cols + c]
      if (!(other < own) && (other !== own || c > wanted)) before++
    }
    return before < k ? 1 : 0
  })
}

export const SMALLEST_PROBABILITY = 2 ** -23
export const logOf = (p: number): number =>
  Math.log(Math.min(Math.max(p, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY))

/** Mean cross entropy in nats. */
export function crossEntropy(task: Task): Rule {
  const { outputs: cols, logits } = task
  if (task.independent) {
    return meanOverOutputs(task, (y, t) => {
      const p = logits ? 1 / (1 + Math.exp(-y)) : y
      return -t * logOf(p) - (1 - t) * logOf(1 - p)
    })
  }
  return weightedMean(({ outputs, targets }, r) => {
    let largest = Number.NEGATIVE_INFINITY
    for (let c = 0; c < cols; c++) largest = Math.max(largest, outputs[r * cols + c])
    let total = 0
    for (let c = 0; c < cols; c++) total += Math.exp(outputs[r * cols + c] - largest)
    const log = (c: number) => {
      const y = outputs[r * cols + c]
      return logOf(logits ? Math.exp(y - largest) / total : y)
    }
    if (task.targets === 'classes') return -log(targets[r])
    let sum = 0
    for (let c = 0; c < cols; c++) {
      const t = targets[r * cols + c]
      if (t !== 0) sum -= t * log(c)
    }
    return sum
  })
}

/** Mean over outputs of 1 - residual sum of squares / total sum of squares, the latter by Welford's algorithm. */
export function determination({ outputs: cols }: Task): Rule {
  const mean = new Float64Array(cols)
  const variation = new Float64Array(cols)
  const residual = new Float64Array(cols)
  let total = 0
  return {
    row({ outputs, targets }, r, weight) {
      if (weight === 0) return
      total += weight
      for (let c = 0; c < cols; c++) {
        const t = targets[r * cols + c]
        const e = outputs[r * cols + c] - t
        const fromMean = t - mean[c]
        mean[c] += (fromMean * weight) / total
        variation[c] += weight * fromMean * (t - mean[c])
        residual[c] += weight * e * e
      }
    },
    result() {
      if (total === 0) return 0
      let sum = 0
      for (let c = 0; c < cols; c++) {
        sum += variation[c] === 0 ? Number(residual[c] === 0) : 1 - residual[c] / variation[c]
      }
      return sum / cols
    },
    reset() {
      total = 0
      for (const sums of [mean, variation, residual]) sums.fill(0)
    },
  }
}
