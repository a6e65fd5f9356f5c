/** The parts of every schedule: a function of the update's index, and the kind and options that recreate it. */
import { checkFloat, checkInteger, show } from '../../lib/check.ts'

/** A rate for every update. Called with the update's index 0, 1, 2, ... only; must be pure. */
export type Schedule = (step: number) => number

/** A schedule that knows its kind and options. */
export interface NamedSchedule<Options = object> extends Schedule {
  readonly kind: string
  readonly options: Readonly<Options>
  /** The momentum that is cycled along with the rate. */
  readonly momentum?: Schedule
}

/** The momentum schedule attached to a learning rate, if any. */
export const momentumOf = (rate: unknown): Schedule | undefined =>
  typeof rate === 'function' && 'momentum' in rate ? (rate as NamedSchedule).momentum : undefined

/** @throws RangeError for a schedule that cycles the momentum, where nothing would use it. */
export function checkNoMomentum(where: string, option: string, rate: unknown): void {
  if (momentumOf(rate) === undefined) return
  throw new RangeError(
    `${where}: "${option}" cycles a momentum, which only the "learningRate" of sgd, adam, adamw and nadam does; leave out "cycleMomentum"`,
  )
}

/** Attaches kind, options and momentum to a schedule. */
export const named = <Options extends object>(
  kind: string,
  options: Options,
  rate: Schedule,
  momentum?: Schedule,
): NamedSchedule<Options> =>
  Object.freeze(Object.assign(rate, { kind, options: Object.freeze(options), ...(momentum && { momentum }) }))

/** @throws unless `value` is a finite number >= 0. */
export const checkRate = (where: string, option: string, value: unknown): number =>
  checkFloat(where, option, value, { minimum: 0 })

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** @throws unless `values` are strictly increasing integers, the first at least 1. */
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

/** Half a cosine: `from` at fraction 0, `to` at fraction 1. */
export const cosine = (from: number, to: number, fraction: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * fraction))) / 2
