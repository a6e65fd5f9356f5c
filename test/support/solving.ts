/** Solvers on functions, step by step, below `minimize`. */
import { ArraySpace } from '../../src/optimizers/solvers/arraySpace.ts'
import {
  GRADIENT,
  type Outcome,
  PARAMETERS,
  type Scalars,
  type Solver,
  type SolverRun,
  type Solving,
  type StepLimits,
} from '../../src/optimizers/solvers/solver.ts'
import type { Objective, Vector } from './objectives.ts'

export const PRECISIONS = { float32: Float32Array, float64: Float64Array } as const
export type Precision = keyof typeof PRECISIONS

/** B v, for solvers that ask for products with the curvature matrix. */
export type Product = (x: Vector, v: Vector, product: Vector) => void

export class Trial {
  readonly space: ArraySpace<Float32Array> | ArraySpace<Float64Array>
  readonly run: SolverRun
  readonly #f: Objective
  readonly #product: Product | undefined
  evaluations = 0
  products = 0
  /** Losses in the order of their evaluation. */
  readonly losses: number[] = []

  constructor(
    solver: Solver,
    x0: ArrayLike<number>,
    f: Objective,
    { precision = 'float64', product }: { precision?: Precision; product?: Product } = {},
    saved?: Scalars,
  ) {
    this.space =
      precision === 'float32' ? new ArraySpace(Float32Array, x0.length) : new ArraySpace(Float64Array, x0.length)
    this.x.set(x0)
    this.#f = f
    this.#product = product
    this.run = solver.start(this.space, saved)
  }

  get x(): Vector {
    return this.space.entries(PARAMETERS)
  }

  get gradient(): Vector {
    return this.space.entries(GRADIENT)
  }

  evaluate(): number {
    this.gradient.fill(Number.NaN)
    this.evaluations++
    const loss = this.#f(this.x, this.gradient)
    this.losses.push(loss)
    return loss
  }

  /** Answers every request of a computation. */
  answer<Result>(solving: Solving<Result>): Result {
    let next = solving.next()
    while (!next.done) {
      const request = next.value
      if (request.kind === 'evaluate') next = solving.next(this.evaluate())
      else {
        if (!this.#product) throw new Error('no curvature products here')
        this.products++
        this.#product(this.x, this.space.entries(request.vector), this.space.entries(request.product))
        next = solving.next(0)
      }
    }
    return next.value
  }

  step(limits?: StepLimits): Outcome {
    return this.answer(this.run.step(limits))
  }
}
