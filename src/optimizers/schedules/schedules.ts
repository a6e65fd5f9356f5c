/**
 * Schedules of the learning rate or the weight decay: pure functions of the update's index t = 0, 1, 2, ...
 * Any function of that shape will do; those made here carry their `kind` and `options`, so they can be saved.
 */
import { checkOneOf, checkOptions, show } from '../../lib/check.ts'
import * as cycles from './cycles.ts'
import * as decays from './decays.ts'
import type { NamedSchedule, Schedule } from './named.ts'

export * from './cycles.ts'
export * from './decays.ts'
export type { NamedSchedule, Schedule } from './named.ts'

/** What the documentation says about a schedule. */
export interface ScheduleEntry {
  readonly equation: string
  /** A call with every option, defaults included. */
  readonly call: string
  readonly use: string
  readonly equivalent?: string
}

export type ScheduleName =
  | 'constant'
  | 'stepDecay'
  | 'multiStepDecay'
  | 'piecewiseConstant'
  | 'exponentialDecay'
  | 'inverseTimeDecay'
  | 'harmonic'
  | 'inverseSqrt'
  | 'inverseSqrtWarmup'
  | 'polynomialDecay'
  | 'cosineDecay'
  | 'cosineDecayRestarts'
  | 'linearWarmup'
  | 'warmupCosine'
  | 'oneCycle'
  | 'cyclic'
  | 'joinSchedules'

/** All schedules by kind. */
export const schedules: Readonly<Record<ScheduleName, ScheduleEntry>> = {
  constant: {
    equation: 'learningRate',
    call: 'constant({ learningRate: 0.01 })',
    use: 'What a plain number means; useful in `joinSchedules`.',
    equivalent: 'PyTorch ConstantLR with factor 1',
  },
  stepDecay: {
    equation: 'learningRate * gamma^floor(t / stepSize)',
    call: 'stepDecay({ learningRate: 0.1, stepSize: 1000, gamma: 0.1 })',
    use: 'Drops at equal distances.',
    equivalent: 'PyTorch StepLR',
  },
  multiStepDecay: {
    equation: 'learningRate * gamma^(number of milestones <= t)',
    call: 'multiStepDecay({ learningRate: 0.1, milestones: [3000, 6000], gamma: 0.1 })',
    use: 'Drops where you say.',
    equivalent: 'PyTorch MultiStepLR',
  },
  piecewiseConstant: {
    equation: 'values[number of boundaries <= t]',
    call: 'piecewiseConstant({ boundaries: [1000, 3000], values: [0.1, 0.05, 0.001] })',
    use: 'Any staircase.',
    equivalent: 'Keras PiecewiseConstantDecay, which keeps the old value at the boundary itself',
  },
  exponentialDecay: {
    equation: 'learningRate * gamma^t',
    call: 'exponentialDecay({ learningRate: 0.1, gamma: 0.999 })',
    use: 'Smooth decay without an end; gamma is per update, so close to 1.',
    equivalent: 'PyTorch ExponentialLR',
  },
  inverseTimeDecay: {
    equation: 'learningRate / (1 + decay * t)',
    call: 'inverseTimeDecay({ learningRate: 0.1, decay: 0.001 })',
    use: 'The classical decay of stochastic approximation.',
    equivalent: 'Keras InverseTimeDecay with decay_steps 1',
  },
  harmonic: {
    equation: 'alpha / (floor(t / period) + offset)',
    call: 'harmonic({ alpha: 1, period: 1, offset: 1 })',
    use: "Rates whose sum diverges while the sum of their squares converges: Robbins and Monro's conditions (1951).",
  },
  inverseSqrt: {
    equation: 'learningRate / sqrt(1 + decay * t)',
    call: 'inverseSqrt({ learningRate: 0.1, decay: 0.001 })',
    use: 'The decay of the regret bounds for online gradient descent.',
  },
  inverseSqrtWarmup: {
    equation: 'learningRate * min((t + 1) / warmup, sqrt(warmup / (t + 1)))',
    call: 'inverseSqrtWarmup({ learningRate: 0.001, warmup: 4000 })',
    use: 'The Transformer schedule (Vaswani et al. 2017) with its peak named.',
  },
  polynomialDecay: {
    equation: 'end + (learningRate - end) * (1 - min(t, totalSteps) / totalSteps)^power',
    call: 'polynomialDecay({ learningRate: 0.1, endLearningRate: 0, totalSteps: 10000, power: 1 })',
    use: 'With power 1 a straight line to the end.',
    equivalent: 'PyTorch PolynomialLR, Keras PolynomialDecay',
  },
  cosineDecay: {
    equation: 'min + (learningRate - min) * (1 + cos(pi * min(t, totalSteps) / totalSteps)) / 2',
    call: 'cosineDecay({ learningRate: 0.1, minLearningRate: 0, totalSteps: 10000 })',
    use: 'A good default when the number of updates is known.',
    equivalent: 'PyTorch CosineAnnealingLR up to totalSteps, Keras CosineDecay',
  },
  cosineDecayRestarts: {
    equation: 'half a cosine over each period; the next period is periodMultiplier times as long',
    call: 'cosineDecayRestarts({ learningRate: 0.1, minLearningRate: 0, period: 1000, periodMultiplier: 1 })',
    use: 'SGDR (Loshchilov and Hutter 2017): every end of a period is a usable model.',
    equivalent: 'PyTorch CosineAnnealingWarmRestarts',
  },
  linearWarmup: {
    equation: 'learningRate * (startFactor + (endFactor - startFactor) * min(t, warmup) / warmup)',
    call: 'linearWarmup({ learningRate: 0.1, startFactor: 1 / 3, endFactor: 1, warmup: 500 })',
    use: 'The start of a joined schedule.',
    equivalent: 'PyTorch LinearLR',
  },
  warmupCosine: {
    equation: 'learningRate * (t + 1) / warmup for t < warmup, then half a cosine to minLearningRate at totalSteps',
    call: 'warmupCosine({ learningRate: 0.001, minLearningRate: 0, warmup: 500, totalSteps: 10000 })',
    use: 'Large batches, AdamW, LAMB.',
  },
  oneCycle: {
    equation: 'max / divFactor up to max, then down to max / divFactor / finalDivFactor',
    call: "oneCycle({ maxLearningRate: 0.1, totalSteps: 10000, warmupFraction: 0.3, anneal: 'cos', divFactor: 25, finalDivFactor: 1e4, threePhase: false })",
    use: 'Fast convergence at high rates (Smith and Topin 2018).',
    equivalent: 'PyTorch OneCycleLR without its momentum cycle; past totalSteps the last rate stays',
  },
  cyclic: {
    equation: 'base + (max - base) * triangle(t) * scale; scale is 1, 2^-cycle (triangular2) or gamma^t (exp_range)',
    call: "cyclic({ baseLearningRate: 0.001, maxLearningRate: 0.1, stepUp: 2000, stepDown: 2000, mode: 'triangular', gamma: 1 })",
    use: 'Triangles without end (Smith 2017).',
    equivalent: 'PyTorch CyclicLR without its momentum cycle',
  },
  joinSchedules: {
    equation: 'one schedule after another, each counting from 0 where its segment begins',
    call: 'joinSchedules([{ schedule: linearWarmup({ learningRate: 0.1, warmup: 500 }), until: 500 }, { schedule: 0.1 }])',
    use: 'Anything else.',
    equivalent: 'PyTorch SequentialLR, Optax join_schedules',
  },
}

/** A schedule as plain data. */
export interface ScheduleDescription {
  readonly kind: ScheduleName
  readonly options: Readonly<Record<string, unknown>>
}

const isNamed = (schedule: Schedule): schedule is NamedSchedule<Record<string, unknown>> =>
  'kind' in schedule && 'options' in schedule

/**
 * A number or schedule as plain data that survives JSON.
 * @throws TypeError for a function of your own, which cannot be saved.
 */
export function describeSchedule(schedule: number | Schedule): number | ScheduleDescription {
  if (typeof schedule === 'number') return schedule
  if (!isNamed(schedule))
    throw new TypeError(`describeSchedule: ${show(schedule)} was not made by this library and cannot be saved`)
  const kind = checkOneOf('describeSchedule', 'kind', schedule.kind, kinds)
  if (kind !== 'joinSchedules') return { kind, options: schedule.options }
  const { segments } = schedule.options as { segments: readonly cycles.Segment[] }
  return {
    kind,
    options: { segments: segments.map((segment) => ({ ...segment, schedule: describeSchedule(segment.schedule) })) },
  }
}

/**
 * The number or schedule that `describeSchedule` described.
 * @throws TypeError or RangeError for anything else.
 */
export function restoreSchedule(description: unknown): number | Schedule {
  if (typeof description === 'number') return description
  checkOptions('restoreSchedule', description, ['kind', 'options'])
  const { kind, options } = description as { kind: unknown; options: unknown }
  const found = checkOneOf('restoreSchedule', 'kind', kind, kinds)
  if (found !== 'joinSchedules') return factories[found](options as never)
  checkOptions('restoreSchedule', options, ['segments'])
  const { segments } = options as { segments: unknown }
  if (!Array.isArray(segments))
    throw new TypeError(`restoreSchedule: "segments" must be an array, got ${show(segments)}`)
  return cycles.joinSchedules(segments.map((segment) => ({ ...segment, schedule: restoreSchedule(segment?.schedule) })))
}

const kinds = Object.keys(schedules) as ScheduleName[]

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
  oneCycle: cycles.oneCycle,
  cyclic: cycles.cyclic,
}
