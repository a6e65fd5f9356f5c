/**
 * Line search: a step t along a direction d for which φ(t) = f(x + t d) satisfies the strong Wolfe conditions
 *
 *   φ(t) <= φ(0) + c1 t φ'(0)      sufficient decrease
 *   |φ'(t)| <= -c2 φ'(0)           curvature
 *
 * by bracketing and zooming with cubic interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6 and equation 3.59),
 * step for step like PyTorch's `_strong_wolfe`, with two additions that only matter for non-finite losses and for losses whose
 * differences are rounding errors:
 * - A trial whose loss or slope is not finite counts as infinitely high: the next one bisects.
 * - Losses closer than the rounding error of φ(0) count as equal and the slope decides, which suffers little from rounding there:
 *   the approximate Wolfe conditions of Hager and Zhang (2005, section 4), with φ(t) <= φ(0) + ε|φ(0)| as the decrease condition.
 */
import { EVALUATE, GRADIENT, PARAMETERS, type Solving, type Vector, type VectorSpace } from './solver.ts'

/** φ at a step. */
interface Point {
  readonly step: number
  readonly loss: number
  readonly slope: number
}

/** Vectors of a search. Only `direction` is an input. */
export interface SearchVectors {
  readonly direction: Vector
  /** Receives the parameters at t = 0. */
  readonly start: Vector
  /** Receives the gradient at the lowest point. */
  readonly lowGradient: Vector
}

export interface SearchOptions {
  /** φ(0), with its gradient in GRADIENT. */
  readonly loss: number
  /** φ'(0) < 0. */
  readonly slope: number
  /** The first t. */
  readonly trial: number
  readonly c1: number
  readonly c2: number
  /** Maximum evaluations, at least 1. */
  readonly maxTrials: number
  /** An interval that moves no parameter by more than this is not divided further. */
  readonly toleranceChange: number
  /** Whether no iteration follows. */
  readonly isLast: boolean
}

interface Found<Loss> {
  /** Where PARAMETERS are now; 0 if no trial was lower. */
  readonly step: number
  /** The loss there, with its gradient in GRADIENT. */
  readonly loss: Loss
  /** Change of the loss at the first trial: measures the model that proposed it. */
  readonly firstChange: number
  /** Evaluations. */
  readonly trials: number
  /** More evaluations might have found a better step. */
  readonly exhausted: boolean
}
export type SearchResult = Found<number>
/** The loss is undefined if it was not evaluated. */
export type FixedStepResult = Found<number | undefined>

/** Losses that differ by fewer units in the last place than this count as equal. */
const ULPS = 4

/**
 * Minimizer in [low, high] of the cubic through two points' values and slopes; the midpoint if there is none.
 *   d1 = φ'(a) + φ'(b) - 3 (φ(a) - φ(b)) / (a - b),  d2 = sqrt(d1² - φ'(a) φ'(b))
 *   t = b - (b - a) (φ'(b) + d2 - d1) / (φ'(b) - φ'(a) + 2 d2)   for a < b
 */
export function cubicMinimum(
  p: Point,
  q: Point,
  low = Math.min(p.step, q.step),
  high = Math.max(p.step, q.step),
): number {
  const [a, b] = p.step <= q.step ? [p, q] : [q, p]
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.step - b.step)
  const square = d1 * d1 - a.slope * b.slope
  const d2 = Math.sqrt(square)
  const t = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
  return t >= Number.NEGATIVE_INFINITY ? Math.min(Math.max(t, low), high) : (low + high) / 2
}

/**
 * Searches from PARAMETERS; leaves PARAMETERS at the point found and its gradient in GRADIENT.
 * Passes over vectors: 3, plus 4 to 5 per trial.
 */
export function* strongWolfe(
  space: VectorSpace,
  { direction, start, lowGradient }: SearchVectors,
  { loss, slope, trial, c1, c2, maxTrials, toleranceChange }: SearchOptions,
): Solving<SearchResult> {
  const origin: Point = { step: 0, loss, slope }
  const noise = ULPS * space.epsilon * Math.abs(loss)
  const reach = space.infinityNorm(direction)
  space.copy(PARAMETERS, start)
  space.copy(GRADIENT, lowGradient)

  let trials = 0
  function* evaluate(step: number): Solving<Point> {
    if (trials > 0) space.copy(start, PARAMETERS)
    space.axpy(step, direction, PARAMETERS)
    trials++
    const height = yield EVALUATE
    const rise = space.dot(GRADIENT, direction)
    // a finite sum of products implies a finite gradient
    if (Number.isFinite(height) && Number.isFinite(rise)) return { step, loss: height, slope: rise }
    return { step, loss: Number.POSITIVE_INFINITY, slope: Number.POSITIVE_INFINITY }
  }
  const isHigh = (point: Point) => point.loss > loss + c1 * point.step * slope + noise
  const isFlat = (point: Point) => Math.abs(point.slope) <= -c2 * slope

  // bracket: advance until a minimum lies between two known points
  let low = origin
  let point = yield* evaluate(trial)
  const first = point
  let wolfe = false
  for (;;) {
    if (isHigh(point) || (trials > 2 && point.loss >= low.loss + noise)) break
    wolfe = isFlat(point)
    if (wolfe || point.slope >= 0 || trials >= maxTrials) break
    const next = cubicMinimum(low, point, point.step + 0.01 * (point.step - low.step), 10 * point.step)
    space.copy(GRADIENT, lowGradient)
    low = point
    point = yield* evaluate(next)
  }
  let high = low
  if (wolfe || point.loss < low.loss) low = point
  else high = point

  // zoom: `low` is the lowest point, its slope points towards `high`
  let hasStalled = false
  let isSmall = false
  while (!wolfe && trials < maxTrials) {
    if (low === point) space.copy(GRADIENT, lowGradient)
    const left = Math.min(low.step, high.step)
    const right = Math.max(low.step, high.step)
    isSmall = (right - left) * reach < toleranceChange || !(left < (left + right) / 2 && (left + right) / 2 < right)
    if (isSmall) break
    let step = cubicMinimum(low, high)
    // twice in a row near an end, or at it: move a tenth of the interval away from it
    const margin = 0.1 * (right - left)
    const isNear = Math.min(right - step, step - left) < margin
    const isStuck: boolean = isNear && (hasStalled || step >= right || step <= left)
    if (isStuck) step = right - step < step - left ? right - margin : left + margin
    hasStalled = isNear && !isStuck
    point = yield* evaluate(step)
    if (isHigh(point) || point.loss >= low.loss + noise) {
      high = point
      if (point.loss < low.loss) [low, high] = [point, low]
    } else {
      wolfe = isFlat(point)
      if (point.slope * (high.step - low.step) >= 0) high = low
      low = point
    }
  }

  if (low !== point) {
    space.copy(start, PARAMETERS)
    if (low.step !== 0) space.axpy(low.step, direction, PARAMETERS)
    space.copy(lowGradient, GRADIENT)
  }
  const firstChange = first.loss - loss
  return { step: low.step, loss: low.loss, firstChange, trials, exhausted: !wolfe && !isSmall }
}

/**
 * x += trial d without a search: PyTorch's L-BFGS without line_search_fn. As there, the last iteration does not evaluate the point
 * it reaches, since a stochastic loss would say little. A non-finite loss leaves the parameters unchanged.
 */
export function* fixedStep(
  space: VectorSpace,
  { direction, start, lowGradient }: SearchVectors,
  { loss, trial, isLast }: SearchOptions,
): Solving<FixedStepResult> {
  space.copy(PARAMETERS, start)
  space.copy(GRADIENT, lowGradient)
  space.axpy(trial, direction, PARAMETERS)
  if (isLast) return { step: trial, loss: undefined, firstChange: Number.NaN, trials: 0, exhausted: false }
  const after = yield EVALUATE
  const isNumber = Number.isFinite(after) && Number.isFinite(space.infinityNorm(GRADIENT))
  if (!isNumber) {
    space.copy(start, PARAMETERS)
    space.copy(lowGradient, GRADIENT)
  }
  const found = isNumber ? { step: trial, loss: after } : { step: 0, loss }
  return { ...found, firstChange: after - loss, trials: 1, exhausted: false }
}
