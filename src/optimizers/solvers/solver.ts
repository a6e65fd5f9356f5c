/**
 * The seam between methods that choose their own evaluations and whoever evaluates for them.
 *
 * A rule maps one gradient to one update. A solver decides while it runs where the loss is needed next: it is a generator
 * that yields requests and receives losses, so that the same code serves callers that answer at once (`minimize`,
 * `trainStep`) and callers that answer later (`fit`, over chunks of rows, threads and the event loop). It touches the
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

/** A model's memory: parallel blocks of float32, laid out alike. */
export interface Blocks {
  /** Tensors, by their floats in each block; a solver moves the trainable ones. */
  readonly tensors: readonly { readonly offset: number; readonly count: number; readonly trainable: boolean }[]
  readonly places: readonly BlockPlace[]
  readonly arena: Arena
  /** Byte addresses. `states`: one for each of the solver's vectors, and one for each of WORK_VECTORS. */
  readonly parameters: number
  readonly gradients: number | undefined
  readonly states: readonly number[]
  /** Room for `Solver.scratch` bytes. */
  readonly scratch: number
  /** Another number after parameters or gradients were changed by others than the solver. */
  readonly version: number
  /** All of the block at an address. */
  view(address: number): Float32Array
}

/** What a session needs beside its solver's own vectors: the sum over chunks of rows, and room for differences of gradients. */
export const WORK_VECTORS = ['chunks', 'differenceParameters', 'differenceGradient'] as const

/** Exact products with the curvature of a model's loss on some rows. */
export interface ExactProducts {
  /** The block at `product` = the curvature matrix at the parameters, times the block at `vector`: byte addresses. */
  multiply(vector: number, product: number): void
  /** The parameters have moved since the last product. */
  moved(): void
}

/** What the caller found where a solver asked. */
export interface Evaluation {
  readonly loss: number
}

/** An iteration's outcome: the evaluation of the point it ends at, and why it was the last, if it was. */
export interface Iteration<E extends Evaluation> {
  readonly evaluation: E
  readonly end: string | undefined
}

/** A solver at work on the blocks of a model. */
export interface SolverSession {
  readonly solver: Solver
  /** With the vectors, all there is to know for going on. */
  readonly scalars: Scalars
  /** The solver's own vectors that hold anything, by their index in `solver.vectors`. */
  readonly used: ReadonlySet<number>
  /** Makes room for saved values of the solver's own vector `index`: zeros. */
  clear(index: number): void
  /**
   * A step, its evaluations made at once. When one throws, the parameters are where they were.
   * @param exact without it, products with the curvature are differences of gradients, an evaluation each.
   */
  step(evaluate: () => number, exact?: ExactProducts): Outcome
  /** What is to be done between the two passes of an evaluation. */
  between?(): void
  /** State that is neither vectors nor numbers. */
  readonly matrices?: readonly SessionMatrix[]
  /** After they were written. */
  restored?(): void
  /** Other rows come: what was evaluated last says nothing about them. */
  forget(): void
  /**
   * One iteration, its evaluations made in the caller's time; `isFirst` says which is the iteration's first. The evaluation that the
   * last one ended with is not made again, unless the blocks have another version since.
   * @param exact as of `step`. @param turn comes before each of its products.
   */
  iterate<E extends Evaluation>(
    evaluate: (isFirst: boolean) => Promise<E>,
    exact?: ExactProducts,
    turn?: () => Promise<void>,
  ): Promise<Iteration<E>>
  /** For evaluations in chunks of rows: adds the gradient of a chunk, times its weight, to the sum. */
  addChunk(weight: number, isFirst: boolean): void
  /** Makes the sum, over the weight of all chunks, the gradient. */
  meanOfChunks(weight: number): void
}

/** A method with all its options: what `lbfgs(...)` returns. It brings its algorithm along: what is not imported is not bundled. */
export interface Solver<Kind extends SolverKind = SolverKind> {
  readonly kind: Kind
  /** All options, defaults filled in. */
  readonly options: object
  /** Names of its vectors. */
  readonly vectors: readonly string[]
  /** Whether it takes a step on every batch, as rules do, and not on all rows. */
  readonly stochastic?: boolean
  /** Names of the kinds of its session's matrices. */
  readonly matrices?: readonly string[]
  /**
   * @throws RangeError for a loss that it is not for.
   * @internal
   */
  suits?(loss: CurvatureLoss): void
  /**
   * Puts ranges of its own into a plan.
   * @internal
   */
  plan?(site: CurvatureSite): BatchCurvature
  /**
   * For its ranges: a factory that has it brings it along.
   * @internal
   */
  readonly tangents?: EmitTangents
  /** It is nothing without exact products. */
  readonly needsProducts?: true
  /** Most parameters that may train. */
  readonly mostParameters?: number
  /**
   * Exact products on rows of the model that an engine runs, which layers with batch statistics see in batches of `batch`; undefined
   * where there are none. A factory that has them brings them along.
   * @internal
   */
  readonly products?: (engine: object, data: DataSet, batch: number) => ExactProducts | undefined
  /**
   * Starts on a space with PARAMETERS, GRADIENT and `vectors`; from `scalars` and vectors saved before, or from zeros.
   * @internal
   */
  start(space: VectorSpace, scalars?: Scalars): SolverRun
  /**
   * Bytes of scratch that it needs on blocks of so many floats with these places.
   * @internal
   */
  scratch(floats: number, places: readonly BlockPlace[]): number
  /**
   * The same on the blocks of a model, which hold the vectors `used` of the solver's own.
   * @throws TypeError or RangeError for scalars that are not the solver's.
   * @internal
   */
  open(blocks: Blocks, runner: Runner, scalars?: Scalars, used?: readonly number[], batch?: BatchAccess): SolverSession
}

export const SOLVER_KINDS = ['lbfgs', 'conjugateGradient', 'newtonCg', 'naturalGradient', 'kfac'] as const
export type SolverKind = (typeof SOLVER_KINDS)[number]

/** Whether it is what `absentSolver` makes. */
export const isAbsent = (solver: unknown): boolean => isSolver(solver) && solver.vectors.length === 0

export const isSolverKind = (kind: unknown): kind is SolverKind => SOLVER_KINDS.some((known) => known === kind)

export const isSolver = (value: unknown): value is Solver =>
  typeof value === 'object' && value !== null && 'start' in value && typeof value.start === 'function'

/** In the place of a solver or rule that a file names and the program has not brought along: it has no state, and cannot train. */
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
 * The scalars that were saved, in the place of fresh ones.
 * @throws TypeError or RangeError unless they have the same names and kinds and are finite.
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

/** The rate of a solver's step 0, 1, 2, ...; 1 for solvers that have none. */
export function solverRateAt({ options }: Solver, index: number): number {
  const { learningRate } = options as { learningRate?: number | 'adaptive' | ((index: number) => number) }
  if (typeof learningRate === 'function') return learningRate(index)
  return typeof learningRate === 'number' ? learningRate : 1
}
