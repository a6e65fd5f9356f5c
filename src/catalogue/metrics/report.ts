/** Confusion matrices, and the scores derived from them. */
import { isArrayLike } from '../../data/arrays.ts'
import { checkInteger, show } from '../../lib/check.ts'
import type { Average } from './metric.ts'

/** Scores of one class, or an average of them. */
export interface ClassScores {
  readonly precision: number
  readonly recall: number
  readonly f1Score: number
}

export interface ClassificationReport {
  readonly accuracy: number
  /** Per class, with its number of true rows. */
  readonly classes: readonly (ClassScores & { readonly support: number })[]
  readonly macro: ClassScores
  readonly micro: ClassScores
  readonly weighted: ClassScores
}

/** Counts of one binary decision; sums of weights if there are weights. */
export interface Counts {
  truePositives: number
  falsePositives: number
  falseNegatives: number
  /** Whether the class was ever true or predicted; others are excluded from the macro mean. */
  seen: boolean
}

/** a / b, or 0 if b is 0 */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

/** A score computed from the counts of one decision. */
export type ScoreOf = (counts: Counts) => number

/** Recall counts beta times as much as precision. */
export const fBetaOf =
  (beta: number): ScoreOf =>
  ({ truePositives, falsePositives, falseNegatives }) => {
    const found = (1 + beta * beta) * truePositives
    return ratio(found, found + beta * beta * falseNegatives + falsePositives)
  }

/** By their names in a report. */
export const SCORES: { readonly [Name in keyof ClassScores]: ScoreOf } = {
  precision: ({ truePositives: tp, falsePositives: fp }) => ratio(tp, tp + fp),
  recall: ({ truePositives: tp, falseNegatives: fn }) => ratio(tp, tp + fn),
  f1Score: fBetaOf(1),
}

/** The scores of several decisions, averaged as in scikit-learn; divisions by zero give 0. */
export function averageOf(all: readonly Counts[], average: Average, scoreOf: ScoreOf): number {
  if (average === 'binary') return scoreOf(all[all.length - 1])
  if (average === 'micro') {
    const total = { truePositives: 0, falsePositives: 0, falseNegatives: 0, seen: true }
    for (const { truePositives, falsePositives, falseNegatives } of all) {
      total.truePositives += truePositives
      total.falsePositives += falsePositives
      total.falseNegatives += falseNegatives
    }
    return scoreOf(total)
  }
  let mean = 0
  let total = 0
  for (const counts of all) {
    if (!counts.seen) continue
    const weight = average === 'macro' ? 1 : counts.truePositives + counts.falseNegatives
    mean += weight * scoreOf(counts)
    total += weight
  }
  return ratio(mean, total)
}

export const averageScores = (all: readonly Counts[], average: Average): ClassScores => ({
  precision: averageOf(all, average, SCORES.precision),
  recall: averageOf(all, average, SCORES.recall),
  f1Score: averageOf(all, average, SCORES.f1Score),
})

/** Entry [i][j]: rows of class i predicted as class j. */
export const emptyMatrix = (classes: number): number[][] =>
  Array.from({ length: classes }, () => Array<number>(classes).fill(0))

/** Maximum number of classes inferred from indices, and of a matrix: a small list of indices must not allocate more. */
const IMPLIED_CLASSES = 4096
const MATRIX_CLASSES = 16_384

/** Validates two lists of class indices; returns the number of classes. */
function readClasses(
  where: string,
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  classes: number | undefined,
  most: number,
): number {
  for (const [name, indices] of [['yTrue', yTrue] as const, ['yPred', yPred] as const]) {
    if (!isArrayLike(indices)) {
      throw new TypeError(`${where}: "${name}" must be an array of class indices, got ${show(indices)}`)
    }
  }
  if (yTrue.length !== yPred.length) {
    throw new RangeError(`${where}: "yPred" must have ${yTrue.length} values as "yTrue" has, got ${yPred.length}`)
  }
  if (classes !== undefined) checkInteger(where, 'classes', classes, 1, most)
  let largest = -1
  for (const [name, indices] of [['yTrue', yTrue] as const, ['yPred', yPred] as const]) {
    for (let r = 0; r < indices.length; r++) {
      checkInteger(where, `${name}[${r}]`, indices[r], 0, (classes ?? IMPLIED_CLASSES) - 1)
      largest = Math.max(largest, indices[r])
    }
  }
  return classes ?? largest + 1
}

/**
 * Entry [i][j] counts the rows of class i predicted as class j; `classes` (at most 16,384) defaults to the largest index + 1
 * (at most 4,096). scikit-learn's confusion_matrix.
 * @throws TypeError unless both are arrays of numbers; RangeError for unequal lengths, or an index that is not an integer
 * from 0 to classes - 1.
 */
export function confusionMatrix(yTrue: ArrayLike<number>, yPred: ArrayLike<number>, classes?: number): number[][] {
  const matrix = emptyMatrix(readClasses('confusionMatrix', yTrue, yPred, classes, MATRIX_CLASSES))
  for (let r = 0; r < yTrue.length; r++) matrix[yTrue[r]][yPred[r]]++
  return matrix
}

/**
 * Accuracy, and precision, recall, F1 and support of every class with their averages. scikit-learn's classification_report.
 * @throws TypeError or RangeError as confusionMatrix does.
 */
export function classificationReport(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  classes?: number,
): ClassificationReport {
  const count = readClasses('classificationReport', yTrue, yPred, classes, 2 ** 24)
  const all = Array.from({ length: count }, () => ({
    truePositives: 0,
    falsePositives: 0,
    falseNegatives: 0,
    seen: false,
  }))
  let correct = 0
  for (let r = 0; r < yTrue.length; r++) {
    const [wanted, found] = [all[yTrue[r]], all[yPred[r]]]
    wanted.seen = true
    found.seen = true
    if (wanted === found) {
      wanted.truePositives++
      correct++
    } else {
      wanted.falseNegatives++
      found.falsePositives++
    }
  }
  return {
    accuracy: ratio(correct, yTrue.length),
    classes: all.map((counts) => ({
      ...averageScores([counts], 'binary'),
      support: counts.truePositives + counts.falseNegatives,
    })),
    macro: averageScores(all, 'macro'),
    micro: averageScores(all, 'micro'),
    weighted: averageScores(all, 'weighted'),
  }
}
