/** How a model's loss bends: products of its curvature with vectors. */
import type { CurvatureKind } from '../compiler/curvature.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { Differences } from '../engine/differences.ts'
import { Products } from '../engine/products.ts'
import { checkOptions, show } from '../lib/check.ts'
import type { AnyTargets } from './compileOptions.ts'
import type { StepOptions } from './headData.ts'
import type { AnyModel } from './model.ts'

/**
 * H v, H the Hessian of the loss on these rows by the parameters: all of them in a row in the order of `gradients`, as `v` is.
 * Exact, by forward over reverse (Pearlmutter 1994, "Fast Exact Multiplication by the Hessian"), at the price of about two
 * gradients. PyTorch's `torch.func.jvp` of `grad`, JAX's `jvp` of `grad`.
 *
 * The loss is that of `gradients`, regularizers included, without dropout and noise, which would make it no function of the parameters:
 * layers that normalize by the batch see all rows as one. Second derivatives at kinks are 0. What does not train is held fixed: its
 * entries of `v` do not count, and those of the product are 0. Nothing of the model changes.
 * Losses that are computed in JavaScript, and the layers that docs/curvature.md names, have no second derivatives: with them the product
 * is a central difference of gradients, which keeps three to four digits.
 * `sampleWeight` weighs rows.
 * @throws TypeError or RangeError naming the argument; Error unless the model is compiled with a loss.
 */
export function hessianVectorProduct(
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  v: ArrayLike<number>,
  options: StepOptions<string> = {},
): Float32Array {
  return product('hessianVectorProduct', 'hessian', model, x, y, v, options)
}

/**
 * G v, G = the mean over the rows of Jᵀ H J: J the Jacobian of a row's outputs by the parameters, H the Hessian of its loss by
 * these outputs (Schraudolph 2002). Outputs are those that the loss is computed of: logits where softmax or sigmoid are part of
 * the loss. It has no negative eigenvalues where the loss is convex in the outputs, and for cross entropies and the squared error it
 * is the Fisher matrix. Everything else is as for `hessianVectorProduct`.
 * @throws TypeError or RangeError naming the argument, or the loss or layer that has no second derivatives; Error unless the model is
 * compiled with a loss.
 */
export function gaussNewtonVectorProduct(
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  v: ArrayLike<number>,
  options: StepOptions<string> = {},
): Float32Array {
  return product('gaussNewtonVectorProduct', 'gaussNewton', model, x, y, v, options)
}

function product(
  where: string,
  curvature: CurvatureKind,
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  v: ArrayLike<number>,
  options: StepOptions<string>,
): Float32Array {
  const task = model.task(where)
  checkOptions(where, options, ['sampleWeight'])
  const data = task.readBatch(where, x, y as Targets, options.sampleWeight as ArrayLike<number> | undefined)
  checkVector(where, v, model.countParameters())
  const obstacle = Products.obstacle(model.engine)
  if (!obstacle) return new Products(model.engine, data, curvature).times(v)
  if (curvature === 'hessian') return new Differences(model.engine, data).times(v)
  throw new RangeError(`${where}: the model has no Gauss-Newton products: ${obstacle}; use hessianVectorProduct`)
}

/** @throws TypeError or RangeError unless it has a finite number for every parameter. */
function checkVector(where: string, v: unknown, size: number): void {
  if (typeof v !== 'object' || v === null || !('length' in v) || typeof v.length !== 'number') {
    throw new TypeError(`${where}: "v" must be an array of ${size} numbers, one a parameter, got ${show(v)}`)
  }
  if (v.length !== size)
    throw new RangeError(`${where}: "v" must have ${size} numbers, one a parameter, got ${v.length}`)
  const values = v as ArrayLike<number>
  for (let i = 0; i < size; i++) {
    if (typeof values[i] !== 'number' || !Number.isFinite(values[i]))
      throw new RangeError(`${where}: "v" must be finite, got ${show(values[i])} at ${i}`)
  }
}
