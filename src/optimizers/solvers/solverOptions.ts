/** Options that every solver takes. */
import { checkInteger, checkNumber } from '../../lib/check.ts'

export interface CommonSolverOptions {
  /** Most iterations a step; default 20. */
  readonly maxIterations?: number
  /** Most evaluations of loss and gradient a step, its first included, at least 2; default 25, more with many iterations. */
  readonly maxEvaluations?: number
  /** A step ends when max |gradient| is at most this; default 1e-7. */
  readonly toleranceGradient?: number
  /** A step ends when the loss or every parameter changed by at most this; default 1e-9. */
  readonly toleranceChange?: number
}

export const COMMON_OPTIONS = ['maxIterations', 'maxEvaluations', 'toleranceGradient', 'toleranceChange'] as const

/**
 * Fills in defaults; `evaluations` is how many an iteration may take by default.
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
