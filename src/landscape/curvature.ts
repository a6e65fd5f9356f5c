/** Curvature of a model's loss: eigenvalues, trace and spectral density. */
import type { CurvatureKind } from '../compiler/curvature.ts'
import { valuesOf } from '../compiler/parameterLayout.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { Products } from '../engine/products.ts'
import { checkBoolean, checkInteger, checkNumber, checkOneOf, checkOptions } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import type { AnyTargets, RowWeightsOf } from '../model/compileOptions.ts'
import type { AnyModel } from '../model/model.ts'
import { randomDirection } from './directions.ts'
import { hutchinson, Lanczos, type Product, powerIteration } from './lanczos.ts'

export interface CurvatureOptions {
  /** The matrix: the loss's Hessian, or the Gauss-Newton matrix. Default `hessian`. */
  matrix?: CurvatureKind
  /** Number of largest eigenvalues. Default 1, or 0 if something else is requested. */
  largest?: number
  /** Number of smallest (most negative) eigenvalues. Default 0. */
  smallest?: number
  /** Default `lanczos`; `power` finds one eigenvalue after another, by magnitude, and is much slower. */
  method?: 'lanczos' | 'power'
  /** Stopping tolerance for eigenvalues: with `lanczos` error / largest magnitude, with `power` relative change. Default 1e-3. */
  tolerance?: number
  /** Maximum products for the eigenvalues, with `power` for each. Default 100. */
  maxIterations?: number
  /** Whether to estimate the trace. Default false. */
  trace?: boolean
  /** Products for the trace, at least 2. Default 32. */
  traceSamples?: number
  /** Whether to estimate the spectral density. Default false. */
  density?: boolean
  /** Random vectors that the density is averaged over. Default 4. */
  densitySamples?: number
  /** Products for each of them. Default 64. */
  densitySteps?: number
  /** Seed of the random vectors. Default 0. */
  seed?: number
  /** Weight of each row's loss. */
  sampleWeight?: RowWeightsOf<string>
}

export interface Curvature {
  /** In descending order; with `power` by magnitude. */
  readonly eigenvalues: Float64Array
  /** Error bound of each eigenvalue; with `power` its last change. */
  readonly errors: Float64Array
  /** In ascending order, if requested. */
  readonly smallest?: Float64Array
  readonly smallestErrors?: Float64Array
  /** Estimated sum of all eigenvalues, and its standard error. */
  readonly trace?: number
  readonly traceError?: number
  /** Spectral density as a discrete distribution: values in descending order, and weights. */
  readonly density?: { readonly values: Float64Array; readonly weights: Float64Array }
  /** Products used, each about two gradients over the rows. */
  readonly products: number
}

const OPTIONS = [
  'matrix',
  'largest',
  'smallest',
  'method',
  'tolerance',
  'maxIterations',
  'trace',
  'traceSamples',
  'density',
  'densitySamples',
  'densitySteps',
  'seed',
  'sampleWeight',
] as const

/**
 * Spectral properties of the loss's curvature on these rows, from curvature products only (like PyHessian: Yao, Gholami, Keutzer and
 * Mahoney 2020, arXiv:1912.07145). The loss is that of `hessianVectorProduct`; the model is unchanged.
 *
 * Eigenvalues by the Lanczos method with full reorthogonalization, or by power iteration with deflation. Lanczos finds a multiple
 * eigenvalue only once. The trace is the mean of vᵀH v over random sign vectors v (Hutchinson 1990). The density is stochastic Lanczos
 * quadrature (Lin, Saad and Yang 2016, SIAM Review 58; Ghorbani, Krishnan and Xiao 2019, arXiv:1901.10159): values and weights that
 * sum to 1; convolve them with a Gaussian to plot them.
 *
 * Defaults: largest 1, method 'lanczos', tolerance 1e-3 and maxIterations 100 (PyHessian's); traceSamples 32; densitySamples 4,
 * densitySteps 64. Memory: a float32 vector for every product of a Lanczos run.
 * @throws TypeError or RangeError naming the argument; Error for a model that is not compiled, or products that are not finite.
 */
export function curvature(model: AnyModel, x: Features, y: AnyTargets, options: CurvatureOptions = {}): Curvature {
  const where = 'curvature'
  const resolved = resolve(where, options)
  const { matrix, largest, smallest, trace, traceSamples, density } = resolved
  const task = model.task(where)
  const data = task.readBatch(where, x, y as Targets, options.sampleWeight as ArrayLike<number> | undefined)
  const { storage } = model.engine
  const moving = storage.places.filter(storage.isTrainable)
  const size = moving.reduce((sum, place) => sum + valuesOf(place), 0)
  if (size === 0) throw new RangeError(`${where}: no parameter of the model trains`)
  if (largest + smallest > size) {
    throw new RangeError(
      `${where}: "largest" and "smallest" must not ask for more than the ${size} eigenvalues there are, got ${largest + smallest}`,
    )
  }

  const obstacle = Products.obstacle(model.engine)
  if (obstacle) throw new RangeError(`${where}: the model has no exact products with the ${matrix}: ${obstacle}`)
  const products = new Products(model.engine, data, matrix)
  let count = 0
  const product: Product = (vector) => {
    count++
    const image = products.timesBlock(vector)
    if (image.some((value) => !Number.isFinite(value)))
      throw new Error(`${where}: products with the ${matrix} are not finite; look at the loss and the parameters`)
    return image
  }
  const random = new Random(resolved.seed)
  const draw = (one = () => random.normal()) => randomDirection(moving, storage.bytes / 4, one)
  const signs = () => draw(() => (random.uniform() < 0.5 ? -1 : 1))

  const eigenvalues = largest + smallest > 0 ? eigenvaluesOf(product, draw, resolved) : NONE
  const traced = trace ? hutchinson(product, signs, traceSamples) : undefined
  const spread = density ? densityOf(product, draw, resolved) : undefined
  return {
    ...eigenvalues,
    ...(traced && { trace: traced.trace, traceError: traced.error }),
    ...(spread && { density: spread }),
    products: count,
  }
}

type Resolved = Required<Omit<CurvatureOptions, 'sampleWeight'>>

/** @throws TypeError or RangeError naming the option. */
function resolve(where: string, options: CurvatureOptions): Resolved {
  checkOptions(where, options, OPTIONS)
  const { matrix = 'hessian', method = 'lanczos', tolerance = 1e-3, maxIterations = 100, seed = 0 } = options
  const { trace = false, traceSamples = 32, density = false, densitySamples = 4, densitySteps = 64 } = options
  const { smallest = 0 } = options
  const { largest = trace || density || smallest > 0 ? 0 : 1 } = options
  const resolved = {
    matrix: checkOneOf(where, 'matrix', matrix, ['hessian', 'gaussNewton']),
    method: checkOneOf(where, 'method', method, ['lanczos', 'power']),
    largest: checkInteger(where, 'largest', largest),
    smallest: checkInteger(where, 'smallest', smallest),
    tolerance: checkNumber(where, 'tolerance', tolerance, { above: 0 }),
    maxIterations: checkInteger(where, 'maxIterations', maxIterations, 1),
    trace: checkBoolean(where, 'trace', trace),
    traceSamples: checkInteger(where, 'traceSamples', traceSamples, 2),
    density: checkBoolean(where, 'density', density),
    densitySamples: checkInteger(where, 'densitySamples', densitySamples, 1),
    densitySteps: checkInteger(where, 'densitySteps', densitySteps, 1),
    seed: checkInteger(where, 'seed', seed, 0, 2 ** 32 - 1),
  }
  if (method === 'power' && smallest > 0)
    throw new RangeError(`${where}: method "power" finds eigenvalues by their size, not the smallest; use "lanczos"`)
  return resolved
}

type Eigenvalues = Pick<Curvature, 'eigenvalues' | 'errors' | 'smallest' | 'smallestErrors'>

const NONE: Eigenvalues = { eigenvalues: new Float64Array(0), errors: new Float64Array(0) }

function eigenvaluesOf(product: Product, draw: () => Float32Array, options: Resolved): Eigenvalues {
  const { method, largest, smallest, tolerance, maxIterations } = options
  if (method === 'power') return byPower(product, draw, options)
  const run = new Lanczos(product, draw())
  while (run.steps < maxIterations) {
    run.step()
    // solving the tridiagonal problem takes longer with every step
    if (run.steps % Math.ceil(run.steps / 16) !== 0 && !run.isExhausted) continue
    const { values, errors } = run.ritz()
    const isFew = values.length < largest + smallest
    if (run.isExhausted && (!isFew || !run.restart(draw()))) break
    const size = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]))
    const wanted = [...errors.subarray(0, largest), ...errors.subarray(errors.length - smallest)]
    if (!isFew && wanted.every((error) => error <= tolerance * size)) break
  }
  const { values, errors } = run.ritz()
  return {
    eigenvalues: values.slice(0, largest),
    errors: errors.slice(0, largest),
    ...(smallest > 0 && {
      smallest: values.slice(-smallest).reverse(),
      smallestErrors: errors.slice(-smallest).reverse(),
    }),
  }
}

function byPower(product: Product, draw: () => Float32Array, options: Resolved): Eigenvalues {
  const vectors: Float32Array[] = []
  const found: number[] = []
  const errors: number[] = []
  for (let i = 0; i < options.largest; i++) {
    const start = draw()
    const { value, change, vector } = powerIteration(product, start, vectors, options.tolerance, options.maxIterations)
    vectors.push(vector)
    found.push(value)
    errors.push(change * Math.abs(value))
  }
  return { eigenvalues: Float64Array.from(found), errors: Float64Array.from(errors) }
}

function densityOf(
  product: Product,
  draw: () => Float32Array,
  { densitySamples, densitySteps }: Resolved,
): { values: Float64Array; weights: Float64Array } {
  const points = Array.from({ length: densitySamples }, () => {
    const run = new Lanczos(product, draw())
    while (run.steps < densitySteps && !run.isExhausted) run.step()
    const { values, weights } = run.ritz()
    return Array.from(values, (value, i) => ({ value, weight: weights[i] / densitySamples }))
  })
    .flat()
    .sort((a, b) => b.value - a.value)
  return {
    values: Float64Array.from(points, ({ value }) => value),
    weights: Float64Array.from(points, ({ weight }) => weight),
  }
}
