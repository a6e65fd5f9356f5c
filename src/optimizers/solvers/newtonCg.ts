/** Truncated Newton: linear systems are solved by conjugate gradients, which only need products with the curvature matrix. */
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../../lib/check.ts'
import { type Aim, type DescentOptions, descend, type Method, steepest } from './descent.ts'
import type { FixedStepResult, SearchResult } from './lineSearch.ts'
import { onBlocks } from './session.ts'
import {
  FIRST_VECTOR,
  GRADIENT,
  restoreScalars,
  type Scalars,
  type Solver,
  type Solving,
  type VectorSpace,
} from './solver.ts'
import { COMMON_OPTIONS, type CommonSolverOptions, checkCommon } from './solverOptions.ts'

export interface NewtonCgOptions extends CommonSolverOptions {
  /**
   * The matrix B: `gaussNewton` is positive semidefinite, `hessian` is exact. Default `gaussNewton`. `minimize`, which only has
   * gradients, uses Hessian products from finite differences either way.
   */
  readonly curvature?: 'gaussNewton' | 'hessian'
  /** Initial damping; 0 disables damping. Default 1e-3. */
  readonly damping?: number
  /** Maximum products with B per iteration. Default 250. */
  readonly maxInnerIterations?: number
  /** Largest relative residual accepted. Default 0.5. */
  readonly forcing?: number
}

interface State extends Scalars {
  damping: number
  /** Factor on the damping after the next bad step. */
  growth: number
  /** 1: the last search found no lower loss, so the next direction is -g. */
  isLost: number
}

const DIRECTION = FIRST_VECTOR
const START = FIRST_VECTOR + 1
const LOW_GRADIENT = FIRST_VECTOR + 2
const RESIDUAL = FIRST_VECTOR + 3
const CONJUGATE = FIRST_VECTOR + 4
const PRODUCT = FIRST_VECTOR + 5

/** Keeps damping finite if every step is bad. */
const LARGEST_DAMPING = 1e20
const LARGEST_GROWTH = 2 ** 10

/**
 * Newton-CG (Nocedal and Wright 2006, algorithm 7.1) with Levenberg-Marquardt damping, also known as Hessian-free
 * optimization (Martens 2010): SciPy's `Newton-CG`, which does not damp.
 *
 *   (B + damping I) d = -g    by conjugate gradients from d = 0, until |residual| <= min(forcing, sqrt|g|) |g|
 *   x += t d                  t from a strong Wolfe search (c1 = 1e-4, c2 = 0.9) whose first trial is 1
 *   ratio = (f(x + d) - f(x)) / (gᵀd + dᵀB d / 2)
 *   ratio > 0:  damping *= max(1/3, 1 - (2 ratio - 1)³)         Nielsen 1999
 *   otherwise:  damping *= 2, then 4, 8, ... while steps stay bad
 *
 * If an inner iteration meets negative curvature of B + damping I, d is the iterate before it; at the
 * first, d = -g gᵀg / |gᵀ(B + damping I) g|. After a search that found no lower loss, d is -g once.
 *
 * Defaults: curvature 'gaussNewton', damping 1e-3, maxInnerIterations 250, forcing 0.5, maxIterations 20, maxEvaluations
 * 5/2 of it but at least 25 (products not counted), toleranceGradient 1e-7, toleranceChange 1e-9. Memory: 6 vectors.
 * @throws TypeError or RangeError naming the option.
 */
export function newtonCg(options: NewtonCgOptions = {}): Solver<'newtonCg'> {
  const where = 'newtonCg'
  checkOptions(where, options, ['curvature', 'damping', 'maxInnerIterations', 'forcing', ...COMMON_OPTIONS])
  const { curvature = 'gaussNewton', damping = 1e-3, maxInnerIterations = 250, forcing = 0.5 } = options
  const resolved: Required<NewtonCgOptions> = Object.freeze({
    curvature: checkOneOf(where, 'curvature', curvature, ['gaussNewton', 'hessian']),
    damping: checkNumber(where, 'damping', damping, { minimum: 0, maximum: LARGEST_DAMPING }),
    maxInnerIterations: checkInteger(where, 'maxInnerIterations', maxInnerIterations, 1),
    forcing: checkNumber(where, 'forcing', forcing, { above: 0, below: 1 }),
    ...checkCommon(where, options, 2.5),
  })
  const searching: DescentOptions = { ...resolved, lineSearch: 'strongWolfe', c1: 1e-4, c2: 0.9 }
  return Object.freeze({
    kind: where,
    options: resolved,
    vectors: Object.freeze(['direction', 'start', 'lowGradient', 'residual', 'conjugate', 'product']),
    ...onBlocks,
    start(space: VectorSpace, saved?: Scalars) {
      const scalars: State = restoreScalars(where, { damping, growth: 2, isLost: 0 }, saved)
      const method = new NewtonCg(space, resolved, scalars)
      return { scalars, step: (limits = {}) => descend(space, method, searching, limits) }
    },
  })
}

class NewtonCg implements Method {
  readonly search = { direction: DIRECTION, start: START, lowGradient: LOW_GRADIENT }
  readonly #space: VectorSpace
  readonly #options: Required<NewtonCgOptions>
  readonly #state: State
  /** gᵀd + dᵀB d / 2: the predicted change of the loss. */
  #predicted = 0

  constructor(space: VectorSpace, options: Required<NewtonCgOptions>, state: State) {
    this.#space = space
    this.#options = options
    this.#state = state
  }

  *aim(): Solving<Aim> {
    const space = this.#space
    const squaredNorm = space.dot(GRADIENT, GRADIENT)
    let slope = 0
    if (!this.#state.isLost) slope = yield* this.#solve(squaredNorm)
    this.#state.isLost = 0
    if (slope < 0) return { slope, trial: 1, decrease: -slope, isSteepest: false }
    steepest(space, this.search)
    this.#predicted = Number.NaN
    const trial = Math.min(1, 1 / Math.sqrt(squaredNorm))
    return { slope: -squaredNorm, trial, decrease: squaredNorm * trial, isSteepest: true }
  }

  learn(found: SearchResult | FixedStepResult, isLost: boolean): void {
    this.#state.isLost = isLost ? 1 : 0
    // a steepest descent step says nothing about the model
    if (!Number.isNaN(this.#predicted)) this.#adapt(found.firstChange / this.#predicted)
  }

  /** Down to a third if the model predicts well; geometric growth if not. */
  #adapt(ratio: number): void {
    const state = this.#state
    const surplus = 2 * ratio - 1
    // not **, whose rounding depends on the engine
    const factor = ratio > 0 ? Math.max(1 / 3, 1 - surplus * surplus * surplus) : state.growth
    state.damping = Math.min(state.damping * factor, LARGEST_DAMPING)
    state.growth = ratio > 0 ? 2 : Math.min(2 * state.growth, LARGEST_GROWTH)
  }

  /** direction ≈ -(B + damping I)⁻¹ gradient; returns its slope, which is not negative if no descent direction was found. */
  *#solve(squaredNorm: number): Solving<number> {
    const space = this.#space
    const { damping } = this.#state
    const { maxInnerIterations, forcing } = this.#options
    const norm = Math.sqrt(squaredNorm)
    const enough = Math.min(forcing, Math.sqrt(norm)) * norm
    steepest(space, this.search)
    space.copy(DIRECTION, CONJUGATE)
    space.scale(0, DIRECTION)
    space.copy(GRADIENT, RESIDUAL)
    let squared = squaredNorm
    for (let i = 0; i < maxInnerIterations && Math.sqrt(squared) > enough; i++) {
      yield { kind: 'curvature', vector: CONJUGATE, product: PRODUCT }
      const length = space.dot(CONJUGATE, CONJUGATE)
      const curvature = space.dot(CONJUGATE, PRODUCT)
      const damped = curvature + damping * length
      if (!Number.isFinite(damped)) break
      if (damped <= space.epsilon * length) {
        if (i > 0) break
        const t = squared / Math.abs(damped)
        if (!Number.isFinite(t)) break
        space.axpy(t, CONJUGATE, DIRECTION)
        this.#predicted = -t * squared + (t * t * curvature) / 2
        return -t * squared
      }
      const alpha = squared / damped
      space.axpy(alpha, CONJUGATE, DIRECTION)
      space.axpy(alpha, PRODUCT, RESIDUAL)
      space.axpy(alpha * damping, CONJUGATE, RESIDUAL)
      const next = space.dot(RESIDUAL, RESIDUAL)
      space.scale(next / squared, CONJUGATE)
      space.axpy(-1, RESIDUAL, CONJUGATE)
      squared = next
    }
    const slope = space.dot(GRADIENT, DIRECTION)
    // the residual is (B + damping I) d + g
    this.#predicted = (slope + space.dot(RESIDUAL, DIRECTION) - damping * space.dot(DIRECTION, DIRECTION)) / 2
    return slope
  }
}
