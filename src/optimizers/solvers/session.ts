/** Solver runs on a model. Imported by the solver factories only, so that other programs do not bundle it. */
import type { Runner } from '../../machine/runner.ts'
import { BlockSpace } from './blockSpace.ts'
import { byDifferences } from './differences.ts'
import {
  type Blocks,
  type CurvatureRequest,
  type Evaluation,
  type ExactProducts,
  FIRST_VECTOR,
  GRADIENT,
  type Iteration,
  type Outcome,
  PARAMETERS,
  type Scalars,
  type Solver,
  type SolverRun,
  type SolverSession,
  type Solving,
  type Status,
  type StepLimits,
  type Vector,
} from './solver.ts'
import { unitBytes } from './vectorUnit.ts'

function open(
  this: Solver,
  blocks: Blocks,
  runner: Runner,
  scalars?: Scalars,
  used: readonly number[] = [],
): SolverSession {
  return new BlockSession(this, new BlockSpace(blocks, runner, vectorsIn(used)), blocks, scalars)
}

/** How every solver runs on the blocks of a model. */
export const onBlocks = { open, scratch: unitBytes }

/** The vectors in use: a model's own, and those of a solver by their index in its list. */
const vectorsIn = (used: readonly number[]): Vector[] => [
  PARAMETERS,
  GRADIENT,
  ...used.map((index) => FIRST_VECTOR + index),
]

/** Why training ends after an iteration; undefined: it continues. */
const ENDS: Readonly<Record<Status, string | undefined>> = {
  limit: undefined,
  gradient: 'converged: no entry of the gradient exceeds toleranceGradient',
  change: 'converged: the loss or the parameters change by no more than toleranceChange',
  noDescent: 'no step along the steepest descent lowers the loss',
  diverged: 'the loss or its gradient is not finite',
}

/** A solver run on blocks; the caller performs its evaluations. */
class BlockSession implements SolverSession {
  readonly solver: Solver
  readonly #space: BlockSpace
  readonly #blocks: Blocks
  /** Accumulates the gradients of chunks of rows; the first of WORK_VECTORS. */
  readonly #chunks: Vector
  readonly #run: SolverRun
  /** The evaluation that the last iteration ended with, and the blocks' version then. */
  #last: { readonly evaluation: Evaluation; readonly version: number } | undefined

  /** @param scalars those of a resumed session. */
  constructor(solver: Solver, space: BlockSpace, blocks: Blocks, scalars: Scalars | undefined) {
    this.solver = solver
    this.#space = space
    this.#blocks = blocks
    this.#chunks = FIRST_VECTOR + solver.vectors.length
    this.#run = solver.start(space, scalars)
  }

  get scalars(): Scalars {
    return this.#run.scalars
  }

  get used(): ReadonlySet<number> {
    return new Set([...this.solver.vectors.keys()].filter((i) => this.#space.isUsed(FIRST_VECTOR + i)))
  }

  clear(index: number): void {
    this.#space.block(FIRST_VECTOR + index).fill(0)
  }

  step(evaluate: () => number, exact?: ExactProducts, limits?: StepLimits): Outcome {
    const solving = this.#begin(limits, exact)
    try {
      let next = solving.next()
      while (!next.done) {
        const request = next.value
        if (request.kind === 'evaluate') next = solving.next(evaluate())
        else next = solving.next(this.#multiply(request, exact))
        if (!next.done && next.value.kind === 'evaluate') exact?.moved()
      }
      return next.value
    } finally {
      solving.return(undefined as never)
    }
  }

  forget(): void {
    this.#last = undefined
  }

  async iterate<E extends Evaluation>(
    evaluate: (isFirst: boolean) => Promise<E>,
    exact?: ExactProducts,
    turn: () => Promise<void> = async () => {},
  ): Promise<Iteration<E>> {
    const blocks = this.#blocks
    const known = this.#last?.version === blocks.version ? (this.#last.evaluation as E) : undefined
    const evaluations = known ? [known] : []
    let isFirst = true
    const outcome = await this.#settle(
      async () => {
        const evaluation = await evaluate(isFirst)
        isFirst = false
        evaluations.push(evaluation)
        return evaluation.loss
      },
      { loss: known?.loss, maxIterations: 1 },
      exact,
      turn,
    )
    // the last step of fixed length ends at a point that was not evaluated
    const reached = evaluations.findLast(({ loss }) => loss === outcome.loss)
    this.#last = reached && { evaluation: reached, version: blocks.version }
    return { evaluation: reached ?? evaluations[evaluations.length - 1], end: ENDS[outcome.status] }
  }

  addChunk(weight: number, isFirst: boolean): void {
    const space = this.#space
    if (isFirst) {
      space.copy(GRADIENT, this.#chunks)
      space.scale(weight, this.#chunks)
    } else {
      space.axpy(weight, GRADIENT, this.#chunks)
    }
  }

  meanOfChunks(weight: number): void {
    this.#space.copy(this.#chunks, GRADIENT)
    this.#space.scale(1 / weight, GRADIENT)
  }

  async #settle(
    evaluate: () => Promise<number>,
    limits: StepLimits,
    exact: ExactProducts | undefined,
    turn: () => Promise<void>,
  ): Promise<Outcome> {
    const solving = this.#begin(limits, exact)
    try {
      let next = solving.next()
      while (!next.done) {
        const request = next.value
        if (request.kind === 'evaluate') next = solving.next(await evaluate())
        else {
          await turn()
          next = solving.next(this.#multiply(request, exact))
        }
        if (!next.done && next.value.kind === 'evaluate') exact?.moved()
      }
      return next.value
    } finally {
      solving.return(undefined as never)
    }
  }

  #multiply({ vector, product }: CurvatureRequest, exact: ExactProducts | undefined): number {
    exact?.multiply(this.#space.address(vector), this.#space.address(product))
    return 0
  }

  #begin(limits: StepLimits | undefined, exact: ExactProducts | undefined): Solving<Outcome> {
    const { kind, needsProducts } = this.solver
    if (needsProducts && !exact)
      throw new Error(
        `${kind}: steps need targets and the loss that compile is given; a loss in JavaScript has no matrix`,
      )
    const solving = this.#run.step(limits)
    if (exact) return solving
    const difference = { parameters: this.#chunks + 1, gradient: this.#chunks + 2 }
    return byDifferences(this.#space, solving, difference)
  }
}
