/** How a metric processes a batch, row by row. */

/** A metric's result: a number, or the rows of confusionMatrix. */
export type MetricValue = number | number[][]

/** The kind of outputs and targets that a metric is measured on. */
export interface Task {
  readonly outputs: number
  readonly targets: 'classes' | 'values'
  /** Outputs above it are positive. */
  readonly threshold: number
  /** Whether every output is an independent binary label, as opposed to one class of many. */
  readonly independent: boolean
  readonly logits: boolean
}

/** A batch, from which single rows are read. */
export interface Batch {
  readonly outputs: ArrayLike<number>
  readonly targets: ArrayLike<number>
}

/** How to process one row, return the result, and reset. */
export interface Rule {
  row(batch: Batch, r: number, weight: number): void
  result(): MetricValue
  reset(): void
}

/** Index of the first largest of `count` values from `at`; of the first NaN if there is one, as in NumPy. */
export function argmax(values: ArrayLike<number>, at: number, count: number): number {
  let best = 0
  for (let c = 0; c < count; c++) {
    if (Number.isNaN(values[at + c])) return c
    if (values[at + c] > values[at + best]) best = c
  }
  return best
}

/** The class of a row: its index, or the position of the largest value of its one-hot row. */
export const classOf = ({ outputs, targets }: Task, values: ArrayLike<number>, r: number): number =>
  targets === 'classes' ? values[r] : argmax(values, r * outputs, outputs)
