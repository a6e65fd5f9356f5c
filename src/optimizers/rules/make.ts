/** From a factory's options to an optimizer; every option is checked by name. */
import { checkBoolean, checkFloat, checkOptions, orDefault, show } from '../../lib/check.ts'
import { checkNoMomentum, momentumOf } from '../schedules/named.ts'
import type { Schedule } from '../schedules/schedules.ts'
import { checkGroups } from './groups.ts'
import type { Hypers, OptimizerOf } from './rule.ts'

/** @throws TypeError or RangeError naming the option. Returns the value to use. */
export type Check = (where: string, name: string, value: unknown) => unknown

export const within =
  (limits: NonNullable<Parameters<typeof checkFloat>[3]>): Check =>
  (where, name, value) =>
    checkFloat(where, name, value, limits)

const rateOrSchedule: Check = (where, name, value) =>
  typeof value === 'function' ? value : checkFloat(where, name, value, { minimum: 0 })

/** Checks a pair of numbers, each against its own range. */
const two =
  (first: Check, second: Check): Check =>
  (where, name, value) => {
    if (!Array.isArray(value) || value.length !== 2) {
      throw new TypeError(`${where}: "${name}" must be an array of two numbers, got ${show(value)}`)
    }
    first(where, `${name}[0]`, value[0])
    second(where, `${name}[1]`, value[1])
    return Object.freeze([...value])
  }

const fraction = within({ minimum: 0, below: 1 })
const atLeast0 = within({ minimum: 0 })
const COMMON: Readonly<Record<string, Check>> = {
  learningRate: rateOrSchedule,
  weightDecay(where, name, value) {
    checkNoMomentum(where, name, value)
    return rateOrSchedule(where, name, value)
  },
  momentum: atLeast0,
  dampening: within({}),
  nesterov: checkBoolean,
  learningRateDecay: atLeast0,
  initialAccumulatorValue: atLeast0,
  // below this, 0 / epsilon in float32 could be NaN for padding
  epsilon: within({ minimum: 1e-30 }),
  epsilonRoot: atLeast0,
  rho: fraction,
  centered: checkBoolean,
  beta1: fraction,
  beta2: fraction,
  amsgrad: checkBoolean,
  decoupledWeightDecay: checkBoolean,
  momentumDecay: atLeast0,
  lambda: atLeast0,
  alpha: atLeast0,
  t0: atLeast0,
  etas: two(within({ above: 0, below: 1 }), within({ above: 1 })),
  stepSizes: two(within({ above: 0 }), within({ above: 0 })),
}

type Value = number | boolean | string | readonly number[] | Schedule

/** A factory's options beyond the numeric ones that all rules share. */
interface MakeOptions {
  /** Checks of its own options. */
  readonly checks?: Readonly<Record<string, Check>>
  /** Options that the factory checks itself. */
  readonly others?: readonly string[]
}

/** Rules whose momentum can be cycled along with the learning rate. */
const CYCLED: readonly string[] = ['sgd', 'adam', 'adamw', 'nadam']

/** The name of the momentum among these options. */
export const momentumName = (options: Hypers): string => ('momentum' in options ? 'momentum' : 'beta1')

/** The initial momentum if the learning rate's schedule cycles it: it replaces the rule's own. */
function cycledMomentum(kind: string, rate: unknown, options: Hypers, given: Readonly<Record<string, unknown>>) {
  const start = momentumOf(rate)?.(0)
  if (start === undefined) return {}
  if (!CYCLED.includes(kind)) checkNoMomentum(kind, 'learningRate', rate)
  const name = momentumName(options)
  // a file stores the momentum that the optimizer started with
  if (given[name] !== undefined && given[name] !== start) {
    throw new RangeError(
      `${kind}: "learningRate" cycles the momentum from ${start} on, but "${name}" is ${show(given[name])}; leave it out, or give "maxMomentum"`,
    )
  }
  return { [name]: start }
}

/**
 * Fills in defaults, checks every option by name, freezes the result.
 * @throws TypeError or RangeError naming the option.
 */
export function make<Kind extends string>(
  kind: Kind,
  given: object,
  defaults: Readonly<Record<string, Value>>,
  { checks = {}, others = [] }: MakeOptions = {},
): OptimizerOf<Kind> {
  checkOptions(kind, given, [...Object.keys(defaults), ...others, 'parameterGroups'])
  const chosen: Record<string, unknown> = { ...given }
  const options: Record<string, number | boolean | string | readonly number[]> = {}
  const rates: Record<string, number | Schedule> = { weightDecay: 0 }
  for (const [name, preset] of Object.entries(defaults)) {
    const check = checks[name] ?? COMMON[name]
    const value = check(kind, name, orDefault(chosen[name], preset)) as Value
    if (name === 'learningRate' || name === 'weightDecay') rates[name] = value as number | Schedule
    else options[name] = value as number | boolean | string | readonly number[]
  }
  Object.assign(options, cycledMomentum(kind, rates.learningRate, options, chosen))
  const parameterGroups = checkGroups(kind, orDefault(chosen.parameterGroups, []), Object.keys(defaults))
  const { learningRate, weightDecay } = rates
  return Object.freeze({ kind, learningRate, weightDecay, options: Object.freeze(options), parameterGroups })
}
