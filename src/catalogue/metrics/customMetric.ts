/** User-defined metrics. */
import { checkFunction, readOptions, show } from '../../lib/check.ts'
import { checkCustomName } from '../customName.ts'
import type { MetricStream } from './streams.ts'

/** The shape and the weights of a batch. */
export interface MetricRows {
  readonly rows: number
  /** Outputs per row. */
  readonly columns: number
  /** In `weightedMetrics`: one weight per row, if there are any. */
  readonly weights: Float32Array | undefined
}

/** Accumulates batches and returns the result. */
export interface MetricState {
  /** `outputs` are [rows, columns], `targets` as for the loss: one class index per row, or values. Both are reused for the next batch. */
  update(outputs: Float32Array, targets: Float32Array | Int32Array, rows: MetricRows): void
  /** The value over all rows so far. */
  result(): number
}

/** A metric that files refer to by name. */
export interface CustomMetric {
  readonly kind: 'custom'
  /** Its key in logs and histories. */
  readonly name: string
  create(): MetricState
}

/**
 * A custom metric for `compile`: `create()` makes a new accumulator for every epoch and every evaluation.
 * Files store only the name: load with `loadModel(path, { custom: { name: metric } })`.
 * @throws TypeError naming the option.
 */
export function customMetric(options: Omit<CustomMetric, 'kind'>): CustomMetric {
  const where = 'customMetric'
  const { name, create } = readOptions(where, options, { name: undefined, create: undefined })
  checkCustomName(where, name)
  checkFunction(where, 'create', create)
  return Object.freeze({ kind: 'custom', name, create })
}

/** The metric as a stream. */
export function customStream({ name, create }: CustomMetric, columns: number): Omit<MetricStream, 'name'> {
  const where = `customMetric "${name}"`
  const make = () => {
    const state: unknown = create()
    if (typeof state !== 'object' || state === null) {
      throw new TypeError(`${where}: "create" must return { update, result }, got ${show(state)}`)
    }
    const { update, result } = state as MetricState
    checkFunction(where, 'update', update)
    checkFunction(where, 'result', result)
    return state as MetricState
  }
  let state = make()
  return {
    update: (outputs, targets, rows, weights) =>
      state.update(outputs as Float32Array, targets as Float32Array, {
        rows,
        columns,
        weights: weights as Float32Array | undefined,
      }),
    result() {
      const value: unknown = state.result()
      if (typeof value === 'number') return value
      throw new TypeError(`${where}: "result" must return a number, got ${show(value)}`)
    },
    reset() {
      state = make()
    },
  }
}
