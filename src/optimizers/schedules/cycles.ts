/** Schedules with a warmup or cycles; and how to chain schedules. t is the update's index 0, 1, 2, ... */
import {
  checkBoolean,
  checkFloat,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  orDefault,
  show,
} from '../../lib/check.ts'
import { checkNoMomentum, checkRate, cosine, isList, type NamedSchedule, named, type Schedule } from './named.ts'

export interface LinearWarmupOptions {
  readonly learningRate: number
  readonly startFactor?: number
  readonly endFactor?: number
  readonly warmup: number
}

/**
 * learningRate * (startFactor + (endFactor - startFactor) * min(t, warmup) / warmup). PyTorch: LinearLR.
 * Defaults: startFactor 1/3, endFactor 1.
 * @throws TypeError or RangeError naming the option.
 */
export function linearWarmup(options: LinearWarmupOptions): NamedSchedule<Required<LinearWarmupOptions>> {
  checkOptions('linearWarmup', options, ['learningRate', 'startFactor', 'endFactor', 'warmup'])
  const learningRate = checkRate('linearWarmup', 'learningRate', options.learningRate)
  const startFactor = checkRate('linearWarmup', 'startFactor', orDefault(options.startFactor, 1 / 3))
  const endFactor = checkRate('linearWarmup', 'endFactor', orDefault(options.endFactor, 1))
  const warmup = checkInteger('linearWarmup', 'warmup', options.warmup, 1)
  const factor = (t: number) => startFactor + ((endFactor - startFactor) * Math.min(t, warmup)) / warmup
  return named('linearWarmup', { learningRate, startFactor, endFactor, warmup }, (t) => learningRate * factor(t))
}

export interface WarmupCosineOptions {
  readonly learningRate: number
  readonly minLearningRate?: number
  readonly warmup: number
  readonly totalSteps: number
}

/**
 * learningRate * (t + 1) / warmup for t < warmup, then half a cosine to minLearningRate (default 0) at totalSteps.
 * @throws TypeError or RangeError naming the option.
 */
export function warmupCosine(options: WarmupCosineOptions): NamedSchedule<Required<WarmupCosineOptions>> {
  const where = 'warmupCosine'
  checkOptions(where, options, ['learningRate', 'minLearningRate', 'warmup', 'totalSteps'])
  const learningRate = checkRate(where, 'learningRate', options.learningRate)
  const minLearningRate = checkRate(where, 'minLearningRate', orDefault(options.minLearningRate, 0))
  const warmup = checkInteger(where, 'warmup', options.warmup, 0)
  const totalSteps = checkInteger(where, 'totalSteps', options.totalSteps, warmup + 1)
  const rate = (t: number) => {
    if (t < warmup) return (learningRate * (t + 1)) / warmup
    return cosine(learningRate, minLearningRate, Math.min(t - warmup, totalSteps - warmup) / (totalSteps - warmup))
  }
  return named(where, { learningRate, minLearningRate, warmup, totalSteps }, rate)
}

export interface CosineDecayRestartsOptions {
  readonly learningRate: number
  readonly minLearningRate?: number
  readonly period: number
  readonly periodMultiplier?: number
}

/**
 * Half a cosine per period, each period periodMultiplier times as long as the previous one (SGDR, Loshchilov and Hutter 2017).
 * PyTorch: CosineAnnealingWarmRestarts. Defaults: minLearningRate 0, periodMultiplier 1.
 * @throws TypeError or RangeError naming the option.
 */
export function cosineDecayRestarts(
  options: CosineDecayRestartsOptions,
): NamedSchedule<Required<CosineDecayRestartsOptions>> {
  const where = 'cosineDecayRestarts'
  checkOptions(where, options, ['learningRate', 'minLearningRate', 'period', 'periodMultiplier'])
  const learningRate = checkRate(where, 'learningRate', options.learningRate)
  const minLearningRate = checkRate(where, 'minLearningRate', orDefault(options.minLearningRate, 0))
  const period = checkInteger(where, 'period', options.period, 1)
  const periodMultiplier = checkInteger(where, 'periodMultiplier', orDefault(options.periodMultiplier, 1), 1)
  const rate = (t: number) => {
    let length = period
    let since = periodMultiplier === 1 ? t % period : t
    while (since >= length) {
      since -= length
      length *= periodMultiplier
    }
    return cosine(learningRate, minLearningRate, since / length)
  }
  return named(where, { learningRate, minLearningRate, period, periodMultiplier }, rate)
}

export interface CoslogOptions {
  readonly learningRate: number
  readonly totalSteps: number
  readonly cycles?: number
}

/**
 * learningRate * (1 - cos(2 pi log2(1 + (2^cycles - 1) min(t, totalSteps) / totalSteps))) / 2: cycles from 0 to the rate and back,
 * each twice as long as the previous one (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491). Default: 4 cycles.
 * @throws TypeError or RangeError naming the option.
 */
export function coslog(options: CoslogOptions): NamedSchedule<Required<CoslogOptions>> {
  const where = 'coslog'
  checkOptions(where, options, ['learningRate', 'totalSteps', 'cycles'])
  const learningRate = checkRate(where, 'learningRate', options.learningRate)
  const totalSteps = checkInteger(where, 'totalSteps', options.totalSteps, 1)
  const cycles = checkInteger(where, 'cycles', orDefault(options.cycles, 4), 1, 32)
  const turns = (t: number) => Math.log2(1 + ((2 ** cycles - 1) * Math.min(t, totalSteps)) / totalSteps)
  return named(where, { learningRate, totalSteps, cycles }, (t) => cosine(0, learningRate, 2 * turns(t)))
}

export interface FlatCosineOptions {
  readonly learningRate: number
  readonly minLearningRate?: number
  readonly totalSteps: number
  readonly flatFraction?: number
}

/**
 * learningRate for the first flatFraction of the steps, then half a cosine to minLearningRate at totalSteps; fastai's flat_cos.
 * Defaults: flatFraction 0.5, minLearningRate 0.
 * @throws TypeError or RangeError naming the option.
 */
export function flatCosine(options: FlatCosineOptions): NamedSchedule<Required<FlatCosineOptions>> {
  const where = 'flatCosine'
  checkOptions(where, options, ['learningRate', 'minLearningRate', 'totalSteps', 'flatFraction'])
  const learningRate = checkRate(where, 'learningRate', options.learningRate)
  const minLearningRate = checkRate(where, 'minLearningRate', orDefault(options.minLearningRate, 0))
  const totalSteps = checkInteger(where, 'totalSteps', options.totalSteps, 1)
  const flatFraction = checkNumber(where, 'flatFraction', orDefault(options.flatFraction, 0.5), {
    minimum: 0,
    below: 1,
  })
  const begin = flatFraction * totalSteps
  const fraction = (t: number) => (Math.min(Math.max(t, begin), totalSteps) - begin) / (totalSteps - begin)
  const rate = (t: number) => cosine(learningRate, minLearningRate, fraction(t))
  return named(where, { learningRate, minLearningRate, totalSteps, flatFraction }, rate)
}

export interface OneCycleOptions {
  readonly maxLearningRate: number
  readonly totalSteps: number
  readonly warmupFraction?: number
  readonly anneal?: 'cos' | 'linear'
  readonly divFactor?: number
  readonly finalDivFactor?: number
  readonly threePhase?: boolean
  readonly cycleMomentum?: boolean
  readonly baseMomentum?: number
  readonly maxMomentum?: number
}

/** The options with defaults filled in; momentum bounds only if cycled. */
export type OneCycleResolved = Required<Omit<OneCycleOptions, 'cycleMomentum' | 'baseMomentum' | 'maxMomentum'>> &
  Pick<OneCycleOptions, 'cycleMomentum' | 'baseMomentum' | 'maxMomentum'>

/** The momentum bounds, or undefined if it is not cycled. */
function momentumBounds(where: string, options: OneCycleOptions) {
  const cycleMomentum = checkBoolean(where, 'cycleMomentum', orDefault(options.cycleMomentum, false))
  if (!cycleMomentum) {
    const given = (['baseMomentum', 'maxMomentum'] as const).find((name) => options[name] !== undefined)
    if (given) throw new RangeError(`${where}: "${given}" needs "cycleMomentum": true`)
    return undefined
  }
  const maxMomentum = checkFloat(where, 'maxMomentum', orDefault(options.maxMomentum, 0.95), { above: 0, below: 1 })
  const baseMomentum = checkFloat(where, 'baseMomentum', orDefault(options.baseMomentum, 0.85), {
    minimum: 0,
    maximum: maxMomentum,
  })
  return { cycleMomentum, baseMomentum, maxMomentum }
}

/**
 * Rises from max / divFactor to max in the first warmupFraction of the steps, then falls to that start / finalDivFactor at the
 * last one; with threePhase it first falls back to the start, as fast as it rose (Smith and Topin 2018). After totalSteps the last
 * rate is kept; PyTorch throws.
 * With cycleMomentum, the momentum of sgd, or beta1 of adam, adamw and nadam, moves in the opposite direction: from maxMomentum
 * down to baseMomentum while the rate rises, and back up while it falls (Smith 2018, arXiv:1803.09820). It replaces the
 * optimizer's own momentum, which must be omitted.
 * PyTorch: OneCycleLR, whose cycle_momentum defaults to true. Defaults: warmupFraction 0.3, anneal 'cos', divFactor 25,
 * finalDivFactor 1e4, threePhase false, cycleMomentum false, baseMomentum 0.85, maxMomentum 0.95.
 * @throws TypeError or RangeError naming the option.
 */
export function oneCycle(options: OneCycleOptions): NamedSchedule<OneCycleResolved> {
  const where = 'oneCycle'
  const known = [
    'maxLearningRate',
    'totalSteps',
    'warmupFraction',
    'anneal',
    'divFactor',
    'finalDivFactor',
    'threePhase',
    'cycleMomentum',
    'baseMomentum',
    'maxMomentum',
  ]
  checkOptions(where, options, known)
  const maxLearningRate = checkRate(where, 'maxLearningRate', options.maxLearningRate)
  const totalSteps = checkInteger(where, 'totalSteps', options.totalSteps, 1)
  const warmupFraction = checkNumber(where, 'warmupFraction', orDefault(options.warmupFraction, 0.3), {
    minimum: 0,
    maximum: 1,
  })
  const anneal = checkOneOf(where, 'anneal', orDefault(options.anneal, 'cos'), ['cos', 'linear'] as const)
  const divFactor = checkNumber(where, 'divFactor', orDefault(options.divFactor, 25), { above: 0 })
  const finalDivFactor = checkNumber(where, 'finalDivFactor', orDefault(options.finalDivFactor, 1e4), { above: 0 })
  const threePhase = checkBoolean(where, 'threePhase', orDefault(options.threePhase, false))
  const bounds = momentumBounds(where, options)

  const start = maxLearningRate / divFactor
  const final = start / finalDivFactor
  const up = warmupFraction * totalSteps - 1
  const ends = threePhase ? [up, 2 * up, totalSteps - 1] : [up, totalSteps - 1]
  /** Interpolates between the values at the boundaries of the phases. */
  const through =
    (values: readonly number[]): Schedule =>
    (t) => {
      if (t >= totalSteps - 1) return values[ends.length]
      const index = ends.findIndex((end) => t <= end)
      const [from, to] = values.slice(index)
      const begin = index ? ends[index - 1] : 0
      const fraction = ends[index] > begin ? (t - begin) / (ends[index] - begin) : 1
      return anneal === 'cos' ? cosine(from, to, fraction) : from + (to - from) * fraction
    }
  const rate = through(threePhase ? [start, maxLearningRate, start, final] : [start, maxLearningRate, final])
  const cycled = bounds && through([bounds.maxMomentum, bounds.baseMomentum, bounds.maxMomentum, bounds.maxMomentum])
  const resolved = { maxLearningRate, totalSteps, warmupFraction, anneal, divFactor, finalDivFactor, threePhase }
  return named(where, { ...resolved, ...bounds }, rate, cycled)
}

export interface CyclicOptions {
  readonly baseLearningRate: number
  readonly maxLearningRate: number
  readonly stepUp?: number
  readonly stepDown?: number
  readonly mode?: 'triangular' | 'triangular2' | 'exp_range'
  readonly gamma?: number
}

/**
 * Triangles between base and max: up in stepUp steps, down in stepDown; the amplitude is constant, halved every
 * cycle (triangular2) or gamma^t (exp_range) (Smith 2017). PyTorch: CyclicLR, without its momentum cycle.
 * Defaults: stepUp 2000, stepDown = stepUp, mode 'triangular', gamma 1.
 * @throws TypeError or RangeError naming the option.
 */
export function cyclic(options: CyclicOptions): NamedSchedule<Required<CyclicOptions>> {
  const where = 'cyclic'
  checkOptions(where, options, ['baseLearningRate', 'maxLearningRate', 'stepUp', 'stepDown', 'mode', 'gamma'])
  const baseLearningRate = checkRate(where, 'baseLearningRate', options.baseLearningRate)
  const maxLearningRate = checkRate(where, 'maxLearningRate', options.maxLearningRate)
  const stepUp = checkInteger(where, 'stepUp', orDefault(options.stepUp, 2000), 1)
  const stepDown = checkInteger(where, 'stepDown', orDefault(options.stepDown, stepUp), 1)
  const mode = checkOneOf(where, 'mode', orDefault(options.mode, 'triangular'), [
    'triangular',
    'triangular2',
    'exp_range',
  ] as const)
  const gamma = checkRate(where, 'gamma', orDefault(options.gamma, 1))
  const rate = (t: number) => {
    const cycle = Math.floor(t / (stepUp + stepDown))
    const since = t - cycle * (stepUp + stepDown)
    const height = since <= stepUp ? since / stepUp : (stepUp + stepDown - since) / stepDown
    const scale = mode === 'triangular' ? 1 : mode === 'triangular2' ? 0.5 ** cycle : gamma ** t
    return baseLearningRate + (maxLearningRate - baseLearningRate) * height * scale
  }
  return named(where, { baseLearningRate, maxLearningRate, stepUp, stepDown, mode, gamma }, rate)
}

export interface Segment {
  readonly schedule: number | Schedule
  /** First step of the next segment; omitted in the last. */
  readonly until?: number
}

/**
 * Concatenates schedules: `joinSchedules([{ schedule: warmup, until: 100 }, { schedule: decay }])`. Each counts from 0 at the
 * start of its segment. A number is a constant rate. PyTorch: SequentialLR; Optax: join_schedules.
 * @throws TypeError or RangeError naming the segment.
 */
export function joinSchedules(segments: readonly Segment[]): NamedSchedule<{ readonly segments: readonly Segment[] }> {
  const where = 'joinSchedules'
  if (!isList(segments) || segments.length === 0) {
    throw new TypeError(`${where}: expected an array of segments { schedule, until }, got ${show(segments)}`)
  }
  let begin = 0
  const parts = segments.map((segment, i) => {
    checkOptions(`${where}: segment ${i}`, segment, ['schedule', 'until'])
    const { schedule, until } = segment
    if (typeof schedule === 'number') checkRate(where, `segments[${i}].schedule`, schedule)
    else checkFunction(where, `segments[${i}].schedule`, schedule)
    checkNoMomentum(where, `segments[${i}].schedule`, schedule)
    const last = i === segments.length - 1
    if (last && until !== undefined)
      throw new RangeError(`${where}: the last segment must have no "until", got ${show(until)}`)
    const from = begin
    if (!last) begin = checkInteger(where, `segments[${i}].until`, until, from + 1)
    return {
      from,
      to: last ? Number.POSITIVE_INFINITY : begin,
      rate: typeof schedule === 'number' ? () => schedule : schedule,
    }
  })
  const copies = Object.freeze(segments.map((segment) => Object.freeze({ ...segment })))
  return named(where, { segments: copies }, (t) => {
    const part = parts.find(({ to }) => t < to) ?? parts[parts.length - 1]
    return part.rate(t - part.from)
  })
}
