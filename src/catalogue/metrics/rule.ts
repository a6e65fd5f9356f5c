/** How a metric reads a batch, row by row. */

/** What a metric gives: a number, or confusionMatrix' rows of numbers. */
export type MetricValue = number | number[][]

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
export interface Batch {
  readonly outputs: ArrayLike<number>
  readonly targets: ArrayLike<number>
}

/** What is done with one row; a stream is a row rule, a result and a way to forget. */
export interface Rule {
  row(batch: Batch, r: number, weight: number): void
  result(): MetricValue
  reset(): void
}

/** Index of the first largest of `count` values from `at`; of a NaN when there is one, as in NumPy. */
export function argmax(values: ArrayLike<number>, at: number, count: number): number {
  let best = 0
  for (let c = 0; c < count; c++) {
    if (Number.isNaN(values[at + c])) return c
    if (values[at + c] > values[at + best]) best = c
  }
  return best
}

/** The class of a row: its index, or where its one-hot row is largest. */
export const classOf = ({ outputs, targets }: Task, values: ArrayLike<number>, r: number): number =>
  targets === 'classes' ? values[r] : argmax(values, r * outputs, outputs)
