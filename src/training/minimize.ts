/** Minimization of a function of a vector with any rule or solver. */
import { checkFunction, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import type { Target } from '../machine/wasm.ts'
import { isMatrixRule } from '../optimizers/matrices/matrixRule.ts'
import type { Optimizer, OptimizerName } from '../optimizers/optimizers.ts'
import { resolveAnyOptimizer } from '../optimizers/resolve.ts'
import { ArraySpace } from '../optimizers/solvers/arraySpace.ts'
import { byDifferences } from '../optimizers/solvers/differences.ts'
import { FIRST_VECTOR, GRADIENT, isSolver, PARAMETERS, type Solver, type Status } from '../optimizers/solvers/solver.ts'
import { checkValues, optimize } from './optimize.ts'

/** What onStep receives after each update. */
export interface Progress<Values = Float32Array> {
  /** Number of updates. */
  readonly step: number
  readonly loss: number
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number
  /** A live array: copy it to keep it. */
  readonly x: Values
}

export interface MinimizeOptions<Values = Float32Array> {
  readonly maxSteps?: number
  /** Converged when max |gradient| is at most this. Default 1e-6. */
  readonly tolerance?: number
  /** Called before the first update, as step 0, and after each; return false to stop. */
  readonly onStep?: (progress: Progress<Values>) => unknown
  /** The wasm build for rules; solvers run in JavaScript. */
  readonly target?: Target
}

export interface Minimum<Values = Float32Array> {
  /** The final point. */
  readonly x: Values
  readonly loss: number
  readonly steps: number
  /** Number of calls of the function. */
  readonly evaluations: number
  /** Largest absolute entry of the gradient at x. */
  readonly gradientNorm: number
  /** Whether the reason is `tolerance` or `change`. */
  readonly converged: boolean
  /**
   * `diverged`: the loss or the gradient is no longer finite. `stopped`: onStep returned false.
   * For solvers only: `change`: loss or x changed by no more than the solver's toleranceChange.
   * `noDescent`: even the steepest descent direction has no lower loss: the gradient is wrong, or rounding allows no progress.
   */
  readonly reason: 'tolerance' | 'change' | 'maxSteps' | 'diverged' | 'noDescent' | 'stopped'
}

/** Returns the loss at x and writes every entry of its gradient. */
export type Objective<Values> = (x: Values, gradient: Values) => number

/** A minimization with one method. */
interface Problem<Values> {
  readonly x: Values
  readonly gradient: Values
  /** One update from a point with known loss. Returns the new loss, if known, and the reason to stop, if any. */
  update(loss: number, evaluate: () => number): { loss?: number | undefined; end?: Minimum['reason'] | undefined }
}

/** max |g|; NaN if any entry is NaN. */
function infinityNorm(gradient: Float32Array | Float64Array): number {
  let norm = 0
  for (let i = 0; i < gradient.length; i++) norm = Math.max(norm, Math.abs(gradient[i]))
  return norm
}

/**
 * Minimizes a function of a vector: `f(x, gradient)` returns the loss and fills the gradient.
 * Ends when every |gradient[i]| <= tolerance (1e-6), after maxSteps (1000) updates, or when the loss is no longer finite.
 * x and gradient are live arrays: read x, write every entry of gradient (which is filled with NaN), keep neither.
 *
 * With a rule such as `adam()` they are float32, as in a model, and an update takes one evaluation.
 * With a solver such as `lbfgs()` they are float64, since line searches compare losses to full accuracy. An update is up to
 * maxIterations iterations of the solver, with as many evaluations as they take; the solver's own tolerances also apply.
 * @throws TypeError or RangeError for bad arguments, before the function is called.
 */
export function minimize(
  optimizer: OptimizerName | Optimizer,
  x0: ArrayLike<number>,
  f: Objective<Float32Array>,
  options?: MinimizeOptions,
): Minimum
export function minimize(
  solver: Solver,
  x0: ArrayLike<number>,
  f: Objective<Float64Array>,
  options?: MinimizeOptions<Float64Array>,
): Minimum<Float64Array>
export function minimize(
  optimizer: OptimizerName | Optimizer | Solver,
  x0: ArrayLike<number>,
  f: Objective<Float32Array> | Objective<Float64Array>,
  options: MinimizeOptions | MinimizeOptions<Float64Array> = {},
): Minimum | Minimum<Float64Array> {
  const method = resolveAnyOptimizer('minimize', optimizer)
  if (isMatrixRule(method)) {
    throw new TypeError(
      `minimize: ${method.kind} sees matrices, and x is a vector; use optimize(${method.kind}(), initial, { shapes })`,
    )
  }
  checkValues('minimize', 'x0', x0)
  if (x0.length === 0) throw new RangeError('minimize: "x0" must have at least one value, got none')
  checkFunction('minimize', 'f', f)
  checkOptions('minimize', options, ['maxSteps', 'tolerance', 'onStep', 'target'])
  checkInteger('minimize', 'maxSteps', options.maxSteps ?? 1000)
  const tolerance = checkNumber('minimize', 'tolerance', options.tolerance ?? 1e-6, { minimum: 0 })
  if (options.onStep !== undefined) checkFunction('minimize', 'onStep', options.onStep)
  if (isSolver(method)) {
    if (method.needsProducts)
      throw new TypeError(
        `minimize: ${method.kind} is for models, whose Fisher matrix it takes; use newtonCg() or lbfgs()`,
      )
    const problem = solverProblem(method, x0, tolerance)
    return run(problem, f as Objective<Float64Array>, options as MinimizeOptions<Float64Array>, tolerance)
  }
  return run(
    ruleProblem(method, x0, options.target),
    f as Objective<Float32Array>,
    options as MinimizeOptions,
    tolerance,
  )
}

function run<Values extends Float32Array | Float64Array>(
  { x, gradient, update }: Problem<Values>,
  f: Objective<Values>,
  { maxSteps = 1000, onStep }: MinimizeOptions<Values>,
  tolerance: number,
): Minimum<Values> {
  let evaluations = 0
  const evaluate = (): number => {
    gradient.fill(Number.NaN)
    evaluations++
    const loss = f(x, gradient)
    if (typeof loss !== 'number') throw new TypeError(`minimize: "f" must return the loss, got ${show(loss)}`)
    if (f.length < 2 && gradient.every(Number.isNaN)) {
      throw new TypeError('minimize: "f" must write the gradient into its second argument: (x, gradient) => loss')
    }
    return loss
  }
  let known: number | undefined
  let end: Minimum['reason'] | undefined
  for (let steps = 0; ; steps++) {
    const loss = known ?? evaluate()
    const gradientNorm = infinityNorm(gradient)
    const stopped = onStep?.({ step: steps, loss, gradientNorm, x }) === false
    let reason = end
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) reason = 'diverged'
    else if (gradientNorm <= tolerance) reason = 'tolerance'
    else if (stopped) reason = 'stopped'
    else if (steps >= maxSteps) reason ??= 'maxSteps'
    if (reason) {
      const converged = reason === 'tolerance' || reason === 'change'
      return { x: x.slice() as Values, loss, steps, evaluations, gradientNorm, converged, reason }
    }
    ;({ loss: known, end } = update(loss, evaluate))
  }
}

function ruleProblem(optimizer: Optimizer, x0: ArrayLike<number>, target: Target | undefined): Problem<Float32Array> {
  const { values, gradients, step } = optimize(optimizer, [x0], target === undefined ? {} : { target })
  return {
    x: values[0],
    gradient: gradients[0],
    update() {
      step()
      return {}
    },
  }
}

const ENDS: Readonly<Record<Status, Minimum['reason'] | undefined>> = {
  limit: undefined,
  gradient: 'tolerance',
  change: 'change',
  noDescent: 'noDescent',
  diverged: 'diverged',
}

function solverProblem(solver: Solver, x0: ArrayLike<number>, toleranceGradient: number): Problem<Float64Array> {
  const spare = FIRST_VECTOR + solver.vectors.length
  const differences = { parameters: spare, gradient: spare + 1 }
  const space = new ArraySpace(Float64Array, x0.length)
  space.entries(PARAMETERS).set(x0)
  const solving = solver.start(space)
  return {
    x: space.entries(PARAMETERS),
    gradient: space.entries(GRADIENT),
    update(loss, evaluate) {
      const step = byDifferences(space, solving.step({ loss, toleranceGradient }), differences)
      let next = step.next()
      while (!next.done) next = step.next(evaluate())
      return { loss: next.value.loss, end: ENDS[next.value.status] }
    },
  }
}
