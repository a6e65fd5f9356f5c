/** Solver factories for models, with exact curvature products. */
import type { CurvatureKind } from '../compiler/curvature.ts'
import { emitTangents } from '../compiler/tangents.ts'
import type { DataSet } from '../data/dataset.ts'
import { kfac as byFactors } from '../optimizers/solvers/kfac/kfac.ts'
import { naturalGradient as ofFisher } from '../optimizers/solvers/naturalGradient.ts'
import { newtonCg as byDifferences, type NewtonCgOptions } from '../optimizers/solvers/newtonCg.ts'
import type { ExactProducts, Solver } from '../optimizers/solvers/solver.ts'
import { Products } from './products.ts'
import { Propagation } from './propagation.ts'

/** The factory, carrying exact products; for models without them it uses differences of gradients. */
export const newtonCg: typeof byDifferences = (options) => {
  const solver = byDifferences(options)
  const { curvature } = solver.options as Required<NewtonCgOptions>
  return Object.freeze({
    ...solver,
    products: (engine: object, data: DataSet, batch: number) =>
      engine instanceof Propagation && !Products.obstacle(engine)
        ? exactly(new Products(engine, data, curvature, { batch }))
        : undefined,
  }) satisfies Solver<'newtonCg'>
}

/** The factory, carrying products with the Fisher matrix. */
export const naturalGradient: typeof ofFisher = (options) =>
  Object.freeze({ ...ofFisher(options), products: fisherProducts }) satisfies Solver<'naturalGradient'>

/** The factory, carrying tangents. */
export const kfac: typeof byFactors = (options) =>
  Object.freeze({ ...byFactors(options), tangents: emitTangents }) satisfies Solver<'kfac'>

/** @throws RangeError for a model without such products. */
function fisherProducts(engine: object, data: DataSet, batch: number): ExactProducts | undefined {
  if (!(engine instanceof Propagation)) return undefined
  const obstacle = Products.obstacle(engine)
  if (obstacle) throw new RangeError(`naturalGradient: the model has no Fisher matrix: ${obstacle}`)
  const curvature: CurvatureKind = 'gaussNewton'
  return exactly(new Products(engine, data, curvature, { batch, penalties: false }))
}

const exactly = (products: Products): ExactProducts => ({
  multiply: (vector, product) => products.multiplyBlocks(vector, product),
  moved: () => products.moved(),
})
