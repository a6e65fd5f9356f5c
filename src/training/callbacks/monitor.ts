/** Tracks improvement of a metric. */
import { checkNumber, checkOneOf, show } from '../../lib/check.ts'
import type { CallbackContext, Logs } from './callback.ts'

export const MONITOR_MODES = ['auto', 'min', 'max'] as const
/** Whether minDelta is absolute, or relative to the best value. */
export const THRESHOLD_MODES = ['absolute', 'relative'] as const
export type ThresholdMode = (typeof THRESHOLD_MODES)[number]
export type MonitorMode = (typeof MONITOR_MODES)[number]

/** Names of metrics for which larger is better. */
const LARGER_IS_BETTER = /accuracy|precision|recall|f1|auc|r2|fBeta|matthews/i

export const largerIsBetter = (name: string): boolean => LARGER_IS_BETTER.test(name)

export class Monitor {
  readonly name: string
  readonly #where: string
  readonly #sign: number
  readonly #minDelta: number
  readonly #relative: boolean
  best = Number.NaN

  /** @throws TypeError or RangeError unless name is a string, mode is known and minDelta >= 0. */
  constructor(where: string, name: unknown, mode: unknown, minDelta: unknown, thresholdMode: unknown = 'absolute') {
    if (typeof name !== 'string' || name === '') {
      throw new TypeError(`${where}: "monitor" must be the name of a metric, got ${show(name)}`)
    }
    const given = checkOneOf(where, 'mode', mode, MONITOR_MODES)
    this.#where = where
    this.name = name
    this.#sign = given === 'max' || (given === 'auto' && largerIsBetter(name)) ? 1 : -1
    this.#minDelta = checkNumber(where, 'minDelta', minDelta, { minimum: 0 })
    this.#relative = checkOneOf(where, 'thresholdMode', thresholdMode, THRESHOLD_MODES) === 'relative'
    this.reset()
  }

  reset(): void {
    this.best = -this.#sign * Number.POSITIVE_INFINITY
  }

  /**
   * The metric of an epoch; undefined if it is a validation metric and the epoch had no validation.
   * @throws RangeError listing the available metrics if the monitored one is missing.
   */
  read(logs: Logs, { validationFrequency }: Pick<CallbackContext, 'validationFrequency'>): number | undefined {
    const value = logs[this.name]
    if (value !== undefined || (this.name.startsWith('val_') && validationFrequency > 1)) return value
    const fix = this.name.startsWith('val_') ? '; give fit validationData or validationSplit' : ''
    throw new RangeError(
      `${this.#where}: there is no metric "${this.name}" to monitor; available: ${Object.keys(logs).join(', ')}${fix}`,
    )
  }

  /** Whether `value` is better than `reference` by more than minDelta (times |reference| if relative); NaN never is. */
  isBetter(value: number, reference = this.best): boolean {
    const size = this.#relative && Number.isFinite(reference) ? Math.abs(reference) : 1
    return this.#sign * (value - reference) > this.#minDelta * size
  }
}

/** A metric for display: four decimals, or four significant digits if it is tiny or huge. */
export function formatMetric(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size === 0 || (size >= 1e-3 && size < 1e5)) return value.toFixed(4)
  return value.toExponential(3)
}
