/** Metrics that count or rank: confusions, labels, the area under the ROC curve. */
import { type Average, averageScores, type Counts, countsOfMatrix, emptyMatrix } from './report.ts'
import { argmax, classOf, isPositive, type Rule, type Task } from './rule.ts'

/** Rows of class i predicted as class j; of one output the classes are no and yes. */
export function confusion(task: Task): Rule & { result(): number[][]; counts(): Counts[] } {
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
export function labels(task: Task): Omit<Rule, 'result'> & { counts(): Counts[] } {
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

export function fromCounts(task: Task, score: 'precision' | 'recall' | 'f1Score', average: Average): Rule {
  const { row, counts, reset } = task.independent && task.outputs > 1 ? labels(task) : confusion(task)
  return { row, result: () => averageScores(counts(), average)[score], reset }
}

/** Area under the ROC curve of every output: Σ over positives of (negatives below + ties / 2) / (positives · negatives). */
export function areaUnderCurve(task: Task): Rule {
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
