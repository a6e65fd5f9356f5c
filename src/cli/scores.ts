/** Scores of predictions against targets, accumulated block by block. */
import { type Model, score } from '../entries/core.ts'
import type { Table } from '../entries/table.ts'
import type { ClassTarget, Encoder, NumberTarget, TablePredictor } from '../entries/tablePredictor.ts'

/** Metrics by name; null if undefined for these rows. */
export type Scores = Readonly<Record<string, number | null>>

export interface Judgement {
  readonly metrics: Scores
  /** The scores of the best constant prediction. */
  readonly baseline: Scores
  /** For classes: rows are true, columns predicted. */
  readonly confusion?: readonly (readonly number[])[]
}

export interface Scorer {
  rows: number
  /**
   * @param y class indices, or standardized values
   * @param predicted the probability of every class, row-major, or numbers in the table's units
   */
  add(y: ArrayLike<number>, predicted: ArrayLike<number>): void
  result(): Judgement
}

export const scorerFor = ({ target }: Encoder): Scorer =>
  target.task === 'classification' ? new ClassScorer(target) : new NumberScorer(target)

/** Adds the rows of a table that have a target. */
export function scoreTable(scorer: Scorer, predictor: TablePredictor, table: Table): void {
  const { encoder } = predictor
  const { y, rows } = encoder.examples(table)
  const { target } = encoder
  const all = target.task === 'regression' ? predictor.predict(table) : predictor.probabilities(table)
  if (!ArrayBuffer.isView(all)) return
  const columns = all.length / table.rows
  const chosen = new Float64Array(rows.length * columns)
  for (const [i, row] of rows.entries()) chosen.set(all.subarray(row * columns, (row + 1) * columns), i * columns)
  scorer.add(y, chosen)
}

/** What a scorer takes as predictions: the probability of every class, or numbers in the table's units. */
export function outputsOf(encoder: Encoder, model: Model, x: Float32Array): Float32Array | Float64Array {
  const outputs = model.predict(x)
  if (encoder.target.task === 'regression') return Float64Array.from(encoder.decode(outputs), Number)
  // a single output is the probability of the second class
  return model.engine.outputs === 1
    ? Float64Array.from({ length: 2 * outputs.length }, (_, i) => (i % 2 ? outputs[i >> 1] : 1 - outputs[i >> 1]))
    : outputs
}

/** Lower bound on probabilities, so that one confident mistake does not dominate. */
const LEAST = 1e-7

class ClassScorer implements Scorer {
  rows = 0
  readonly #classes: number
  readonly #confusion: number[][]
  #loss = 0
  /** For two classes: true labels and predicted probabilities of the second, for the area under the curve. */
  readonly #truth: number[] = []
  readonly #second: number[] = []

  constructor({ classes }: ClassTarget) {
    this.#classes = classes.length
    this.#confusion = classes.map(() => new Array<number>(classes.length).fill(0))
  }

  add(y: ArrayLike<number>, probabilities: ArrayLike<number>): void {
    const classes = this.#classes
    for (let row = 0; row < y.length; row++) {
      const first = row * classes
      let best = 0
      for (let c = 1; c < classes; c++) if (probabilities[first + c] > probabilities[first + best]) best = c
      this.#confusion[y[row]][best]++
      this.#loss -= Math.log(Math.max(probabilities[first + y[row]], LEAST))
      if (classes > 2) continue
      this.#truth.push(y[row])
      this.#second.push(probabilities[first + 1])
    }
    this.rows += y.length
  }

  result(): Judgement {
    const confusion = this.#confusion
    const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0))
    const right = confusion.reduce((sum, row, c) => sum + row[c], 0)
    const seen = totals.filter((total) => total > 0).length
    const recalls = confusion.reduce((sum, row, c) => sum + (totals[c] > 0 ? row[c] / totals[c] : 0), 0)
    const auc = this.#classes === 2 && seen === 2 && Number(score('auc', this.#truth, this.#second))
    return {
      metrics: {
        accuracy: right / this.rows,
        balancedAccuracy: recalls / seen,
        logLoss: this.#loss / this.rows,
        ...(auc !== false && { auc }),
      },
      baseline: { accuracy: Math.max(...totals) / this.rows },
      confusion,
    }
  }
}

class NumberScorer implements Scorer {
  rows = 0
  readonly #target: NumberTarget
  #squares = 0
  #absolute = 0
  #mean = 0
  /** Sum of squared deviations from the mean, by Welford's algorithm. */
  #spread = 0

  constructor(target: NumberTarget) {
    this.#target = target
  }

  add(y: ArrayLike<number>, predicted: ArrayLike<number>): void {
    const { mean, standardDeviation } = this.#target
    for (let row = 0; row < y.length; row++) {
      const truth = y[row] * standardDeviation + mean
      const difference = truth - predicted[row]
      this.#squares += difference ** 2
      this.#absolute += Math.abs(difference)
      this.rows++
      const before = truth - this.#mean
      this.#mean += before / this.rows
      this.#spread += before * (truth - this.#mean)
    }
  }

  result(): Judgement {
    const { rows } = this
    return {
      metrics: {
        r2: this.#spread > 0 ? 1 - this.#squares / this.#spread : null,
        rootMeanSquaredError: Math.sqrt(this.#squares / rows),
        meanAbsoluteError: this.#absolute / rows,
      },
      baseline: { r2: this.#spread > 0 ? 0 : null, rootMeanSquaredError: Math.sqrt(this.#spread / rows) },
    }
  }
}
