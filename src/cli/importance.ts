/** Permutation importance: how much worse a model gets when the values of a column are shuffled. */
import type { Model } from '../entries/core.ts'
import { shuffle } from '../entries/core.ts'
import type { Encoder, Examples } from '../entries/tablePredictor.ts'
import { outputsOf, scorerFor } from './scores.ts'

/** Number of rows that is enough, and of repeats per column. */
const MOST_ROWS = 2000
const REPEATS = 3

export interface ColumnImportance {
  readonly column: string
  /** Mean decrease of accuracy or R². */
  readonly mean: number
  readonly standardDeviation: number
}

/** Importance of table columns: all input columns derived from one are shuffled together. Sorted by importance. */
export function columnImportances(model: Model, encoder: Encoder, examples: Examples): ColumnImportance[] {
  const { width, outputs } = encoder
  const rows = Math.min(examples.rows.length, MOST_ROWS)
  const { x, y } = some(examples, rows, width)
  const metric = encoder.target.task === 'classification' ? 'accuracy' : 'r2'
  const measure = (features: Float32Array): number => {
    const scorer = scorerFor(encoder)
    scorer.add(y, outputsOf(encoder, model, features))
    return scorer.result().metrics[metric] ?? 0
  }
  const before = measure(x)
  const moved = x.slice()
  const found = encoder.columns.map((column, c) => {
    const places = outputs.flatMap((output, i) => (output.column === column ? [i] : []))
    const falls = Array.from({ length: REPEATS }, (_, repeat) => {
      const { order } = shuffle(new Float32Array(rows), new Float32Array(rows), {
        columns: 1,
        seed: c * REPEATS + repeat,
      })
      for (let row = 0; row < rows; row++) {
        for (const place of places) moved[row * width + place] = x[order[row] * width + place]
      }
      return before - measure(moved)
    })
    for (let row = 0; row < rows; row++) for (const place of places) moved[row * width + place] = x[row * width + place]
    const mean = falls.reduce((sum, fall) => sum + fall, 0) / REPEATS
    const spread = falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / REPEATS
    return { column, mean, standardDeviation: Math.sqrt(spread) }
  })
  return found.sort((a, b) => b.mean - a.mean)
}

/** Evenly spaced rows. */
function some({ x, y, rows: { length } }: Examples, rows: number, width: number) {
  if (rows === length) return { x, y }
  const chosen = Int32Array.from({ length: rows }, (_, i) => Math.floor((i * length) / rows))
  const taken = new Float32Array(rows * width)
  for (const [i, row] of chosen.entries()) taken.set(x.subarray(row * width, (row + 1) * width), i * width)
  return { x: taken, y: Float32Array.from(chosen, (row) => y[row]) }
}
