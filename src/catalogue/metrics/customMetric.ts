/** Metrics of the user's own. */
import { checkFunction, readOptions, show } from '../../lib/check.ts'
import { checkCustomName } from '../customName.ts'
import type { MetricStream } from './streams.ts'

/** What of a batch its values do not tell. */
export interface MetricRows {
  readonly rows: number
  /** Outputs a row. */
  readonly columns: number
  /** In `weightedMetrics` a weight for each row, if they have any. */
  readonly weights: Float32Array | undefined
}

/** Takes in batches and tells what they came to. */
export interface MetricState {
  /** `outputs` are rows x columns, `targets` as the loss takes them: a class index a row, or values. Both serve the next batch again. */
  update(outputs: Float32Array, targets: Float32Array | Int32Array, rows: MetricRows): void
  /** Of all rows so far. */
  result(): number
}

/** A metric that files know by its name only. */
export interface CustomMetric {
  readonly kind: 'custom'
  /** Its key in logs and histories. */
  readonly name: string
  create(): MetricState
}

/**
 * A metric of your own for `compile`: `create()` makes what counts, anew for every epoch and every evaluation.
 * A file keeps the name: loading it takes `loadModel(path, { custom: { name: metric } })`.
 * @throws TypeError naming the option.
 */
export function customMetric(options: Omit<CustomMetric, 'kind'>): CustomMetric {
  const where = 'customMetric'
  const { name, create } = readOptions(where, options, { name: undefined, create: undefined })
  checkCustomName(where, name)
  checkFunction(where, 'create', create)
  return Object.freeze({ kind: 'custom', name, create })
}

/** The metric as one of the catalogue's. */
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
