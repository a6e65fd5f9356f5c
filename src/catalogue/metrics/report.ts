/** Confusion matrices, and the scores that are read from them. */
import { checkInteger } from '../../lib/check.ts'

/** Over classes: of class 1 only, their plain mean, over all their counts, or their mean weighted by true rows. */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted'

/** Scores of one class, or an average of them. */
export interface ClassScores {
  readonly precision: number
  readonly recall: number
  readonly f1Score: number
}

export interface ClassificationReport {
  readonly accuracy: number
  /** Per class, with its true rows. */
  readonly classes: readonly (ClassScores & { readonly support: number })[]
  readonly macro: ClassScores
  readonly micro: ClassScores
  readonly weighted: ClassScores
}

/** Counts of one yes-or-no question; weights make them sums of weights. */
export interface Counts {
  truePositives: number
  falsePositives: number
  falseNegatives: number
  /** Whether the class was ever true or predicted: only then it enters the macro mean. */
  seen: boolean
}

/** a / b, 0 when b is 0 */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

const scoresOf = ({ truePositives: tp, falsePositives: fp, falseNegatives: fn }: Counts): ClassScores => ({
  precision: ratio(tp, tp + fp),
  recall: ratio(tp, tp + fn),
  f1Score: ratio(2 * tp, 2 * tp + fp + fn),
})

/** Scores of several questions as scikit-learn averages them, zero divisions giving 0. */
export function averageScores(all: readonly Counts[], average: Average): ClassScores {
  if (average === 'binary') return scoresOf(all[all.length - 1])
  if (average === 'micro') {
    const total = { truePositives: 0, falsePositives: 0, falseNegatives: 0, seen: true }
    for (const { truePositives, falsePositives, falseNegatives } of all) {
      total.truePositives += truePositives
      total.falsePositives += falsePositives
      total.falseNegatives += falseNegatives
    }
    return scoresOf(total)
  }
  const mean = { precision: 0, recall: 0, f1Score: 0 }
  let total = 0
  for (const counts of all) {
    if (!counts.seen) continue
    const weight = average === 'macro' ? 1 : counts.truePositives + counts.falseNegatives
    const { precision, recall, f1Score } = scoresOf(counts)
    mean.precision += weight * precision
    mean.recall += weight * recall
    mean.f1Score += weight * f1Score
    total += weight
  }
  return {
    precision: ratio(mean.precision, total),
    recall: ratio(mean.recall, total),
    f1Score: ratio(mean.f1Score, total),
  }
}

/** Counts of each class against the rest; `seen` says which classes occurred even with weight 0. */
export function countsOfMatrix(matrix: readonly (readonly number[])[], seen?: ArrayLike<number>): Counts[] {
  return matrix.map((row, c) => {
    const truePositives = row[c]
    let falsePositives = 0
    let falseNegatives = 0
    for (let j = 0; j < row.length; j++) {
      if (j === c) continue
      falseNegatives += row[j]
      falsePositives += matrix[j][c]
    }
    const counted = truePositives + falsePositives + falseNegatives > 0
    return { truePositives, falsePositives, falseNegatives, seen: seen ? seen[c] > 0 : counted }
  })
}

/** Entry [i][j]: rows of class i predicted as class j. */
export const emptyMatrix = (classes: number): number[][] =>
  Array.from({ length: classes }, () => Array<number>(classes).fill(0))

/**
 * Entry [i][j] counts the rows of class i predicted as class j; `classes` defaults to the largest index + 1. scikit-learn's
 * confusion_matrix.
 * @throws RangeError for unequal lengths, or an index that is not a whole number from 0 to classes - 1.
 */
export function confusionMatrix(yTrue: ArrayLike<number>, yPred: ArrayLike<number>, classes?: number): number[][] {
  const where = 'confusionMatrix'
  if (yTrue.length !== yPred.length) {
    throw new RangeError(`${where}: "yPred" must have ${yTrue.length} values as "yTrue" has, got ${yPred.length}`)
  }
  if (classes !== undefined) checkInteger(where, 'classes', classes, 1)
  let largest = -1
  for (const [name, indices] of [['yTrue', yTrue] as const, ['yPred', yPred] as const]) {
    for (let r = 0; r < indices.length; r++) {
      checkInteger(where, `${name}[${r}]`, indices[r], 0, classes === undefined ? 4095 : classes - 1)
      largest = Math.max(largest, indices[r])
    }
  }
  const matrix = emptyMatrix(classes ?? largest + 1)
  for (let r = 0; r < yTrue.length; r++) matrix[yTrue[r]][yPred[r]]++
  return matrix
}

/**
 * Accuracy, and precision, recall, F1 and support of every class with their averages. scikit-learn's classification_report.
 * @throws RangeError as confusionMatrix does.
 */
export function classificationReport(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  classes?: number,
): ClassificationReport {
  const all = countsOfMatrix(confusionMatrix(yTrue, yPred, classes))
  const correct = all.reduce((sum, { truePositives }) => sum + truePositives, 0)
  return {
    accuracy: ratio(correct, yTrue.length),
    classes: all.map((counts) => ({
      ...scoresOf(counts),
      support: counts.truePositives + counts.falseNegatives,
    })),
    macro: averageScores(all, 'macro'),
    micro: averageScores(all, 'micro'),
    weighted: averageScores(all, 'weighted'),
  }
}
