/** Ops on the gradient block between the backward pass and the update; their equations are in src/abi/ops.ts. */
import * as abi from '../../abi/gradients.ts'
import * as codes from '../../abi/ops.ts'
import { type Address, type Count, type Float, type Int, type Optional, op, type Stride } from './op.ts'

// passes over the gradients of different tensors are independent
export const penalty = op(
  codes.OP_PENALTY,
  'chunks',
  {
    parameters: abi.PENALTY_PARAMETERS as Address,
    gradients: abi.PENALTY_GRADIENTS as Optional<Address>,
    count: abi.PENALTY_COUNT as Count,
    partials: abi.PENALTY_PARTIALS as Address,
  },
  { l1: abi.PENALTY_L1 as Float, l2: abi.PENALTY_L2 as Float },
  { overlaps: [codes.OP_PENALTY], inPlace: ['gradients'] },
)

// only the main thread accesses records
export const penaltySum = op(
  codes.OP_PENALTY_SUM,
  'none',
  { partials: abi.PENALTY_SUM_PARTIALS as Address, count: abi.PENALTY_SUM_COUNT as Count },
  {},
  { overlaps: 'any' },
)

const activities = {
  y: abi.ACTIVITY_Y as Address,
  stride: abi.ACTIVITY_STRIDE as Stride,
  cols: abi.ACTIVITY_COLS as Count,
}
const factors = { l1: abi.ACTIVITY_L1 as Float, l2: abi.ACTIVITY_L2 as Float }
export const activity = op(codes.OP_ACTIVITY, 'none', activities, factors)
export const activityBack = op(
  codes.OP_ACTIVITY_BACK,
  'rows',
  { ...activities, dy: abi.ACTIVITY_DY as Address, to: abi.ACTIVITY_TO as Address },
  factors,
)

const norm = {
  gradients: abi.CLIP_GRADIENTS as Address,
  count: abi.CLIP_COUNT as Count,
  partials: abi.CLIP_PARTIALS as Address,
  order: abi.CLIP_ORDER as Int,
}
export const gradientSums = op(codes.OP_GRADIENT_SUMS, 'chunks', norm, {}, { overlaps: [codes.OP_GRADIENT_SUMS] })
export const clipNorm = op(
  codes.OP_CLIP_NORM,
  'vectors',
  norm,
  { limit: abi.CLIP_LIMIT as Float },
  { overlaps: [codes.OP_CLIP_NORM], inPlace: ['gradients'] },
)
export const clipValue = op(
  codes.OP_CLIP_VALUE,
  'vectors',
  { gradients: abi.CLIP_GRADIENTS as Address, count: abi.CLIP_COUNT as Count },
  { limit: abi.CLIP_LIMIT as Float },
  { inPlace: ['gradients'] },
)
