/** Ranking metrics; they store all outputs until the result is read. */
import { classOf, type Rule, type Task } from './rule.ts'

const CHUNK_BITS = 14
const CHUNK = 1 << CHUNK_BITS

/** A growing list of numbers, stored in chunks. */
class Kept<Chunk extends Float64Array | Uint8Array> {
  readonly #make: (length: number) => Chunk
  readonly #chunks: Chunk[] = []
  length = 0

  constructor(make: (length: number) => Chunk) {
    this.#make = make
  }

  push(value: number): void {
    if (this.length >> CHUNK_BITS === this.#chunks.length) this.#chunks.push(this.#make(CHUNK))
    this.#chunks[this.length >> CHUNK_BITS][this.length & (CHUNK - 1)] = value
    this.length++
  }

  at(index: number): number {
    return this.#chunks[index >> CHUNK_BITS][index & (CHUNK - 1)]
  }

  clear(): void {
    this.#chunks.length = 0
    this.length = 0
  }
}

const numbers = () => new Kept((length) => new Float64Array(length))

/** One output's rows in ascending order of score. */
export interface Ranking {
  /** Calls `visit` with the weights of the positive and negative rows of each distinct score, in ascending order. */
  each(visit: (positives: number, negatives: number) => void): void
}

/** The mean over outputs of `measure`, each against its own targets, skipping NaN. */
export function overRankings(task: Task, measure: (ranking: Ranking) => number): Rule {
  const { outputs: cols, independent } = task
  const scores = numbers()
  const weights = numbers()
  /** For independent outputs one label each, else the row's class. */
  const answers = independent ? new Kept((length) => new Uint8Array(length)) : numbers()
  const isYes = (row: number, c: number) => (independent ? answers.at(row * cols + c) === 1 : answers.at(row) === c)
  const rankingOf = (c: number): Ranking => ({
    each(visit) {
      const order = Uint32Array.from({ length: weights.length }, (_, row) => row)
      const score = Float64Array.from(order, (row) => scores.at(row * cols + c))
      order.sort((a, b) => score[a] - score[b])
      for (let i = 0; i < order.length; ) {
        const tied = score[order[i]]
        let positives = 0
        let negatives = 0
        do {
          const row = order[i++]
          if (isYes(row, c)) positives += weights.at(row)
          else negatives += weights.at(row)
        } while (i < order.length && score[order[i]] === tied)
        visit(positives, negatives)
      }
    },
  })
  return {
    row({ outputs, targets }, r, weight) {
      if (weight === 0) return
      weights.push(weight)
      if (!independent) answers.push(classOf(task, targets, r))
      for (let c = 0; c < cols; c++) {
        scores.push(outputs[r * cols + c])
        if (independent) answers.push(targets[r * cols + c] > 0.5 ? 1 : 0)
      }
    },
    result() {
      let sum = 0
      let count = 0
      for (let c = 0; c < cols; c++) {
        const value = measure(rankingOf(c))
        if (Number.isNaN(value)) continue
        sum += value
        count++
      }
      return sum / count
    },
    reset() {
      for (const kept of [scores, weights, answers]) kept.clear()
    },
  }
}

/** Area under the ROC curve: Σ over positives of (negatives below + ties / 2) / (positives · negatives). */
export function areaUnderCurve(ranking: Ranking): number {
  let below = 0
  let above = 0
  let pairs = 0
  ranking.each((yes, no) => {
    pairs += yes * (below + no / 2)
    below += no
    above += yes
  })
  return pairs / (above * below)
}

/** True and predicted positives for a threshold at each score, in ascending order; and all positives. */
function cuts(ranking: Ranking): { steps: { yes: number; right: number; found: number }[]; positives: number } {
  const groups: (readonly [yes: number, no: number])[] = []
  let right = 0
  let found = 0
  ranking.each((yes, no) => {
    groups.push([yes, no])
    right += yes
    found += yes + no
  })
  const positives = right
  const steps = groups.map(([yes, no]) => {
    const step = { yes, right, found }
    right -= yes
    found -= yes + no
    return step
  })
  return { steps, positives }
}

/** Σ over scores of (recall gained) * precision; NaN without positives. */
export function averagePrecision(ranking: Ranking): number {
  const { steps, positives } = cuts(ranking)
  if (positives === 0) return Number.NaN
  return steps.reduce((sum, { yes, right, found }) => sum + (yes / positives) * (right / found), 0)
}

/** The highest precision among thresholds with at least the given recall; NaN without positives. */
export const precisionAt =
  (recall: number) =>
  (ranking: Ranking): number => {
    const { steps, positives } = cuts(ranking)
    if (positives === 0) return Number.NaN
    return steps.reduce(
      (best, { right, found }) => (right / positives >= recall ? Math.max(best, right / found) : best),
      0,
    )
  }
