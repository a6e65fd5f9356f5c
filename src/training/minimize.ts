/** Minimizing a function of a vector, by any rule. */
import { checkFunction, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import type { Target } from '../machine/wasm.ts'
import { type Optimizer, type OptimizerName, resolveOptimizer } from '../optimizers/optimizers.ts'
import { checkValues, optimize } from './optimize.ts'

/** What onStep sees after each update's evaluation. */
export interface Progress {
  /** Updates done. */
  readonly step: number
  readonly loss: number
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number
  /** Live: copy what you keep. */
  readonly x: Float32Array
}

export interface MinimizeOptions {
  readonly maxSteps?: number
  /** Converged when no entry of the gradient is larger than it. */
  readonly tolerance?: number
  /** Called with every evaluation, the first at step 0; return false to stop. */
  readonly onStep?: (progress: Progress) => unknown
  readonly target?: Target
}

export interface Minimum {
  /** The last point, evaluated. */
  readonly x: Float32Array
  readonly loss: number
  readonly steps: number
  /** Calls of the function. */
  readonly evaluations: number
  /** Largest absolute entry of the gradient at x. */
  readonly gradientNorm: number
  readonly converged: boolean
  /** `diverged`: the loss or the gradient is no longer finite. `stopped`: onStep returned false. */
  readonly reason: 'tolerance' | 'maxSteps' | 'diverged' | 'stopped'
}

/** max |g|, NaN if one is. */
function infinityNorm(gradient: Float32Array): number {
  let norm = 0
  for (let i = 0; i < gradient.length; i++) norm = Math.max(norm, Math.abs(gradient[i]))
  return norm
}

/**
 * Minimizes a function of a vector by an update rule: `f(x, gradient)` returns the loss and fills the gradient.
 * Ends when every |gradient[i]| <= tolerance (1e-6), after maxSteps (1000) updates, or when the loss is no longer finite.
 * x and gradient are float32 and live: read x, write every entry of gradient (it comes filled with NaN), keep neither.
 * @throws TypeError or RangeError for bad arguments, before the function is called.
 */
export function minimize(
  optimizer: OptimizerName | Optimizer,
  x0: ArrayLike<number>,
  f: (x: Float32Array, gradient: Float32Array) => number,
  options: MinimizeOptions = {},
): Minimum {
  const rule = resolveOptimizer('minimize', optimizer)
  checkValues('minimize', 'x0', x0)
  if (x0.length === 0) throw new RangeError('minimize: "x0" must have at least one value, got none')
  checkFunction('minimize', 'f', f)
  checkOptions('minimize', options, ['maxSteps', 'tolerance', 'onStep', 'target'])
  const maxSteps = checkInteger('minimize', 'maxSteps', options.maxSteps ?? 1000)
  const tolerance = checkNumber('minimize', 'tolerance', options.tolerance ?? 1e-6, { minimum: 0 })
  const { onStep, target } = options
  if (onStep !== undefined) checkFunction('minimize', 'onStep', onStep)

  const problem = optimize(rule, [x0], target === undefined ? {} : { target })
  const [x] = problem.values
  const [gradient] = problem.gradients
  for (;;) {
    const steps = problem.stepCount
    gradient.fill(Number.NaN)
    const loss = f(x, gradient)
    if (typeof loss !== 'number') throw new TypeError(`minimize: "f" must return the loss, got ${show(loss)}`)
    if (f.length < 2 && gradient.every(Number.isNaN)) {
      throw new TypeError('minimize: "f" must write the gradient into its second argument: (x, gradient) => loss')
    }
    const gradientNorm = infinityNorm(gradient)
    const stopped = onStep?.({ step: steps, loss, gradientNorm, x }) === false
    let reason: Minimum['reason'] | undefined
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) reason = 'diverged'
    else if (gradientNorm <= tolerance) reason = 'tolerance'
    else if (stopped) reason = 'stopped'
    else if (steps >= maxSteps) reason = 'maxSteps'
    if (reason) {
      const converged = reason === 'tolerance'
      return { x: x.slice(), loss, steps, evaluations: steps + 1, gradientNorm, converged, reason }
    }
    problem.step()
  }
}
