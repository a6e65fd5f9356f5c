/**
 * The interface between methods that choose their own evaluations and the code that performs them.
 *
 * A rule maps one gradient to one update. A solver decides as it runs where the loss is needed next: it is a generator
 * that yields requests and receives losses, so that the same code serves synchronous callers (`minimize`,
 * `trainStep`) and asynchronous ones (`fit`, over chunks of rows, threads and the event loop). It accesses the
 * parameters only through a `VectorSpace`: all its vectors are parallel blocks, laid out like the parameters.
 */
import type { DataSet } from '../../data/dataset.ts'
import { checkNumber, checkOptions, show } from '../../lib/check.ts'
import type { Arena } from '../../machine/arena.ts'
import type { Runner } from '../../machine/runner.ts'
import type {
  BatchAccess,
  BatchCurvature,
  BlockPlace,
  CurvatureLoss,
  CurvatureSite,
  EmitTangents,
  SessionMatrix,
} from './batchCurvature.ts'

/** A vector, by the index of its block. */
export type Vector = number

/** Where the loss is evaluated: written by the solver, read by the evaluation. */
export const PARAMETERS: Vector = 0
/** Written by every evaluation. */
export const GRADIENT: Vector = 1
/** The first of a solver's own vectors, which follow in the order of `Solver.vectors`. */
export const FIRST_VECTOR: Vector = 2

/** The operations that solvers are written in. Sums are in float64 and in a fixed order: same vectors, same bits. */
export interface VectorSpace {
  /** Length of a vector. */
  readonly length: number
  /** Machine epsilon of the vectors' precision: 2^-23 or 2^-52. */
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
  /** max |xᵢ|; NaN if any entry is NaN. */
  infinityNorm(x: Vector): number
}

/** Requests the loss at PARAMETERS, with its gradient in GRADIENT. */
export interface EvaluationRequest {
  readonly kind: 'evaluate'
}

/** Requests `product` = B `vector`, B the curvature matrix at PARAMETERS; parameters and gradient are unchanged. */
export interface CurvatureRequest {
  readonly kind: 'curvature'
  readonly vector: Vector
  readonly product: Vector
}

export const EVALUATE: EvaluationRequest = { kind: 'evaluate' }

/** A computation that suspends for evaluations. It is resumed with the loss (after a product, with any number). */
export type Solving<Result> = Generator<EvaluationRequest | CurvatureRequest, Result, number>

/** Non-vector state: finite numbers and lists of numbers, JSON-serializable. */
export type Scalars = Record<string, number | number[]>

/**
 * How a step ended.
 * `limit`: by maxIterations or maxEvaluations; not converged yet.
 * `gradient`: max |gradient| <= toleranceGradient.
 * `change`: the loss or the parameters changed by no more than toleranceChange, or would, to first order.
 * `noDescent`: no step along the steepest descent direction lowers the loss.
 * `diverged`: the loss or the gradient is not finite at the start of the step; nothing was changed.
 */
export type Status = 'limit' | 'gradient' | 'change' | 'noDescent' | 'diverged'

export interface Outcome {
  readonly status: Status
  /** The loss at PARAMETERS, with its gradient in GRADIENT; undefined if the last move was not evaluated. */
  readonly loss: number | undefined
  readonly iterations: number
}

export interface StepLimits {
  /** The loss, if it and the gradient are known: saves the first evaluation. */
  readonly loss?: number | undefined
  /** Overrides the solver's maxIterations. */
  readonly maxIterations?: number | undefined
  /** Overrides the solver's toleranceGradient if larger. */
  readonly toleranceGradient?: number | undefined
}

/** A solver running on one space. Its state is its vectors and `scalars`: with both restored, it continues bit for bit. */
export interface SolverRun {
  readonly scalars: Scalars
  /** Up to maxIterations iterations on one function: PyTorch's `step(closure)`. */
  step(limits?: StepLimits): Solving<Outcome>
}

/** A model's memory: parallel float32 blocks with the same layout. */
export interface Blocks {
  /** The tensors, by their floats in each block; a solver moves the trainable ones. */
  readonly tensors: readonly { readonly offset: number; readonly count: number; readonly trainable: boolean }[]
  readonly places: readonly BlockPlace[]
  readonly arena: Arena
  /** Byte addresses. `states`: one block for each of the solver's vectors and each of WORK_VECTORS. */
  readonly parameters: number
  readonly gradients: number | undefined
  readonly states: readonly number[]
  /** `Solver.scratch` bytes. */
  readonly scratch: number
  /** Changes when other code than the solver writes parameters or gradients. */
  readonly version: number
  /** The whole block at an address. */
  view(address: number): Float32Array
}

/** A session's vectors besides the solver's own: the sum over chunks of rows, and two for gradient differences. */
export const WORK_VECTORS = ['chunks', 'differenceParameters', 'differenceGradient'] as const

/** Exact products with the curvature of a model's loss on some rows. */
export interface ExactProducts {
  /** Block at `product` = curvature matrix at the parameters * block at `vector`; byte addresses. */
  multiply(vector: number, product: number): void
  /** Declares that the parameters have moved since the last product. */
  moved(): void
}

/** The caller's answer to an evaluation request. */
export interface Evaluation {
  readonly loss: number
}

/** An iteration's outcome: the evaluation of the point it ends at, and why it was the last, if it was. */
export interface Iteration<E extends Evaluation> {
  readonly evaluation: E
  readonly end: string | undefined
}

/** A solver running on the blocks of a model. */
export interface SolverSession {
  readonly solver: Solver
  /** With the vectors, the complete state. */
  readonly scalars: Scalars
  /** The solver's vectors that hold data, by their index in `solver.vectors`. */
  readonly used: ReadonlySet<number>
  /** Zeroes the solver's vector `index`, before saved values are written to it. */
  clear(index: number): void
  /**
   * One step with synchronous evaluations. If one throws, the parameters are restored.
   * @param exact without it, curvature products are differences of gradients, one evaluation each.
   */
  step(evaluate: () => number, exact?: ExactProducts): Outcome
  /** Called between the forward and the backward pass of an evaluation. */
  between?(): void
  /** State that is neither vectors nor numbers. */
  readonly matrices?: readonly SessionMatrix[]
  /** Called after they were restored. */
  restored?(): void
  /** The rows change: discards the last evaluation. */
  forget(): void
  /**
   * One iteration with asynchronous evaluations; `isFirst` marks the iteration's first one. The evaluation that the
   * previous iteration ended with is reused unless the blocks' version has changed.
   * @param exact as for `step`. @param turn runs before each of its products.
   */
  iterate<E extends Evaluation>(
    evaluate: (isFirst: boolean) => Promise<E>,
    exact?: ExactProducts,
    turn?: () => Promise<void>,
  ): Promise<Iteration<E>>
  /** For evaluations in chunks of rows: adds the chunk's gradient, times its weight, to the sum. */
  addChunk(weight: number, isFirst: boolean): void
  /** gradient = the sum divided by the total weight. */
  meanOfChunks(weight: number): void
}

/** A solver with all its options, as returned by `lbfgs(...)`. It carries its algorithm, so only imported solvers are bundled. */
export interface Solver<Kind extends SolverKind = SolverKind> {
  readonly kind: Kind
  /** All options, defaults filled in. */
  readonly options: object
  /** Names of its vectors. */
  readonly vectors: readonly string[]
  /** Whether it steps on every batch, like a rule, instead of on all rows. */
  readonly stochastic?: boolean
  /** Kinds of its session's matrices. */
  readonly matrices?: readonly string[]
  /**
   * @throws RangeError for an unsuitable loss.
   * @internal
   */
  suits?(loss: CurvatureLoss): void
  /**
   * Adds its ranges to a plan.
   * @internal
   */
  plan?(site: CurvatureSite): BatchCurvature
  /**
   * Needed by some of its ranges; carried by the factory that uses it.
   * @internal
   */
  readonly tangents?: EmitTangents
  /** Whether it cannot run without exact products. */
  readonly needsProducts?: true
  /** Maximum number of trainable parameters. */
  readonly mostParameters?: number
  /**
   * Exact products for a model, run by an engine, on the rows of `data`; layers with batch statistics see batches of `batch` rows.
   * Undefined if the model has none. Carried by the factory that uses it.
   * @internal
   */
  readonly products?: (engine: object, data: DataSet, batch: number) => ExactProducts | undefined
  /**
   * Starts on a space with PARAMETERS, GRADIENT and `vectors`; resumes from `scalars` and saved vectors, or starts from zeros.
   * @internal
   */
  start(space: VectorSpace, scalars?: Scalars): SolverRun
  /**
   * Bytes of scratch for blocks of that many floats with these places.
   * @internal
   */
  scratch(floats: number, places: readonly BlockPlace[]): number
  /**
   * Starts or resumes on the blocks of a model, in which the solver's vectors `used` hold data.
   * @throws TypeError or RangeError for scalars that are not the solver's.
   * @internal
   */
  open(blocks: Blocks, runner: Runner, scalars?: Scalars, used?: readonly number[], batch?: BatchAccess): SolverSession
}

export const SOLVER_KINDS = ['lbfgs', 'conjugateGradient', 'newtonCg', 'naturalGradient', 'kfac'] as const
export type SolverKind = (typeof SOLVER_KINDS)[number]

/** Whether it was made by `absentSolver`. */
export const isAbsent = (solver: unknown): boolean => isSolver(solver) && solver.vectors.length === 0

export const isSolverKind = (kind: unknown): kind is SolverKind => SOLVER_KINDS.some((known) => known === kind)

export const isSolver = (value: unknown): value is Solver =>
  typeof value === 'object' && value !== null && 'start' in value && typeof value.start === 'function'

/** Placeholder for a solver or rule that a file names but the program has not imported: it has no state and cannot train. */
export function absentSolver(kind: string, options: object): Solver {
  const refuse = (): never => {
    throw new Error(
      `the model was trained by ${kind}, which this program does not name; load it with { custom: { ${kind} } } to go on, or compile it anew`,
    )
  }
  return {
    kind: kind as SolverKind,
    options,
    vectors: [],
    start: refuse,
    scratch: () => 0,
    open() {
      const session = { scalars: {}, used: new Set<number>(), clear() {}, step: refuse, forget() {} }
      return { ...session, solver: this, iterate: async () => refuse(), addChunk: refuse, meanOfChunks: refuse }
    },
  }
}

/**
 * Saved scalars in place of fresh ones.
 * @throws TypeError or RangeError unless they have the same names and types and are finite.
 */
export function restoreScalars<State extends Scalars>(where: string, fresh: State, saved: Scalars | undefined): State {
  if (saved === undefined) return fresh
  checkOptions(where, saved, Object.keys(fresh))
  for (const [name, value] of Object.entries(fresh)) {
    const given: unknown = saved[name]
    if (Array.isArray(value) !== Array.isArray(given)) {
      throw new TypeError(
        `${where}: "${name}" must be ${Array.isArray(value) ? 'an array' : 'a number'}, got ${show(given)}`,
      )
    }
    for (const number of [given].flat()) checkNumber(where, name, number)
  }
  return structuredClone(saved) as State
}

/** The rate of a solver's step 0, 1, 2, ...; 1 for solvers without one. */
export function solverRateAt({ options }: Solver, index: number): number {
  const { learningRate } = options as { learningRate?: number | 'adaptive' | ((index: number) => number) }
  if (typeof learningRate === 'function') return learningRate(index)
  return typeof learningRate === 'number' ? learningRate : 1
}
