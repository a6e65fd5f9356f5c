/** Curvature products from gradients only. */
import { EVALUATE, GRADIENT, PARAMETERS, type Solving, type Vector, type VectorSpace } from './solver.ts'

/** Two vectors that the solver itself does not use. */
export interface DifferenceVectors {
  readonly parameters: Vector
  readonly gradient: Vector
}

/**
 * Forwards a solver's evaluation requests and answers its curvature products by a forward difference of gradients, one evaluation each:
 *
 *   H v = (∇f(x + h v) - ∇f(x)) / h,   h = sqrt(ε) (1 + |x|) / |v|
 *
 * (Nocedal and Wright 2006, section 8.1). h balances the rounding of x + h v against the curvature of the gradient.
 */
export function* byDifferences<Result>(
  space: VectorSpace,
  solving: Solving<Result>,
  { parameters, gradient }: DifferenceVectors,
): Solving<Result> {
  let next = solving.next()
  try {
    while (!next.done) {
      const request = next.value
      if (request.kind === 'evaluate') {
        next = solving.next(yield request)
        continue
      }
      const { vector, product } = request
      const length = Math.sqrt(space.dot(vector, vector))
      const step = (Math.sqrt(space.epsilon) * (1 + Math.sqrt(space.dot(PARAMETERS, PARAMETERS)))) / length
      space.copy(PARAMETERS, parameters)
      space.copy(GRADIENT, gradient)
      space.axpy(step, vector, PARAMETERS)
      try {
        yield EVALUATE
      } finally {
        space.copy(parameters, PARAMETERS)
      }
      space.copy(GRADIENT, product)
      space.axpy(-1, gradient, product)
      space.scale(1 / step, product)
      space.copy(gradient, GRADIENT)
      next = solving.next(0)
    }
    return next.value
  } finally {
    // lets the solver restore its parameters
    if (!next.done) solving.return(undefined as never)
  }
}
