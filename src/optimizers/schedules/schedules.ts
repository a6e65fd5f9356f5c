/**
 * Schedules of the learning rate or the weight decay: pure functions of the update's index t = 0, 1, 2, ...
 * Any such function works; those made here carry their `kind` and `options`, so they can be saved.
 */
import { checkOneOf, checkOptions, show } from '../../lib/check.ts'
import * as cycles from './cycles.ts'
import * as decays from './decays.ts'
import type { NamedSchedule, Schedule } from './named.ts'

export * from './cycles.ts'
export * from './decays.ts'
export type { NamedSchedule, Schedule } from './named.ts'

export const SCHEDULE_NAMES = [
  'constant',
  'stepDecay',
  'multiStepDecay',
  'piecewiseConstant',
  'exponentialDecay',
  'inverseTimeDecay',
  'harmonic',
  'inverseSqrt',
  'inverseSqrtWarmup',
  'polynomialDecay',
  'cosineDecay',
  'cosineDecayRestarts',
  'linearWarmup',
  'warmupCosine',
  'coslog',
  'flatCosine',
  'oneCycle',
  'cyclic',
  'joinSchedules',
] as const
export type ScheduleName = (typeof SCHEDULE_NAMES)[number]

/** A schedule as plain data. */
export interface ScheduleDescription {
  readonly kind: ScheduleName
  readonly options: Readonly<Record<string, unknown>>
}

const isNamed = (schedule: Schedule): schedule is NamedSchedule<Record<string, unknown>> =>
  typeof schedule === 'function' && 'kind' in schedule && 'options' in schedule

/**
 * A number or schedule as JSON-serializable data.
 * @throws TypeError for a custom function, which cannot be saved.
 */
export function describeSchedule(schedule: number | Schedule): number | ScheduleDescription {
  if (typeof schedule === 'number') return schedule
  if (!isNamed(schedule))
    throw new TypeError(`describeSchedule: ${show(schedule)} was not made by this library and cannot be saved`)
  const kind = checkOneOf('describeSchedule', 'kind', schedule.kind, SCHEDULE_NAMES)
  if (kind !== 'joinSchedules') return { kind, options: schedule.options }
  const { segments } = schedule.options as { segments: readonly cycles.Segment[] }
  return {
    kind,
    options: { segments: segments.map((segment) => ({ ...segment, schedule: describeSchedule(segment.schedule) })) },
  }
}

/**
 * The number or schedule described by `describeSchedule`.
 * @throws TypeError or RangeError for anything else, and for schedules nested more than 100 deep.
 */
export function restoreSchedule(description: unknown): number | Schedule {
  return restore(description, 0)
}

/** Nested schedules are handled by recursion, whose depth must be bounded. */
const DEEPEST = 100

function restore(description: unknown, depth: number): number | Schedule {
  if (depth > DEEPEST) throw new RangeError(`restoreSchedule: schedules are nested more than ${DEEPEST} deep`)
  if (typeof description === 'number') return description
  checkOptions('restoreSchedule', description, ['kind', 'options'])
  const { kind, options } = description as { kind: unknown; options: unknown }
  const found = checkOneOf('restoreSchedule', 'kind', kind, SCHEDULE_NAMES)
  if (found !== 'joinSchedules') return factories[found](options as never)
  checkOptions('restoreSchedule', options, ['segments'])
  const { segments } = options as { segments: unknown }
  if (!Array.isArray(segments))
    throw new TypeError(`restoreSchedule: "segments" must be an array, got ${show(segments)}`)
  return cycles.joinSchedules(
    segments.map((segment) => ({ ...segment, schedule: restore(segment?.schedule, depth + 1) })),
  )
}

const factories: Readonly<Record<Exclude<ScheduleName, 'joinSchedules'>, (options: never) => Schedule>> = {
  constant: decays.constant,
  stepDecay: decays.stepDecay,
  multiStepDecay: decays.multiStepDecay,
  piecewiseConstant: decays.piecewiseConstant,
  exponentialDecay: decays.exponentialDecay,
  inverseTimeDecay: decays.inverseTimeDecay,
  harmonic: decays.harmonic,
  inverseSqrt: decays.inverseSqrt,
  inverseSqrtWarmup: decays.inverseSqrtWarmup,
  polynomialDecay: decays.polynomialDecay,
  cosineDecay: decays.cosineDecay,
  cosineDecayRestarts: cycles.cosineDecayRestarts,
  linearWarmup: cycles.linearWarmup,
  warmupCosine: cycles.warmupCosine,
  coslog: cycles.coslog,
  flatCosine: cycles.flatCosine,
  oneCycle: cycles.oneCycle,
  cyclic: cycles.cyclic,
}
