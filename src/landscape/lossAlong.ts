/** The loss along a straight line through two points of parameter space. */
import type { Features } from '../data/features.ts'
import { checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import type { AnyTargets } from '../model/compileOptions.ts'
import type { AnyModel } from '../model/model.ts'
import { PROBE_OPTIONS, Probe, type ProbeOptions } from './probe.ts'

export interface LossAlongOptions extends ProbeOptions {
  /** Number of points, at least 2. Default 401. */
  points?: number
  /** First and last point: 0 is `from`, 1 is `to`. Default [-0.5, 1.5]. */
  range?: readonly [number, number]
}

export interface LossLine {
  /** Positions t of the points (1 - t) from + t to. */
  readonly at: Float64Array
  readonly loss: Float64Array
  /** The compiled metrics, by name. */
  readonly metrics: Readonly<Record<string, Float64Array>>
}

/**
 * Loss and metrics along the line between two sets of parameters, such as before and after training
 * (Goodfellow, Vinyals and Saxe 2015: Qualitatively characterizing neural network optimization problems). Running statistics of batch
 * normalization are interpolated, too. The model is unchanged.
 * @param from, to snapshots as returned by `getWeights`.
 * @throws Error for a model that is not compiled; TypeError or RangeError naming the argument.
 */
export function lossAlong(
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  from: Float32Array,
  to: Float32Array,
  options: LossAlongOptions = {},
): LossLine {
  const where = 'lossAlong'
  checkOptions(where, options, [...PROBE_OPTIONS, 'points', 'range'])
  const points = checkInteger(where, 'points', options.points ?? 401, 2, 1_000_000)
  const [first, last] = checkRange(where, 'range', options.range ?? [-0.5, 1.5])
  const probe = new Probe(where, model, x, y, options)
  probe.check(from)
  probe.check(to)
  const at = Float64Array.from({ length: points }, (_, i) => first + ((last - first) * i) / (points - 1))
  const { loss, ...metrics } = probe.visit(points, (point, parameters) => {
    const share = at[point]
    for (let i = 0; i < parameters.length; i++) parameters[i] = (1 - share) * from[i] + share * to[i]
  })
  return { at, loss, metrics }
}

/** @throws TypeError or RangeError unless it is a pair of ascending numbers. */
export function checkRange(where: string, name: string, range: unknown): [first: number, last: number] {
  if (!Array.isArray(range) || range.length !== 2)
    throw new TypeError(`${where}: "${name}" must be [first, last], got ${show(range)}`)
  const [first, last] = range.map((end) => checkNumber(where, name, end))
  if (!(first < last)) throw new RangeError(`${where}: "${name}" must rise, got [${first}, ${last}]`)
  return [first, last]
}
