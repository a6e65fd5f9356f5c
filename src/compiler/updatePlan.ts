/** What follows the passes of a step: clipping, running statistics, and the optimizer's pass over all or some parameters. */
import type { Range } from '../machine/program.ts'
import { emitClipping, emitPenalties, emitUpdates, type Objective } from './objective.ts'
import type { ProgramBuilder, Share } from './programBuilder.ts'
import type { Tensor } from './updates.ts'

export interface UpdatePlan {
  /**
   * Clipping, running statistics and the optimizer's pass. Reads the gradient block as left by `gradients` or modified
   * since, the batch's statistics, and a record with the same number of rows.
   */
  readonly update: Range
  /** The part of the update that blends the batch's statistics into the running ones. */
  readonly statistics: Range
  /** The first step that changes parameters or state: from there on a started update must be finished. */
  readonly commit: number
}

/** The end of a step of ranks that share a batch, after their gradients were summed. */
export interface JointPlan extends UpdatePlan {
  /** Regularizers' gradients, and the update of all parameters or of this rank's shard. */
  readonly rest: Range
}

/** Clipping, running statistics and the optimizer's pass: over all parameters or a shard. */
export function planUpdate(builder: ProgramBuilder, objective: Objective, share?: Share): UpdatePlan {
  let statistics = builder.span(0, 0)
  const update = builder.range(() => {
    emitClipping(builder, objective)
    statistics = builder.range(() => builder.emitDeferred(share !== undefined))
    emitUpdates(builder, objective, share && ((tensor) => cut(tensor, share)))
  })
  return { update, statistics, commit: statistics[0] }
}

/**
 * An update that only visits the looked-up rows of sparse tables: valid for gradients just computed and not modified since. Otherwise,
 * and without such tables, `planUpdate` is used.
 */
export function planVisits(builder: ProgramBuilder, objective: Objective): { end: number; commit: number } | undefined {
  if (Object.keys(builder.sparse).length === 0) return undefined
  const commit = builder.steps.length
  builder.emitDeferred(true)
  emitUpdates(builder, objective, (tensor) => (tensor.offset in builder.sparse ? { ...tensor, count: 0 } : tensor))
  builder.emitVisits()
  builder.sparse = {}
  return { end: builder.steps.length, commit }
}

/** The end of a step of ranks that share a batch, if it differs from that of a single process. */
export function planJoint(builder: ProgramBuilder, objective: Objective, share: Share): JointPlan {
  const { gradients } = builder.site
  const from = builder.steps.length
  emitPenalties(builder, gradients, objective.isTrainable)
  const updating = planUpdate(builder, objective, share)
  return { rest: builder.span(from, updating.update[1]), ...updating }
}

export const WHOLE: Share = { from: 0, to: Number.POSITIVE_INFINITY }

/** A shard's part of a tensor, for elementwise rules. */
function cut(tensor: Tensor, share: Share): Tensor {
  const offset = Math.max(tensor.offset, share.from)
  const end = Math.min(tensor.offset + tensor.count, share.to)
  return { ...tensor, offset, count: Math.max(0, end - offset) }
}
