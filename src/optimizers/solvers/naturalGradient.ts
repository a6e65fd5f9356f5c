/** Exact natural gradient descent for small models, with the full Fisher matrix. */
import { checkNumber, checkOptions } from '../../lib/check.ts'
import { checkNoMomentum } from '../schedules/named.ts'
import type { Schedule } from '../schedules/schedules.ts'
import { onBlocks } from './session.ts'
import {
  EVALUATE,
  FIRST_VECTOR,
  GRADIENT,
  type Outcome,
  PARAMETERS,
  restoreScalars,
  type Scalars,
  type Solver,
  type Solving,
  type StepLimits,
  type VectorSpace,
} from './solver.ts'

export interface NaturalGradientOptions {
  /** A number or a schedule of the step's index. Default 0.1. */
  readonly learningRate?: number | Schedule
  /** Added to the diagonal of the Fisher matrix; above 0. Default 1e-2. */
  readonly damping?: number
}

/** Maximum number of trainable parameters; for larger models use `kfac` or `newtonCg`. */
const MOST_PARAMETERS = 4096

const DIRECTION = FIRST_VECTOR
const RESIDUAL = FIRST_VECTOR + 1
const CONJUGATE = FIRST_VECTOR + 2
const PRODUCT = FIRST_VECTOR + 3

/** Relative residual at which the system counts as solved, given float32 products. */
const EXACT = 1e-6
/** Restarts from the true residual, since rounding makes the recurrence drift from it. */
const STARTS = 4

/**
 * Natural gradient descent (Amari 1998, "Natural Gradient Works Efficiently in Learning"):
 *
 *   x -= learningRate (F + damping I)⁻¹ g
 *
 * F is the Fisher matrix of the model's own predictions on the step's rows, which equals the Gauss-Newton matrix for cross entropies
 * and squared error (Martens 2020, arXiv:1412.1193), without penalties; the gradient g includes them. The system is solved to
 * float32 accuracy by conjugate gradients that restart from the true residual: at most as many products per start as there are
 * parameters, each costing about two gradients, and far fewer if damping is large.
 *
 * For models with at most 4,096 trainable parameters; not for `minimize`. A step is one update; an epoch of `fit` is one step over all
 * rows. Defaults: learningRate 0.1, damping 1e-2. Memory: 4 vectors.
 * @throws TypeError or RangeError naming the option.
 */
export function naturalGradient(options: NaturalGradientOptions = {}): Solver<'naturalGradient'> {
  const where = 'naturalGradient'
  checkOptions(where, options, ['learningRate', 'damping'])
  const { learningRate = 0.1, damping = 1e-2 } = options
  checkNoMomentum(where, 'learningRate', learningRate)
  if (typeof learningRate !== 'function') rateAt(learningRate, 0)
  const resolved = Object.freeze({
    learningRate,
    damping: checkNumber(where, 'damping', damping, { above: 0 }),
  })
  return Object.freeze({
    kind: where,
    options: resolved,
    vectors: Object.freeze(['direction', 'residual', 'conjugate', 'product']),
    needsProducts: true,
    mostParameters: MOST_PARAMETERS,
    ...onBlocks,
    start(space: VectorSpace, saved?: Scalars) {
      const scalars = restoreScalars(where, { steps: 0 }, saved)
      return {
        scalars,
        step: (limits: StepLimits = {}) => descend(space, rateAt(learningRate, scalars.steps++), damping, limits),
      }
    },
  })
}

/** @throws RangeError unless the rate is positive. */
function rateAt(learningRate: number | Schedule, index: number): number {
  const rate = typeof learningRate === 'function' ? learningRate(index) : learningRate
  return checkNumber('naturalGradient', 'learningRate', rate, { above: 0 })
}

function* descend(space: VectorSpace, rate: number, damping: number, limits: StepLimits): Solving<Outcome> {
  const loss = limits.loss ?? (yield EVALUATE)
  if (!Number.isFinite(loss) || !Number.isFinite(space.infinityNorm(GRADIENT)))
    return { status: 'diverged', loss, iterations: 0 }
  if (space.infinityNorm(GRADIENT) <= (limits.toleranceGradient ?? 0))
    return { status: 'gradient', loss, iterations: 0 }
  yield* solve(space, damping)
  space.axpy(-rate, DIRECTION, PARAMETERS)
  return { status: 'limit', loss: undefined, iterations: 1 }
}

/** direction = (F + damping I)⁻¹ gradient */
function* solve(space: VectorSpace, damping: number): Solving<void> {
  space.copy(GRADIENT, DIRECTION)
  space.scale(0, DIRECTION)
  space.copy(GRADIENT, RESIDUAL)
  const enough = EXACT * Math.sqrt(space.dot(GRADIENT, GRADIENT))
  let before = Number.POSITIVE_INFINITY
  for (let start = 0; start < STARTS; start++) {
    let squared = space.dot(RESIDUAL, RESIDUAL)
    if (Math.sqrt(squared) <= enough || !(squared < before)) return
    before = squared
    space.copy(RESIDUAL, CONJUGATE)
    for (let i = 0; i < space.length && Math.sqrt(squared) > enough; i++) {
      yield { kind: 'curvature', vector: CONJUGATE, product: PRODUCT }
      space.axpy(damping, CONJUGATE, PRODUCT)
      const curvature = space.dot(CONJUGATE, PRODUCT)
      if (!(curvature > 0)) break
      const alpha = squared / curvature
      space.axpy(alpha, CONJUGATE, DIRECTION)
      space.axpy(-alpha, PRODUCT, RESIDUAL)
      const next = space.dot(RESIDUAL, RESIDUAL)
      space.scale(next / squared, CONJUGATE)
      space.axpy(1, RESIDUAL, CONJUGATE)
      squared = next
    }
    // the true residual
    yield { kind: 'curvature', vector: DIRECTION, product: PRODUCT }
    space.axpy(damping, DIRECTION, PRODUCT)
    space.copy(GRADIENT, RESIDUAL)
    space.axpy(-1, PRODUCT, RESIDUAL)
  }
}
