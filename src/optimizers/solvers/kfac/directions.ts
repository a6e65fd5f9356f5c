/** The batch's loss as a quadratic function of the step lengths along the new direction and the previous step. */
import type { BatchAccess, Rows } from '../batchCurvature.ts'
import type { Blocks } from '../solver.ts'
import type { Quadratic } from './quadratic.ts'

export interface Directions {
  readonly blocks: Blocks
  readonly batch: BatchAccess
  /** Byte address of the block of the new direction. */
  readonly direction: number
  /** Byte address of the block of the previous step, if any. */
  readonly velocity: number | undefined
  /** Sum over all trainable factored layers. */
  sum(range: 'size' | 'turn' | 'reach' | 'course'): number
}

/**
 * The model with C = Jᵀ H J / rows + damping I, J the Jacobian of the outputs and H the Hessian of each row's loss: kfac-jax with
 * `always_use_exact_qmodel_for_damping_adjustment`. Two forward passes along each direction.
 * @param slope the directional derivative of the loss.
 */
export function quadraticAlong(directions: Directions, slope: number, damping: number): Quadratic {
  const { batch, direction, velocity, sum } = directions
  batch.run('values', 1)
  const [tangent, curved] = tangentsAlong(directions, direction)
  const dd = dot(tangent, curved) + damping * sum('size')
  if (velocity === undefined) return { slopes: [slope, 0], curvatures: [dd, 0, 0] }
  const [before, curvedBefore] = tangentsAlong(directions, velocity)
  return {
    slopes: [slope, sum('course')],
    curvatures: [
      dd,
      dot(tangent, curvedBefore) + damping * sum('turn'),
      dot(before, curvedBefore) + damping * sum('reach'),
    ],
  }
}

/** J p and H J p / rows, row-major, p the block at an address. */
function tangentsAlong({ blocks, batch }: Directions, address: number): [Float32Array, Float32Array] {
  blocks.view(batch.region('probe').address).set(blocks.view(address))
  batch.run('along', 1)
  return [rowsOf(blocks, batch, 'tangent'), rowsOf(blocks, batch, 'curved')]
}

/** A copy without row padding. */
function rowsOf({ arena }: Blocks, { rows, region }: BatchAccess, name: string): Float32Array {
  const { address, cols, stride }: Rows = region(name)
  const out = new Float32Array(rows * cols)
  for (let r = 0; r < rows; r++) out.set(arena.floats(address + r * stride, cols), r * cols)
  return out
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
