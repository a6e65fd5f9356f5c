/**
 * The seam between methods that choose their own evaluations and whoever evaluates for them.
 *
 * A rule maps one gradient to one update. A solver decides while it runs where the loss is needed next: it is a generator
 * that yields requests and receives losses, so that the same code serves callers that answer at once (`minimize`,
 * `trainStep`) and callers that answer later (`fit`, over chunks of rows, threads and the event loop). It touches the
 * parameters only through a `VectorSpace`: all its vectors are parallel blocks, laid out like the parameters.
 */

/** A vector by the index of its block. */
export type Vector = number

/** Where the loss is evaluated: the solver writes it, the evaluation reads it. */
export const PARAMETERS: Vector = 0
/** Written by every evaluation. */
export const GRADIENT: Vector = 1
/** The first of a solver's own vectors; they follow in the order of `Solver.vectors`. */
export const FIRST_VECTOR: Vector = 2

/** The operations that solvers are written in. Sums are float64 and have one order, so that the same vectors give the same bits. */
export interface VectorSpace {
  /** Entries of a vector. */
  readonly length: number
  /** The distance from 1 to the next number of the vectors' precision: 2^-23 or 2^-52. */
  readonly epsilon: number
  /** Σ aᵢ bᵢ */
  dot(a: Vector, b: Vector): number
  /** y += alpha x */
  axpy(alpha: number, x: Vector, y: Vector): void
  copy(from: Vector, to: Vector): void
  /** x *= alpha */
  scale(alpha: number, x: Vector): void
  /** Σ |xᵢ| */
  l1Norm(x: Vector): number
  /** max |xᵢ|; NaN where an entry is. */
  infinityNorm(x: Vector): number
}

/** Asks for the loss at PARAMETERS, and its gradient in GRADIENT. */
export interface EvaluationRequest {
  readonly kind: 'evaluate'
}

/** Asks for `product` = B `vector`, B the curvature matrix at PARAMETERS; leaves the parameters and their gradient as they are. */
export interface CurvatureRequest {
  readonly kind: 'curvature'
  readonly vector: Vector
  readonly product: Vector
}

export const EVALUATE: EvaluationRequest = { kind: 'evaluate' }

/** A computation that stops for evaluations. It is given the loss; for a product any number. */
export type Solving<Result> = Generator<EvaluationRequest | CurvatureRequest, Result, number>

/** State that is not a vector: plain numbers and lists of numbers, all finite, for JSON. */
export type Scalars = Record<string, number | number[]>

/**
 * How a step ended.
 * `limit`: by maxIterations or maxEvaluations; there is more to do.
 * `gradient`: max |gradient| <= toleranceGradient.
 * `change`: the loss or the parameters changed by no more than toleranceChange, or would, to first order.
 * `noDescent`: no step along the steepest descent lowers the loss.
 * `diverged`: the loss or the gradient is not finite where the step began; nothing was changed.
 */
export type Status = 'limit' | 'gradient' | 'change' | 'noDescent' | 'diverged'

export interface Outcome {
  readonly status: Status
  /** At PARAMETERS, whose gradient is in GRADIENT; undefined where the last move was not evaluated. */
  readonly loss: number | undefined
  readonly iterations: number
}

export interface StepLimits {
  /** The loss, where it and the gradient are known: saves the first evaluation. */
  readonly loss?: number | undefined
  /** Instead of the solver's maxIterations. */
  readonly maxIterations?: number | undefined
  /** Where larger than the solver's toleranceGradient, instead of it. */
  readonly toleranceGradient?: number | undefined
}

/** A solver at work on one space. Its state is its vectors and `scalars`: with both restored, it goes on with the same bits. */
export interface SolverRun {
  readonly scalars: Scalars
  /** Up to maxIterations iterations on one function: PyTorch's `step(closure)`. */
  step(limits?: StepLimits): Solving<Outcome>
}

/** A method with all its options: what `lbfgs(...)` returns. It brings its algorithm along: what is not imported is not bundled. */
export interface Solver<Kind extends string = string> {
  readonly kind: Kind
  /** All options, defaults filled in. */
  readonly options: object
  /** Names of its vectors. */
  readonly vectors: readonly string[]
  /**
   * Starts on a space with PARAMETERS, GRADIENT and `vectors`; from `scalars` and vectors saved before, or from zeros.
   * @internal
   */
  start(space: VectorSpace, scalars?: Scalars): SolverRun
}

export const SOLVER_KINDS = ['lbfgs', 'conjugateGradient', 'newtonCg'] as const
export type SolverKind = (typeof SOLVER_KINDS)[number]

export const isSolver = (value: unknown): value is Solver =>
  typeof value === 'object' && value !== null && 'start' in value && typeof value.start === 'function'
