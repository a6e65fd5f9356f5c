/** What every schedule is made of: a function of the update's index that says how to make it again. */
import { checkFloat, checkInteger, show } from '../../lib/check.ts'

/** A rate for every update: called with its index 0, 1, 2, ... and nothing else, so it must be pure. */
export type Schedule = (step: number) => number

/** A schedule that carries how it was made. */
export interface NamedSchedule<Options = object> extends Schedule {
  readonly kind: string
  readonly options: Readonly<Options>
  /** The momentum that goes along with the rate. */
  readonly momentum?: Schedule
}

/** The momentum that a schedule of the learning rate cycles, if it does. */
export const momentumOf = (rate: unknown): Schedule | undefined =>
  typeof rate === 'function' && 'momentum' in rate ? (rate as NamedSchedule).momentum : undefined

/** @throws RangeError for a schedule that cycles a momentum, where nothing takes it. */
export function checkNoMomentum(where: string, option: string, rate: unknown): void {
  if (momentumOf(rate) === undefined) return
  throw new RangeError(
    `${where}: "${option}" cycles a momentum, which only the "learningRate" of sgd, adam, adamw and nadam does; leave out "cycleMomentum"`,
  )
}

/** Puts kind and options on a schedule, and the momentum that goes along. */
export const named = <Options extends object>(
  kind: string,
  options: Options,
  rate: Schedule,
  momentum?: Schedule,
): NamedSchedule<Options> =>
  Object.freeze(Object.assign(rate, { kind, options: Object.freeze(options), ...(momentum && { momentum }) }))

/** @throws unless `value` is a finite number at least 0. */
export const checkRate = (where: string, option: string, value: unknown): number =>
  checkFloat(where, option, value, { minimum: 0 })

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** @throws unless `values` are whole numbers in rising order, the first at least 1. */
export function checkRising(where: string, option: string, values: unknown): readonly number[] {
  if (!isList(values)) throw new TypeError(`${where}: "${option}" must be an array of steps, got ${show(values)}`)
  let smallest = 1
  const checked = values.map((value, i) => {
    const step = checkInteger(where, `${option}[${i}]`, value, smallest)
    smallest = step + 1
    return step
  })
  return Object.freeze(checked)
}

/** Half a cosine: `from` at fraction 0, `to` at 1. */
export const cosine = (from: number, to: number, fraction: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * fraction))) / 2
