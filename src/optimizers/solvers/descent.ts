/** The loop that all solvers share: choose a direction, search along it, test for convergence. */
import { type FixedStepResult, fixedStep, type SearchResult, type SearchVectors, strongWolfe } from './lineSearch.ts'
import {
  EVALUATE,
  GRADIENT,
  type Outcome,
  PARAMETERS,
  type Solving,
  type Status,
  type StepLimits,
  type VectorSpace,
} from './solver.ts'

/** A search direction, stored in the method's `direction`. */
export interface Aim {
  /** Directional derivative gᵀd, below 0. */
  readonly slope: number
  /** The first step to try. */
  readonly trial: number
  /** The decrease of the loss at the trial step, to first order. */
  readonly decrease: number
  /** The direction is -gradient. */
  readonly isSteepest: boolean
}

/** What distinguishes one solver from another. */
export interface Method {
  readonly search: SearchVectors
  /**
   * Chooses a direction from the gradient. The caller may abandon the step before the search ends, with the parameters restored:
   * the state at that point must allow continuing.
   */
  aim(): Solving<Aim>
  /** Called after the search. `isLost`: it found no lower loss; the next direction should be -gradient. */
  learn(found: SearchResult | FixedStepResult, isLost: boolean): void
}

export interface DescentOptions {
  readonly maxIterations: number
  readonly maxEvaluations: number
  readonly toleranceGradient: number
  readonly toleranceChange: number
  readonly lineSearch: 'strongWolfe' | 'none'
  readonly c1: number
  readonly c2: number
}

/** One step of a solver. The stopping tests, and their order, are those of PyTorch's `LBFGS.step`. */
export function* descend(
  space: VectorSpace,
  method: Method,
  options: DescentOptions,
  limits: StepLimits,
): Solving<Outcome> {
  const { maxEvaluations, toleranceChange, c1, c2 } = options
  const maxIterations = limits.maxIterations ?? options.maxIterations
  const toleranceGradient = Math.max(options.toleranceGradient, limits.toleranceGradient ?? 0)
  const search = options.lineSearch === 'none' ? fixedStep : strongWolfe
  let loss = limits.loss ?? (yield EVALUATE)
  // a known loss counts as an evaluation too, so that saving one does not change the path
  let evaluations = 1
  let iterations = 0
  const end = (status: Status): Outcome => ({ status, loss, iterations })

  const size = space.infinityNorm(GRADIENT)
  if (!Number.isFinite(loss) || !Number.isFinite(size)) return end('diverged')
  if (size <= toleranceGradient) return end('gradient')

  while (iterations < maxIterations && evaluations < maxEvaluations) {
    iterations++
    const { slope, trial, decrease, isSteepest } = yield* method.aim()
    if (decrease <= toleranceChange) return end('change')
    // the gradient's squares overflowed
    if (!Number.isFinite(slope) || !(trial > 0)) return end('noDescent')
    const found = yield* restoring(
      space,
      method.search,
      search(space, method.search, {
        loss,
        slope,
        trial,
        c1,
        c2,
        maxTrials: maxEvaluations - evaluations,
        toleranceChange,
        isLast: iterations === maxIterations,
      }),
    )
    evaluations += found.trials
    // a search cut short by the evaluation budget of earlier iterations is repeated in the next step
    const isConclusive = !found.exhausted || iterations === 1
    const isLost = found.step === 0 && (isSteepest || isConclusive)
    method.learn(found, isLost)
    if (found.loss === undefined) return { status: 'limit', loss: undefined, iterations }
    const change = Math.abs(found.loss - loss)
    loss = found.loss
    if (isLost) {
      if (isSteepest && isConclusive) return end('noDescent')
      continue
    }
    if (space.infinityNorm(GRADIENT) <= toleranceGradient) return end('gradient')
    const moved = found.step * space.infinityNorm(method.search.direction)
    const isLittle = moved <= toleranceChange || change < toleranceChange
    // a search that ran out of evaluations has not moved at all
    if (isLittle && found.step !== 0) return end('change')
    if (iterations === maxIterations || evaluations >= maxEvaluations) break
  }
  return end('limit')
}

/** Restores the starting point if the search is abandoned: by an error, an abort signal, a returned generator. */
function* restoring<Result>(space: VectorSpace, { start }: SearchVectors, searching: Solving<Result>): Solving<Result> {
  let isDone = false
  try {
    const result = yield* searching
    isDone = true
    return result
  } finally {
    if (!isDone) space.copy(start, PARAMETERS)
  }
}

/** direction = -gradient, for the first iteration and after a failed search. */
export function steepest(space: VectorSpace, { direction }: SearchVectors): void {
  space.copy(GRADIENT, direction)
  space.scale(-1, direction)
}
