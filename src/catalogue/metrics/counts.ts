/** Metrics based on counts: confusion matrices, per-class and per-label counts. */
import type { Average } from './metric.ts'
import { averageOf, type Counts, emptyMatrix, SCORES, type ScoreOf } from './report.ts'
import { argmax, type Batch, classOf, type Rule, type Task } from './rule.ts'

/** The true and the predicted class of a row; a single output has classes 0 and 1. */
const wantedOf = (task: Task, { targets }: Batch, r: number): number =>
  task.outputs === 1 ? Number(targets[r] > 0.5) : classOf(task, targets, r)
const foundIn = (task: Task, { outputs }: Batch, r: number): number =>
  task.outputs === 1 ? Number(outputs[r] > task.threshold) : argmax(outputs, r * task.outputs, task.outputs)

/** Entry [i][j]: rows of class i predicted as class j. */
export function confusion(task: Task): Rule & { result(): number[][] } {
  const classes = Math.max(task.outputs, 2)
  let matrix = emptyMatrix(classes)
  return {
    row(batch, r, weight) {
      matrix[wantedOf(task, batch, r)][foundIn(task, batch, r)] += weight
    },
    result: () => matrix.map((row) => row.slice()),
    reset() {
      matrix = emptyMatrix(classes)
    },
  }
}

/** Counts of binary decisions, row by row. */
export interface Counter extends Omit<Rule, 'result'> {
  counts(): Counts[]
}

/** One-vs-rest counts of every class; memory linear in the number of classes. */
export function classCounts(task: Task): Counter {
  const classes = Math.max(task.outputs, 2)
  const right = new Float64Array(classes)
  const wanted = new Float64Array(classes)
  const found = new Float64Array(classes)
  const seen = new Uint8Array(classes)
  return {
    row(batch, r, weight) {
      const truth = wantedOf(task, batch, r)
      const guess = foundIn(task, batch, r)
      seen[truth] = 1
      seen[guess] = 1
      if (truth === guess) {
        right[truth] += weight
        return
      }
      // misses are counted separately from hits, to avoid differences of sums
      wanted[truth] += weight
      found[guess] += weight
    },
    counts: () =>
      Array.from(right, (truePositives, c) => ({
        truePositives,
        falsePositives: found[c],
        falseNegatives: wanted[c],
        seen: seen[c] > 0,
      })),
    reset() {
      for (const sums of [right, wanted, found, seen]) sums.fill(0)
    },
  }
}

/** Counts of every label separately. */
export function labelCounts(task: Task): Counter {
  const empty = (): Counts[] =>
    Array.from({ length: task.outputs }, () => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0, seen: true }))
  let all = empty()
  return {
    row({ outputs, targets }, r, weight) {
      for (let c = 0; c < task.outputs; c++) {
        const found = outputs[r * task.outputs + c] > task.threshold
        const wanted = targets[r * task.outputs + c] > 0.5
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

/** Counts of the labels or of the classes, depending on the outputs. */
export const countsOf = (task: Task): Counter =>
  task.independent && task.outputs > 1 ? labelCounts(task) : classCounts(task)

export function fromCounts(task: Task, scoreOf: ScoreOf, average: Average): Rule {
  const { row, counts, reset } = countsOf(task)
  return { row, result: () => averageOf(counts(), average, scoreOf), reset }
}

/** Mean recall over the classes that occur. */
export function balanced(task: Task): Rule {
  const { row, counts, reset } = classCounts(task)
  const isThere = ({ truePositives, falseNegatives }: Counts) => truePositives + falseNegatives > 0
  return { row, result: () => averageOf(counts().filter(isThere), 'macro', SCORES.recall), reset }
}

/** Correlation of true and predicted classes (Gorodkin 2004); 0 if either is constant. */
export function matthews(task: Task): Rule {
  const { row, counts, reset } = classCounts(task)
  return {
    row,
    result() {
      let [rows, right, together, wantedSquares, foundSquares] = [0, 0, 0, 0, 0]
      for (const { truePositives, falsePositives, falseNegatives } of counts()) {
        const wanted = truePositives + falseNegatives
        const found = truePositives + falsePositives
        rows += wanted
        right += truePositives
        together += wanted * found
        wantedSquares += wanted * wanted
        foundSquares += found * found
      }
      const spread = (rows * rows - wantedSquares) * (rows * rows - foundSquares)
      return spread > 0 ? (right * rows - together) / Math.sqrt(spread) : 0
    },
    reset,
  }
}
