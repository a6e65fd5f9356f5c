/** Newton-CG as models use it: with exact products. */
import type { DataSet } from '../data/dataset.ts'
import { newtonCg as byDifferences, type NewtonCgOptions } from '../optimizers/solvers/newtonCg.ts'
import type { ExactProducts, Solver } from '../optimizers/solvers/solver.ts'
import { Products } from './products.ts'
import { Propagation } from './propagation.ts'

/** The factory, whose solvers bring exact products along; they take differences of gradients where a model has none. */
export const newtonCg: typeof byDifferences = (options) => {
  const solver = byDifferences(options)
  const { curvature } = solver.options as Required<NewtonCgOptions>
  return Object.freeze({
    ...solver,
    products: (engine: object, data: DataSet, batch: number) => exactProducts(engine, data, batch, curvature),
  }) satisfies Solver<'newtonCg'>
}

function exactProducts(
  engine: object,
  data: DataSet,
  batch: number,
  curvature: 'hessian' | 'gaussNewton',
): ExactProducts | undefined {
  if (!(engine instanceof Propagation) || Products.obstacle(engine)) return undefined
  const { storage } = engine
  const products = new Products(engine, data, curvature, { batch })
  return {
    multiply(vector, product) {
      const total = products.multiply((direction) => storage.view(direction).set(storage.view(vector)))
      storage.view(product).set(storage.view(total))
    },
    moved: () => products.moved(),
  }
}
