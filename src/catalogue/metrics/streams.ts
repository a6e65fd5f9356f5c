/** Metrics as streams: row by row into float64 sums, so the split into batches does not affect the result. */

import { balanced, confusion, fromCounts, matthews } from './counts.ts'
import { crossEntropy, determination, inTop, meanOverOutputs, onClass, onSide } from './means.ts'
import type { Metric } from './metric.ts'
import { areaUnderCurve, averagePrecision, overRankings, precisionAt } from './ranking.ts'
import { fBetaOf, SCORES } from './report.ts'
import type { MetricValue, Rule, Task } from './rule.ts'

export interface MetricStream {
  /** The metric's kind: its key in histories and results. */
  readonly name: Metric['kind']
  /** Adds `rows` rows: packed row-major outputs, class indices or values as targets, and an optional weight per row. */
  update(outputs: ArrayLike<number>, targets: ArrayLike<number>, rows: number, sampleWeight?: ArrayLike<number>): void
  /** Over all rows so far; without rows 0 (NaN for ranking metrics); NaN if an output of a row with nonzero weight was NaN. */
  result(): MetricValue
  reset(): void
}

function ruleOf({ kind, k = 5, average, threshold, beta = 1, recall = 0.5 }: Metric, task: Task): Rule {
  const { outputs, targets } = task
  const refuse = (what: string, fix: string): never => {
    throw new RangeError(`metric "${kind}" does not suit ${what}; use ${fix}`)
  }
  const needValues = () => {
    if (targets === 'classes' && outputs > 1) refuse(`class indices for ${outputs} outputs`, 'a number for each output')
  }
  const needClasses = (fix: string) => {
    if (task.independent && outputs > 1) refuse(`${outputs} independent labels`, fix)
  }
  if (threshold !== undefined && targets === 'classes' && outputs > 1) {
    refuse(`class indices with a threshold of ${threshold}`, 'it without "threshold"')
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
    case 'fBeta': {
      if (average === 'binary' && outputs > 1) refuse(`${outputs} outputs with average "binary"`, 'average "macro"')
      const scoreOf = kind === 'fBeta' ? fBetaOf(beta) : SCORES[kind]
      return fromCounts(task, scoreOf, average ?? (outputs === 1 ? 'binary' : 'macro'))
    }
    case 'balancedAccuracy':
      needClasses('"recall"')
      return balanced(task)
    case 'matthewsCorrelation':
      needClasses('"f1Score"')
      return matthews(task)
    case 'auc':
      return overRankings(task, areaUnderCurve)
    case 'averagePrecision':
      return overRankings(task, averagePrecision)
    case 'precisionAtRecall':
      return overRankings(task, precisionAt(recall))
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
      needClasses('"precision" and "recall"')
      return confusion(task)
  }
}

/** The value with every number replaced by NaN. */
const spoilt = (value: MetricValue): MetricValue =>
  typeof value === 'number' ? Number.NaN : value.map((row) => row.map(() => Number.NaN))

const hasNaN = (values: ArrayLike<number>, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (Number.isNaN(values[i])) return true
  return false
}

/** @throws RangeError if the metric does not apply to the task. */
export function makeStream(metric: Metric, task: Task): MetricStream {
  const { row, result, reset } = ruleOf(metric, task)
  const { outputs: cols } = task
  // checked here, since counting and ranking would turn NaN into a plausible number
  let sawNaN = false
  return {
    name: metric.kind,
    update(outputs, targets, rows, sampleWeight) {
      const batch = { outputs, targets }
      for (let r = 0; r < rows; r++) {
        const weight = sampleWeight ? sampleWeight[r] : 1
        sawNaN ||= weight !== 0 && hasNaN(outputs, r * cols, (r + 1) * cols)
        row(batch, r, weight)
      }
    },
    result: () => (sawNaN ? spoilt(result()) : result()),
    reset() {
      sawNaN = false
      reset()
    },
  }
}
