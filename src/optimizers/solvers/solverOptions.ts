/** Options that all solvers share. */
import { checkInteger, checkNumber } from '../../lib/check.ts'

export interface CommonSolverOptions {
  /** Maximum iterations per step. Default 20. */
  readonly maxIterations?: number
  /** Maximum evaluations of loss and gradient per step, including the first; at least 2. Default 25, or more with many iterations. */
  readonly maxEvaluations?: number
  /** A step ends when max |gradient| is at most this. Default 1e-7. */
  readonly toleranceGradient?: number
  /** A step ends when the loss or every parameter changed by at most this. Default 1e-9. */
  readonly toleranceChange?: number
}

export const COMMON_OPTIONS = ['maxIterations', 'maxEvaluations', 'toleranceGradient', 'toleranceChange'] as const

/**
 * Fills in defaults; `evaluations` is the default number of evaluations per iteration.
 * @throws TypeError or RangeError naming the option.
 */
export function checkCommon(
  where: string,
  options: CommonSolverOptions,
  evaluations = 1.25,
): Required<CommonSolverOptions> {
  const { maxIterations = 20, toleranceGradient = 1e-7, toleranceChange = 1e-9 } = options
  checkInteger(where, 'maxIterations', maxIterations, 1)
  const maxEvaluations = options.maxEvaluations ?? Math.max(25, Math.floor(maxIterations * evaluations))
  return {
    maxIterations,
    maxEvaluations: checkInteger(where, 'maxEvaluations', maxEvaluations, 2),
    toleranceGradient: checkNumber(where, 'toleranceGradient', toleranceGradient, { minimum: 0 }),
    toleranceChange: checkNumber(where, 'toleranceChange', toleranceChange, { minimum: 0 }),
  }
}
