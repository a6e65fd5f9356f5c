/**
 * Monotonically decreasing schedules, and the constant one. t is the update's index 0, 1, 2, ...; every factory throws a TypeError or
 * RangeError naming an option that is unknown or out of range.
 */
import { checkInteger, checkNumber, checkOptions, orDefault, show } from '../../lib/check.ts'
import { checkRate, checkRising, cosine, isList, type NamedSchedule, named } from './named.ts'

export interface ConstantOptions {
  readonly learningRate: number
}

/**
 * The same learningRate in every update.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function constant(options: ConstantOptions): NamedSchedule<ConstantOptions> {
  checkOptions('constant', options, ['learningRate'])
  const learningRate = checkRate('constant', 'learningRate', options.learningRate)
  return named('constant', { learningRate }, () => learningRate)
}

export interface StepDecayOptions {
  readonly learningRate: number
  readonly stepSize: number
  readonly gamma?: number
}

/**
 * learningRate * gamma^floor(t / stepSize). PyTorch: StepLR. Default: gamma 0.1.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function stepDecay(options: StepDecayOptions): NamedSchedule<Required<StepDecayOptions>> {
  checkOptions('stepDecay', options, ['learningRate', 'stepSize', 'gamma'])
  const learningRate = checkRate('stepDecay', 'learningRate', options.learningRate)
  const stepSize = checkInteger('stepDecay', 'stepSize', options.stepSize, 1)
  const gamma = checkRate('stepDecay', 'gamma', orDefault(options.gamma, 0.1))
  return named('stepDecay', { learningRate, stepSize, gamma }, (t) => learningRate * gamma ** Math.floor(t / stepSize))
}

export interface MultiStepDecayOptions {
  readonly learningRate: number
  readonly milestones: readonly number[]
  readonly gamma?: number
}

/**
 * learningRate * gamma^(number of milestones <= t). PyTorch: MultiStepLR. Default: gamma 0.1.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function multiStepDecay(options: MultiStepDecayOptions): NamedSchedule<Required<MultiStepDecayOptions>> {
  checkOptions('multiStepDecay', options, ['learningRate', 'milestones', 'gamma'])
  const learningRate = checkRate('multiStepDecay', 'learningRate', options.learningRate)
  const milestones = checkRising('multiStepDecay', 'milestones', options.milestones)
  const gamma = checkRate('multiStepDecay', 'gamma', orDefault(options.gamma, 0.1))
  const passed = (t: number) => milestones.filter((milestone) => milestone <= t).length
  return named('multiStepDecay', { learningRate, milestones, gamma }, (t) => learningRate * gamma ** passed(t))
}

export interface PiecewiseConstantOptions {
  readonly boundaries: readonly number[]
  readonly values: readonly number[]
}

/**
 * values[number of boundaries <= t]; values has one more entry than boundaries. Keras: PiecewiseConstantDecay.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function piecewiseConstant(options: PiecewiseConstantOptions): NamedSchedule<PiecewiseConstantOptions> {
  const where = 'piecewiseConstant'
  checkOptions(where, options, ['boundaries', 'values'])
  const boundaries = checkRising(where, 'boundaries', options.boundaries)
  if (!isList(options.values))
    throw new TypeError(`${where}: "values" must be an array of rates, got ${show(options.values)}`)
  if (options.values.length !== boundaries.length + 1) {
    throw new RangeError(
      `${where}: "values" must hold one rate more than the ${boundaries.length} boundaries, got ${options.values.length}`,
    )
  }
  const values = Object.freeze(options.values.map((value, i) => checkRate(where, `values[${i}]`, value)))
  return named(where, { boundaries, values }, (t) => values[boundaries.filter((boundary) => boundary <= t).length])
}

export interface ExponentialDecayOptions {
  readonly learningRate: number
  readonly gamma: number
}

/**
 * learningRate * gamma^t. PyTorch: ExponentialLR.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function exponentialDecay(options: ExponentialDecayOptions): NamedSchedule<ExponentialDecayOptions> {
  checkOptions('exponentialDecay', options, ['learningRate', 'gamma'])
  const learningRate = checkRate('exponentialDecay', 'learningRate', options.learningRate)
  const gamma = checkRate('exponentialDecay', 'gamma', options.gamma)
  return named('exponentialDecay', { learningRate, gamma }, (t) => learningRate * gamma ** t)
}

export interface InverseDecayOptions {
  readonly learningRate: number
  readonly decay: number
}

/**
 * learningRate / (1 + decay * t). Keras: InverseTimeDecay.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function inverseTimeDecay(options: InverseDecayOptions): NamedSchedule<InverseDecayOptions> {
  checkOptions('inverseTimeDecay', options, ['learningRate', 'decay'])
  const learningRate = checkRate('inverseTimeDecay', 'learningRate', options.learningRate)
  const decay = checkRate('inverseTimeDecay', 'decay', options.decay)
  return named('inverseTimeDecay', { learningRate, decay }, (t) => learningRate / (1 + decay * t))
}

export interface HarmonicOptions {
  readonly alpha: number
  readonly period?: number
  readonly offset?: number
}

/**
 * alpha / (floor(t / period) + offset), which satisfies the Robbins-Monro conditions for every alpha > 0.
 * Defaults: period 1, offset 1.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function harmonic(options: HarmonicOptions): NamedSchedule<Required<HarmonicOptions>> {
  checkOptions('harmonic', options, ['alpha', 'period', 'offset'])
  const alpha = checkRate('harmonic', 'alpha', options.alpha)
  const period = checkInteger('harmonic', 'period', orDefault(options.period, 1), 1)
  const offset = checkNumber('harmonic', 'offset', orDefault(options.offset, 1), { above: 0 })
  return named('harmonic', { alpha, period, offset }, (t) => alpha / (Math.floor(t / period) + offset))
}

/**
 * learningRate / sqrt(1 + decay * t).
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function inverseSqrt(options: InverseDecayOptions): NamedSchedule<InverseDecayOptions> {
  checkOptions('inverseSqrt', options, ['learningRate', 'decay'])
  const learningRate = checkRate('inverseSqrt', 'learningRate', options.learningRate)
  const decay = checkRate('inverseSqrt', 'decay', options.decay)
  return named('inverseSqrt', { learningRate, decay }, (t) => learningRate / Math.sqrt(1 + decay * t))
}

export interface InverseSqrtWarmupOptions {
  readonly learningRate: number
  readonly warmup: number
}

/**
 * learningRate * min((t + 1) / warmup, sqrt(warmup / (t + 1))): the Transformer's schedule (Vaswani et al. 2017), with learningRate as its peak.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function inverseSqrtWarmup(options: InverseSqrtWarmupOptions): NamedSchedule<InverseSqrtWarmupOptions> {
  checkOptions('inverseSqrtWarmup', options, ['learningRate', 'warmup'])
  const learningRate = checkRate('inverseSqrtWarmup', 'learningRate', options.learningRate)
  const warmup = checkInteger('inverseSqrtWarmup', 'warmup', options.warmup, 1)
  const factor = (t: number) => Math.min((t + 1) / warmup, Math.sqrt(warmup / (t + 1)))
  return named('inverseSqrtWarmup', { learningRate, warmup }, (t) => learningRate * factor(t))
}

export interface PolynomialDecayOptions {
  readonly learningRate: number
  readonly endLearningRate?: number
  readonly totalSteps: number
  readonly power?: number
}

/**
 * end + (learningRate - end) * (1 - min(t, totalSteps) / totalSteps)^power. PyTorch: PolynomialLR; Keras: PolynomialDecay.
 * Defaults: endLearningRate 0, power 1.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function polynomialDecay(options: PolynomialDecayOptions): NamedSchedule<Required<PolynomialDecayOptions>> {
  const where = 'polynomialDecay'
  checkOptions(where, options, ['learningRate', 'endLearningRate', 'totalSteps', 'power'])
  const learningRate = checkRate(where, 'learningRate', options.learningRate)
  const endLearningRate = checkRate(where, 'endLearningRate', orDefault(options.endLearningRate, 0))
  const totalSteps = checkInteger(where, 'totalSteps', options.totalSteps, 1)
  const power = checkNumber(where, 'power', orDefault(options.power, 1), { above: 0 })
  const left = (t: number) => (1 - Math.min(t, totalSteps) / totalSteps) ** power
  const rate = (t: number) => endLearningRate + (learningRate - endLearningRate) * left(t)
  return named(where, { learningRate, endLearningRate, totalSteps, power }, rate)
}

export interface CosineDecayOptions {
  readonly learningRate: number
  readonly minLearningRate?: number
  readonly totalSteps: number
}

/**
 * Half a cosine from learningRate at 0 to minLearningRate (default 0) at totalSteps, constant from there. PyTorch: CosineAnnealingLR;
 * Keras: CosineDecay.
 * @throws TypeError or RangeError naming a missing, unknown or bad option.
 */
export function cosineDecay(options: CosineDecayOptions): NamedSchedule<Required<CosineDecayOptions>> {
  checkOptions('cosineDecay', options, ['learningRate', 'minLearningRate', 'totalSteps'])
  const learningRate = checkRate('cosineDecay', 'learningRate', options.learningRate)
  const minLearningRate = checkRate('cosineDecay', 'minLearningRate', orDefault(options.minLearningRate, 0))
  const totalSteps = checkInteger('cosineDecay', 'totalSteps', options.totalSteps, 1)
  const rate = (t: number) => cosine(learningRate, minLearningRate, Math.min(t, totalSteps) / totalSteps)
  return named('cosineDecay', { learningRate, minLearningRate, totalSteps }, rate)
}
