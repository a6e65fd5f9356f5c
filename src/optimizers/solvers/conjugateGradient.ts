/** Nonlinear conjugate gradients, which remember a single direction. */
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../../lib/check.ts'
import { type Aim, descend, type Method, steepest } from './descent.ts'
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

const FORMULAS = ['polakRibiere', 'fletcherReeves', 'hestenesStiefel'] as const
type Formula = (typeof FORMULAS)[number]

export interface ConjugateGradientOptions extends CommonSolverOptions {
  /** Formula for beta, the weight of the previous direction. Default `polakRibiere`. */
  readonly formula?: Formula
  /** Iterations between restarts with direction -g. Default: the number of parameters. */
  readonly restartEvery?: number
  /** Only this search keeps directions conjugate. */
  readonly lineSearch?: 'strongWolfe'
  /** Factor of the sufficient decrease condition. Default 1e-4. */
  readonly c1?: number
  /** Factor of the curvature condition, between c1 and 1; smaller values make the search more exact. Default 0.4. */
  readonly c2?: number
}

interface State extends Scalars {
  /** Iterations since the start or the last restart; at 0 the next direction is -g. */
  iterations: number
  /** Length of the last step along `direction`; 0 if the search failed. */
  stepLength: number
  /** gᵀd and gᵀg at the start of the last search. */
  slope: number
  squaredNorm: number
}

const FRESH: State = { iterations: 0, stepLength: 0, slope: 0, squaredNorm: 0 }

const DIRECTION = FIRST_VECTOR
const PREVIOUS_GRADIENT = FIRST_VECTOR + 1
const START = FIRST_VECTOR + 2
const LOW_GRADIENT = FIRST_VECTOR + 3

/** Directions with -gᵀd below this times gᵀg are rejected. */
const SUFFICIENT_DESCENT = 0.01

/**
 * Nonlinear conjugate gradients (Nocedal and Wright 2006, section 5.2): SciPy's `CG`.
 *
 *   d = -g + beta d,   x += t d,   t from a strong Wolfe search
 *   polakRibiere      beta = max(0, gᵀ(g - g_previous) / g_previousᵀg_previous)     (5.44, 5.45)
 *   fletcherReeves    beta = gᵀg / g_previousᵀg_previous                            (5.41)
 *   hestenesStiefel   beta = max(0, gᵀ(g - g_previous) / dᵀ(g - g_previous))        (5.46)
 *
 * The first trial step predicts the same first-order decrease as the previous step (section 3.5); the very first is
 * min(1, 1 / |g|). Restarts with d = -g every restartEvery iterations, after insufficient descent
 * (gᵀd > -0.01 gᵀg; Gilbert and Nocedal 1992), and after a search that found no lower loss.
 *
 * Defaults: formula 'polakRibiere', restartEvery the number of parameters, lineSearch 'strongWolfe', c1 1e-4, c2 0.4,
 * maxIterations 20, maxEvaluations 5/2 of it but at least 25, toleranceGradient 1e-7, toleranceChange 1e-9. Memory: 4 vectors.
 * @throws TypeError or RangeError naming the option.
 */
export function conjugateGradient(options: ConjugateGradientOptions = {}): Solver<'conjugateGradient'> {
  const where = 'conjugateGradient'
  checkOptions(where, options, ['formula', 'restartEvery', 'lineSearch', 'c1', 'c2', ...COMMON_OPTIONS])
  const { formula = 'polakRibiere', restartEvery = null, lineSearch = 'strongWolfe', c1 = 1e-4, c2 = 0.4 } = options
  const resolved = Object.freeze({
    formula: checkOneOf(where, 'formula', formula, FORMULAS),
    restartEvery: restartEvery === null ? null : checkInteger(where, 'restartEvery', restartEvery, 1),
    lineSearch: checkOneOf(where, 'lineSearch', lineSearch, ['strongWolfe']),
    c1: checkNumber(where, 'c1', c1, { above: 0, below: 0.5 }),
    c2: checkNumber(where, 'c2', c2, { above: c1, below: 1 }),
    ...checkCommon(where, options, 2.5),
  })
  return Object.freeze({
    kind: where,
    options: resolved,
    vectors: Object.freeze(['direction', 'previousGradient', 'start', 'lowGradient']),
    ...onBlocks,
    start(space: VectorSpace, saved?: Scalars) {
      const scalars = restoreScalars('conjugateGradient', { ...FRESH }, saved)
      const method = new ConjugateGradient(space, formula, restartEvery ?? space.length, scalars)
      return { scalars, step: (limits = {}) => descend(space, method, resolved, limits) }
    },
  })
}

class ConjugateGradient implements Method {
  readonly search = { direction: DIRECTION, start: START, lowGradient: LOW_GRADIENT }
  readonly #space: VectorSpace
  readonly #formula: Formula
  readonly #restartEvery: number
  readonly #state: State
  /** The next `state` if the search finds a step. */
  #next: State = { ...FRESH }

  constructor(space: VectorSpace, formula: Formula, restartEvery: number, state: State) {
    this.#space = space
    this.#formula = formula
    this.#restartEvery = restartEvery
    this.#state = state
  }

  // biome-ignore lint/correctness/useYield: needs no evaluations
  *aim(): Solving<Aim> {
    const space = this.#space
    const state = this.#state
    const squaredNorm = space.dot(GRADIENT, GRADIENT)
    let slope = 0
    if (state.iterations > 0 && state.iterations < this.#restartEvery) {
      const beta = this.#beta(squaredNorm)
      space.scale(beta, DIRECTION)
      space.axpy(-1, GRADIENT, DIRECTION)
      slope = space.dot(GRADIENT, DIRECTION)
    }
    const isSteepest = !(slope < 0 && slope <= -SUFFICIENT_DESCENT * squaredNorm)
    if (isSteepest) {
      steepest(space, this.search)
      slope = -squaredNorm
    }
    const trial =
      state.stepLength > 0 ? (state.stepLength * state.slope) / slope : Math.min(1, 1 / Math.sqrt(squaredNorm))
    space.copy(GRADIENT, PREVIOUS_GRADIENT)
    this.#next = { iterations: isSteepest ? 1 : state.iterations + 1, stepLength: 0, slope, squaredNorm }
    // if the search fails or is abandoned, the next direction is -g
    Object.assign(state, FRESH)
    return { slope, trial, decrease: -slope * trial, isSteepest }
  }

  learn(found: SearchResult | FixedStepResult): void {
    if (found.step !== 0) Object.assign(this.#state, this.#next, { stepLength: found.step })
  }

  #beta(squaredNorm: number): number {
    const space = this.#space
    if (this.#formula === 'fletcherReeves') return squaredNorm / this.#state.squaredNorm
    const change = squaredNorm - space.dot(GRADIENT, PREVIOUS_GRADIENT)
    if (this.#formula === 'polakRibiere') return Math.max(0, change / this.#state.squaredNorm)
    const curvature = space.dot(DIRECTION, GRADIENT) - space.dot(DIRECTION, PREVIOUS_GRADIENT)
    return curvature > 0 ? Math.max(0, change / curvature) : 0
  }
}
