/** Metrics as streams: row after row into float64 sums, so that no split into batches changes a bit of the result. */
import type { Metric } from '../metrics.ts'
import { type Average, averageScores, type Counts, countsOfMatrix, emptyMatrix, ratio } from './report.ts'

/** What a metric gives: a number, or confusionMatrix' rows of numbers. */
export type MetricValue = number | number[][]

export interface MetricStream {
  /** The metric's kind: its key in histories and results. */
  readonly name: Metric['kind']
  /** Takes `rows` rows: packed row-major outputs, class indices or values as targets, and a weight for each row. */
  update(outputs: ArrayLike<number>, targets: ArrayLike<number>, rows: number, sampleWeight?: ArrayLike<number>): void
  /** Of all rows so far; 0 (auc: NaN) when there are none. */
  result(): MetricValue
  reset(): void
}

/** What a metric is measured on. */
export interface Task {
  readonly outputs: number
  readonly targets: 'classes' | 'values'
  /** Outputs above it mean yes. */
  readonly threshold: number
  /** Whether every output is a yes-or-no answer of its own, not one class of many. */
  readonly independent: boolean
  readonly logits: boolean
}

/** A batch as one row of it is read. */
interface Batch {
  readonly outputs: ArrayLike<number>
  readonly targets: ArrayLike<number>
}

/** What is done with one row; a stream is a row rule, a result and a way to forget. */
interface Rule {
  row(batch: Batch, r: number, weight: number): void
  result(): MetricValue
  reset(): void
}

/** Index of the first largest of `count` values from `at`; of a NaN when there is one, as in NumPy. */
function argmax(values: ArrayLike<number>, at: number, count: number): number {
  let best = 0
  for (let c = 0; c < count; c++) {
    if (Number.isNaN(values[at + c])) return c
    if (values[at + c] > values[at + best]) best = c
  }
  return best
}

/** The class of a row: its index, or where its one-hot row is largest. */
const classOf = ({ outputs, targets }: Task, values: ArrayLike<number>, r: number): number =>
  targets === 'classes' ? values[r] : argmax(values, r * outputs, outputs)

/** Whether output c of the row should be yes: its own target, or its class is the row's. */
const isPositive = (task: Task, values: ArrayLike<number>, r: number, c: number): boolean =>
  task.independent ? values[r * task.outputs + c] > 0.5 : classOf(task, values, r) === c

/** finish(Σ w · term / Σ w), 0 without rows. */
function weightedMean(term: (batch: Batch, r: number) => number, finish = (mean: number) => mean): Rule {
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
function meanOverOutputs(
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

const onSide = (task: Task): Rule => meanOverOutputs(task, (y, t) => (y > task.threshold === t > 0.5 ? 1 : 0))

const onClass = (task: Task): Rule =>
  weightedMean(({ outputs, targets }, r) =>
    argmax(outputs, r * task.outputs, task.outputs) === classOf(task, targets, r) ? 1 : 0,
  )

/** Right when fewer than k outputs rank before the class: the larger ones, and equal ones at a higher index. */
function inTop(task: Task, k: number): Rule {
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

/** Rows of class i predicted as class j; of one output the classes are no and yes. */
function confusion(task: Task): Rule & { result(): number[][]; counts(): Counts[] } {
  const classes = Math.max(task.outputs, 2)
  let matrix = emptyMatrix(classes)
  const seen = new Uint8Array(classes)
  return {
    row({ outputs, targets }, r, weight) {
      const wanted = task.outputs === 1 ? Number(targets[r] > 0.5) : classOf(task, targets, r)
      const found = task.outputs === 1 ? Number(outputs[r] > task.threshold) : argmax(outputs, r * classes, classes)
      matrix[wanted][found] += weight
      seen[wanted] = 1
      seen[found] = 1
    },
    result: () => matrix.map((row) => row.slice()),
    counts: () => countsOfMatrix(matrix, seen),
    reset() {
      matrix = emptyMatrix(classes)
      seen.fill(0)
    },
  }
}

/** Counts of every label by itself. */
function labels(task: Task): Omit<Rule, 'result'> & { counts(): Counts[] } {
  const empty = (): Counts[] =>
    Array.from({ length: task.outputs }, () => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0, seen: true }))
  let all = empty()
  return {
    row({ outputs, targets }, r, weight) {
      for (let c = 0; c < task.outputs; c++) {
        const found = outputs[r * task.outputs + c] > task.threshold
        const wanted = isPositive(task, targets, r, c)
        if (found && wanted) all[c].truePositives += weight
        else if (found) all[c].falsePositives += weight
        else if (wanted) all[c].falseNegatives += weight
      }
    },
    counts: () => all,
    reset() {
      all = empty()
    },
  }
}

function fromCounts(task: Task, score: 'precision' | 'recall' | 'f1Score', average: Average): Rule {
  const { row, counts, reset } = task.independent && task.outputs > 1 ? labels(task) : confusion(task)
  return { row, result: () => averageScores(counts(), average)[score], reset }
}

/** Area under the ROC curve of every output: Σ over positives of (negatives below + ties / 2) / (positives · negatives). */
function areaUnderCurve(task: Task): Rule {
  const { outputs: cols } = task
  const scores = Array.from({ length: cols }, (): number[] => [])
  const positives = Array.from({ length: cols }, (): boolean[] => [])
  const weights: number[] = []
  const area = (score: readonly number[], positive: readonly boolean[]): number => {
    const order = Uint32Array.from(score, (_, i) => i).sort((a, b) => score[a] - score[b])
    let below = 0
    let above = 0
    let pairs = 0
    for (let i = 0; i < order.length; ) {
      const tied = score[order[i]]
      let yes = 0
      let no = 0
      do {
        const index = order[i++]
        if (positive[index]) yes += weights[index]
        else no += weights[index]
      } while (i < order.length && score[order[i]] === tied)
      pairs += yes * (below + no / 2)
      below += no
      above += yes
    }
    return pairs / (above * below)
  }
  return {
    row({ outputs, targets }, r, weight) {
      weights.push(weight)
      for (let c = 0; c < cols; c++) {
        scores[c].push(outputs[r * cols + c])
        positives[c].push(isPositive(task, targets, r, c))
      }
    },
    result() {
      const areas = scores.map((score, c) => area(score, positives[c])).filter((value) => !Number.isNaN(value))
      return areas.reduce((sum, value) => sum + value, 0) / areas.length
    },
    reset() {
      weights.length = 0
      for (const list of [...scores, ...positives]) list.length = 0
    },
  }
}

const SMALLEST_PROBABILITY = 2 ** -23
const logOf = (p: number): number => Math.log(Math.min(Math.max(p, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY))

/** Mean cross entropy in nats. */
function crossEntropy(task: Task): Rule {
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

/** Mean over outputs of 1 - residual / variation of the target, the latter by Welford's recurrence. */
function determination({ outputs: cols }: Task): Rule {
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

function ruleOf({ kind, k = 5, average }: Metric, task: Task): Rule {
  const { outputs, targets } = task
  const refuse = (what: string, fix: string): never => {
    throw new RangeError(`metric "${kind}" does not suit ${what}; use ${fix}`)
  }
  const needValues = () => {
    if (targets === 'classes' && outputs > 1) refuse(`class indices for ${outputs} outputs`, 'a number for each output')
  }
  switch (kind) {
    case 'accuracy':
      return task.independent ? onSide(task) : onClass(task)
    case 'binaryAccuracy':
      needValues()
      return onSide(task)
    case 'topKAccuracy':
      if (outputs === 1) refuse('1 output', '"accuracy"')
      return inTop(task, k)
    case 'precision':
    case 'recall':
    case 'f1Score':
      if (average === 'binary' && outputs > 1) refuse(`${outputs} outputs with average "binary"`, 'average "macro"')
      return fromCounts(task, kind, average ?? (outputs === 1 ? 'binary' : 'macro'))
    case 'auc':
      return areaUnderCurve(task)
    case 'logLoss':
      return crossEntropy(task)
    case 'meanSquaredError':
      needValues()
      return meanOverOutputs(task, (y, t) => (y - t) * (y - t))
    case 'rootMeanSquaredError':
      needValues()
      return meanOverOutputs(task, (y, t) => (y - t) * (y - t), Math.sqrt)
    case 'meanAbsoluteError':
      needValues()
      return meanOverOutputs(task, (y, t) => Math.abs(y - t))
    case 'meanAbsolutePercentageError':
      needValues()
      return meanOverOutputs(task, (y, t) => (100 * Math.abs(y - t)) / Math.max(Math.abs(t), 1e-7))
    case 'r2Score':
      needValues()
      return determination(task)
    case 'confusionMatrix':
      if (task.independent && outputs > 1) refuse(`${outputs} independent labels`, '"precision" and "recall"')
      return confusion(task)
  }
}

/** @throws RangeError when the metric does not suit the task. */
export function makeStream(metric: Metric, task: Task): MetricStream {
  const { row, result, reset } = ruleOf(metric, task)
  return {
    name: metric.kind,
    update(outputs, targets, rows, sampleWeight) {
      const batch = { outputs, targets }
      for (let r = 0; r < rows; r++) row(batch, r, sampleWeight ? sampleWeight[r] : 1)
    },
    result,
    reset,
  }
}
