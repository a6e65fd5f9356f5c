/** L-BFGS: a quasi-Newton method with an inverse Hessian built from the latest steps and gradient changes. */
import { checkInteger, checkNumber, checkOneOf, checkOptions } from '../../lib/check.ts'
import { checkNoMomentum } from '../schedules/named.ts'
import type { Schedule } from '../schedules/schedules.ts'
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
  type Vector,
  type VectorSpace,
} from './solver.ts'
import { COMMON_OPTIONS, type CommonSolverOptions, checkCommon } from './solverOptions.ts'

export interface LbfgsOptions extends CommonSolverOptions {
  /** First trial step of every search; a number or a schedule of the step's index. Default 1. */
  readonly learningRate?: number | Schedule
  /** Number of pairs of steps and gradient changes to keep. Default 100. */
  readonly historySize?: number
  /** `none`: every step has length learningRate, as in PyTorch without line_search_fn. Default `strongWolfe`. */
  readonly lineSearch?: 'strongWolfe' | 'none'
}

interface State extends Scalars {
  /** Steps started so far: the index for the learning rate. */
  steps: number
  /** Iterations since the start or the last restart. */
  iterations: number
  /** Length of the last step along `direction`. */
  stepLength: number
  /** The initial inverse Hessian is `scale` times the identity. */
  scale: number
  /** Slots of the pairs, oldest first. */
  slots: number[]
  /** 1 / yᵀs by slot. */
  rho: number[]
}

const DIRECTION = FIRST_VECTOR
const PREVIOUS_GRADIENT = FIRST_VECTOR + 1
const START = FIRST_VECTOR + 2
const LOW_GRADIENT = FIRST_VECTOR + 3
const FIRST_PAIR = FIRST_VECTOR + 4
const stepOf = (slot: number): Vector => FIRST_PAIR + 2 * slot
const changeOf = (slot: number): Vector => FIRST_PAIR + 2 * slot + 1

/** A pair with a smaller yᵀs would make the inverse Hessian indefinite or huge. */
const SMALLEST_CURVATURE = 1e-10

/**
 * L-BFGS (Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4 and 7.5): PyTorch's `LBFGS`, SciPy's `L-BFGS-B`
 * without bounds.
 *
 *   s = x - x_previous,  y = g - g_previous,  rho = 1 / yᵀs       the last historySize pairs with yᵀs > 1e-10
 *   d = -H g,  H from H = (yᵀs / yᵀy) I by H = (I - rho s yᵀ) H (I - rho y sᵀ) + rho s sᵀ, pair by pair
 *   x += t d,  t from a strong Wolfe search (c1 = 1e-4, c2 = 0.9) whose first trial is learningRate
 *
 * The first direction is -g with first trial learningRate * min(1, 1 / Σ|g|). After a search that found no lower loss, the history
 * is dropped and it starts over from -g.
 *
 * Defaults: learningRate 1, maxIterations 20, maxEvaluations 5/4 of it but at least 25, historySize 100, toleranceGradient 1e-7,
 * toleranceChange 1e-9, lineSearch 'strongWolfe' (PyTorch's is none). Memory: 2 historySize + 4 vectors.
 * @throws TypeError or RangeError naming the option.
 */
export function lbfgs(options: LbfgsOptions = {}): Solver<'lbfgs'> {
  checkOptions('lbfgs', options, ['learningRate', 'historySize', 'lineSearch', ...COMMON_OPTIONS])
  const { learningRate = 1, historySize = 100, lineSearch = 'strongWolfe' } = options
  checkNoMomentum('lbfgs', 'learningRate', learningRate)
  if (typeof learningRate !== 'function') rateAt(learningRate, 0)
  const resolved = Object.freeze({
    learningRate,
    historySize: checkInteger('lbfgs', 'historySize', historySize, 1, 10_000),
    lineSearch: checkOneOf('lbfgs', 'lineSearch', lineSearch, ['strongWolfe', 'none']),
    ...checkCommon('lbfgs', options),
  })
  const searching: DescentOptions = { ...resolved, c1: 1e-4, c2: 0.9 }
  const pairs = Array.from({ length: historySize }, (_, i) => [`step_${i}`, `gradientChange_${i}`])
  return Object.freeze({
    kind: 'lbfgs',
    options: resolved,
    vectors: Object.freeze(['direction', 'previousGradient', 'start', 'lowGradient', ...pairs.flat()]),
    ...onBlocks,
    start(space: VectorSpace, saved?: Scalars) {
      const scalars = restore(saved, historySize)
      return {
        scalars,
        step(limits = {}) {
          const rate = rateAt(learningRate, scalars.steps)
          scalars.steps++
          return descend(space, new Lbfgs(space, historySize, scalars, rate), searching, limits)
        },
      }
    },
  })
}

/** @throws TypeError or RangeError for scalars that cannot be the state of a history of this size. */
function restore(saved: Scalars | undefined, historySize: number): State {
  const fresh: State = { steps: 0, iterations: 0, stepLength: 0, scale: 1, slots: [], rho: [] }
  const state = restoreScalars('lbfgs', fresh, saved)
  const { slots, rho } = state
  for (const slot of slots) checkInteger('lbfgs', 'slots', slot, 0, Math.min(historySize, slots.length) - 1)
  if (new Set(slots).size !== slots.length || rho.length !== slots.length) {
    throw new RangeError(`lbfgs: "slots" must name each of ${rho.length} pairs once, got [${slots}]`)
  }
  return state
}

/** @throws TypeError or RangeError unless the rate is a positive number. */
function rateAt(learningRate: number | Schedule, index: number): number {
  const rate = typeof learningRate === 'function' ? learningRate(index) : learningRate
  return checkNumber('lbfgs', 'learningRate', rate, { above: 0 })
}

class Lbfgs implements Method {
  readonly search = { direction: DIRECTION, start: START, lowGradient: LOW_GRADIENT }
  readonly #space: VectorSpace
  readonly #historySize: number
  readonly #state: State
  readonly #rate: number

  constructor(space: VectorSpace, historySize: number, state: State, rate: number) {
    this.#space = space
    this.#historySize = historySize
    this.#state = state
    this.#rate = rate
  }

  // biome-ignore lint/correctness/useYield: needs no evaluations
  *aim(): Solving<Aim> {
    const state = this.#state
    const space = this.#space
    if (state.iterations > 0) this.#keepPair()
    let slope = this.#applyHistory()
    // rounding can make H indefinite
    if (!(slope < 0) && state.iterations > 0) {
      this.#forget()
      slope = this.#applyHistory()
    }
    const isSteepest = state.iterations === 0
    const trial = isSteepest ? Math.min(1, 1 / space.l1Norm(GRADIENT)) * this.#rate : this.#rate
    space.copy(GRADIENT, PREVIOUS_GRADIENT)
    // if the search is abandoned, the next pair is 0 and is not kept
    state.stepLength = 0
    state.iterations++
    return { slope, trial, decrease: -slope, isSteepest }
  }

  learn(found: SearchResult | FixedStepResult, isLost: boolean): void {
    this.#state.stepLength = found.step
    if (isLost) this.#forget()
  }

  /** Adds the last step and gradient change to the history, unless its curvature is too small to trust. */
  #keepPair(): void {
    const space = this.#space
    const state = this.#state
    const { slots, rho } = state
    // s and y overwrite the vectors they are computed from, which are no longer needed
    space.scale(state.stepLength, DIRECTION)
    space.scale(-1, PREVIOUS_GRADIENT)
    space.axpy(1, GRADIENT, PREVIOUS_GRADIENT)
    const curvature = space.dot(PREVIOUS_GRADIENT, DIRECTION)
    const squaredChange = space.dot(PREVIOUS_GRADIENT, PREVIOUS_GRADIENT)
    if (!(curvature > SMALLEST_CURVATURE && Number.isFinite(curvature) && Number.isFinite(squaredChange))) return
    const slot = slots.length < this.#historySize ? slots.length : (slots.shift() ?? 0)
    slots.push(slot)
    rho[slot] = 1 / curvature
    space.copy(DIRECTION, stepOf(slot))
    space.copy(PREVIOUS_GRADIENT, changeOf(slot))
    state.scale = curvature / squaredChange
  }

  /** direction = -H gradient by the two-loop recursion; returns its slope. */
  #applyHistory(): number {
    const space = this.#space
    const { slots, rho, scale } = this.#state
    const alpha: number[] = []
    steepest(space, this.search)
    for (let i = slots.length - 1; i >= 0; i--) {
      const slot = slots[i]
      alpha[slot] = rho[slot] * space.dot(stepOf(slot), DIRECTION)
      space.axpy(-alpha[slot], changeOf(slot), DIRECTION)
    }
    if (scale !== 1) space.scale(scale, DIRECTION)
    for (const slot of slots) {
      const beta = rho[slot] * space.dot(changeOf(slot), DIRECTION)
      space.axpy(alpha[slot] - beta, stepOf(slot), DIRECTION)
    }
    return space.dot(GRADIENT, DIRECTION)
  }

  #forget(): void {
    Object.assign(this.#state, { iterations: 0, stepLength: 0, scale: 1 })
    this.#state.slots.length = 0
    this.#state.rho.length = 0
  }
}
