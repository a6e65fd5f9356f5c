/** Curvature products of a model's loss. */
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
 * H v, H the Hessian of the loss on these rows with respect to the parameters; v and the result are concatenated like the result of
 * `gradients`. Exact, by forward-over-reverse differentiation (Pearlmutter 1994, "Fast Exact Multiplication by the Hessian"), at the
 * cost of about two gradients. PyTorch's `torch.func.jvp` of `grad`, JAX's `jvp` of `grad`.
 *
 * The loss is that of `gradients`, including regularizers, without dropout and noise, so that it is a function of the parameters;
 * layers with batch statistics see all rows as one batch. Second derivatives at kinks are 0. Parameters that are not trainable are
 * held constant: their entries of `v` are ignored, and those of the product are 0. The model is unchanged.
 * Losses computed in JavaScript, and the layers listed in docs/curvature.md, have no second derivatives: with them the product
 * is a central difference of gradients, accurate to three or four digits.
 * Rows are weighted by `sampleWeight`.
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
 * G v, G = the mean over the rows of Jᵀ H J: J the Jacobian of a row's outputs with respect to the parameters, H the Hessian of its
 * loss with respect to the outputs (Schraudolph 2002). Outputs are the inputs of the loss: logits if softmax or sigmoid are fused
 * with it. G is positive semidefinite if the loss is convex in the outputs, and equals the Fisher matrix for cross entropies and
 * squared error. Everything else as for `hessianVectorProduct`.
 * @throws TypeError or RangeError naming the argument, or the loss or layer without second derivatives; Error unless the model is
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

/** @throws TypeError or RangeError unless it has a finite number per parameter. */
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
