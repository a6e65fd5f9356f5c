/** The loss on a plane through parameter space. */
import type { Features } from '../data/features.ts'
import { checkInteger, checkNumber, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import type { AnyTargets } from '../model/compileOptions.ts'
import type { AnyModel } from '../model/model.ts'
import { dot, normalizeFilters, randomDirection } from './directions.ts'
import { checkRange } from './lossAlong.ts'
import { principalDirections } from './principal.ts'
import { PROBE_OPTIONS, Probe, type ProbeOptions } from './probe.ts'

/** The snapshots of a trajectory, as from `recordTrajectory`. */
interface Snapshots {
  readonly snapshots: readonly Float32Array[]
}

export interface LossSurfaceOptions extends ProbeOptions {
  /**
   * The plane: spanned by `random` directions, the principal directions of a trajectory, or two given directions.
   * Default `random`.
   */
  directions?: 'random' | { readonly pca: Snapshots | readonly Float32Array[] } | readonly [Float32Array, Float32Array]
  /** Seed of the random directions. Default 0. */
  seed?: number
  /** `filter`: filter normalization, see Li et al. 2018; the default for random directions, otherwise `none`. */
  normalize?: 'filter' | 'none'
  /** Points per axis, at least 2. Default 51. */
  points?: number
  /**
   * Extent of the axes in units of the directions: -range to range, or `[first, last]` for each. Default 1; with `pca` that of
   * the trajectory plus a tenth on each side.
   */
  range?: number | readonly [u: readonly [number, number], v: readonly [number, number]]
}

export interface LossSurface {
  /** Coordinates of the columns and of the rows. */
  readonly u: Float64Array
  readonly v: Float64Array
  /** At parameters + u direction + v direction; [v.length, u.length], row-major. */
  readonly loss: Float64Array
  /** The compiled metrics, by name, likewise. */
  readonly metrics: Readonly<Record<string, Float64Array>>
  readonly directions: readonly [Float32Array, Float32Array]
  /** With `pca`: the share of the trajectory's squared distances from its end that each direction explains. */
  readonly explained?: readonly [number, number]
  /** With `pca`: the trajectory in the plane's coordinates. */
  readonly path?: readonly { readonly u: number; readonly v: number }[]
}

/**
 * Loss and metrics on a grid around the model's parameters (Li, Xu, Taylor, Studer and Goldstein 2018: Visualizing the loss landscape
 * of neural nets). The model is unchanged. `heatmap`, `contour` and `surface` of `fourlane/charts` draw the result.
 * @throws Error for a model that is not compiled; TypeError or RangeError naming the argument.
 */
export function lossSurface(
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  options: LossSurfaceOptions = {},
): LossSurface {
  const where = 'lossSurface'
  checkOptions(where, options, [...PROBE_OPTIONS, 'directions', 'seed', 'normalize', 'points', 'range'])
  const points = checkInteger(where, 'points', options.points ?? 51, 2, 10_000)
  const probe = new Probe(where, model, x, y, options)
  const { directions, explained, snapshots } = planeOf(where, probe, options)
  const path = snapshots && pathIn(snapshots, probe.center, directions)
  const [u, v] = axesOf(where, options.range, path).map(([first, last]) =>
    Float64Array.from({ length: points }, (_, i) => first + ((last - first) * i) / (points - 1)),
  )
  const { center } = probe
  const [first, second] = directions
  const { loss, ...metrics } = probe.visit(points * points, (point, parameters) => {
    const across = u[point % points]
    const up = v[Math.floor(point / points)]
    for (let i = 0; i < parameters.length; i++) parameters[i] = center[i] + across * first[i] + up * second[i]
  })
  return { u, v, loss, metrics, directions, ...(explained && { explained }), ...(path && { path }) }
}

interface Plane {
  readonly directions: readonly [Float32Array, Float32Array]
  readonly explained?: readonly [number, number]
  readonly snapshots?: readonly Float32Array[]
}

/** @throws TypeError or RangeError naming the option. */
function planeOf(where: string, probe: Probe, options: LossSurfaceOptions): Plane {
  const { places, center } = probe
  const { directions = 'random' } = options
  const isRandom = directions === 'random'
  const normalize = checkOneOf(where, 'normalize', options.normalize ?? (isRandom ? 'filter' : 'none'), [
    'filter',
    'none',
  ])
  const finish = (direction: Float32Array) =>
    normalize === 'filter' ? normalizeFilters(direction, center, places) : direction
  if (isRandom) {
    const random = new Random(checkInteger(where, 'seed', options.seed ?? 0, 0, 2 ** 32 - 1))
    const one = () => finish(randomDirection(places, center.length, () => random.normal()))
    return { directions: [one(), one()] }
  }
  if (options.seed !== undefined) throw new TypeError(`${where}: "seed" is for random directions`)
  if (Array.isArray(directions)) {
    if (directions.length !== 2)
      throw new RangeError(`${where}: "directions" must be two directions, got ${directions.length}`)
    for (const direction of directions) probe.check(direction)
    return { directions: [finish(directions[0]), finish(directions[1])] }
  }
  if (typeof directions !== 'object' || directions === null) {
    throw new TypeError(
      `${where}: "directions" must be 'random', { pca: trajectory } or two directions, got ${show(directions)}`,
    )
  }
  checkOptions(where, directions, ['pca'])
  const { pca } = directions as { pca: Snapshots | readonly Float32Array[] }
  const snapshots = Array.isArray(pca) ? pca : (pca as Snapshots | undefined)?.snapshots
  if (!Array.isArray(snapshots)) {
    throw new TypeError(
      `${where}: "directions.pca" must be what recordTrajectory() returned, or a list of snapshots, got ${show(pca)}`,
    )
  }
  if (snapshots.length < 3) {
    throw new RangeError(`${where}: two principal directions need at least 3 snapshots, got ${snapshots.length}`)
  }
  for (const snapshot of snapshots) probe.check(snapshot)
  const {
    directions: [first, second],
    explained,
  } = principalDirections(snapshots)
  return { directions: [finish(first), finish(second)], explained, snapshots }
}

/** Coordinates of snapshots in the plane by least squares; the directions need not be orthonormal. */
function pathIn(
  snapshots: readonly Float32Array[],
  center: Float32Array,
  [first, second]: readonly [Float32Array, Float32Array],
): { u: number; v: number }[] {
  const [aa, ab, bb] = [dot(first, first), dot(first, second), dot(second, second)]
  const determinant = aa * bb - ab * ab
  return snapshots.map((snapshot) => {
    const step = snapshot.map((value, i) => value - center[i])
    const [a, b] = [dot(first, step), dot(second, step)]
    // a straight trajectory has only one direction
    if (!(determinant > 1e-12 * aa * bb)) return { u: aa > 0 ? a / aa : 0, v: 0 }
    return { u: (a * bb - b * ab) / determinant, v: (b * aa - a * ab) / determinant }
  })
}

/** @throws TypeError or RangeError naming the option. */
function axesOf(
  where: string,
  range: LossSurfaceOptions['range'],
  path: readonly { u: number; v: number }[] | undefined,
): [number, number][] {
  if (Array.isArray(range)) {
    if (range.length !== 2)
      throw new RangeError(`${where}: "range" must be a number or a pair for each axis, got ${show(range)}`)
    return range.map((one) => checkRange(where, 'range', one))
  }
  if (range !== undefined || !path) {
    const reach = checkNumber(where, 'range', range ?? 1, { above: 0 })
    return [
      [-reach, reach],
      [-reach, reach],
    ]
  }
  return (['u', 'v'] as const).map((axis) => {
    const values = [0, ...path.map((point) => point[axis])]
    const [low, high] = [Math.min(...values), Math.max(...values)]
    // a direction without any variance gets the extent of the other one
    const margin = (high - low) * 0.1 || 1
    return [low - margin, high + margin]
  })
}
