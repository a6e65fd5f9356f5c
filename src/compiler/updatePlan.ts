/** What follows the passes of a step: clipping, running statistics, and the optimizer's pass over all parameters or some. */
import type { Range } from '../machine/program.ts'
import { emitClipping, emitPenalties, emitUpdates, type Objective } from './objective.ts'
import type { ProgramBuilder, Share } from './programBuilder.ts'
import type { Tensor } from './updates.ts'

export interface UpdatePlan {
  /**
   * Clipping, running statistics and the optimizer's pass, on what `gradients` left: the gradient block, which may have been
   * changed since, the batch's statistics, and a record of as many rows.
   */
  readonly update: Range
  /** Of the update only what takes the batch's statistics into the running ones. */
  readonly statistics: Range
  /** The first step that changes parameters or state: from it on an update that has begun is finished. */
  readonly commit: number
}

/** The end of a step of processes that share a batch, whose gradients have been added up. */
export interface JointPlan extends UpdatePlan {
  /** Regularizers' gradients, and the update: of all parameters, or of the process's share. */
  readonly rest: Range
}

/** Clipping, running statistics and the optimizer's pass: over all parameters, or over a share, with all to follow. */
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
 * An update that visits only rows of sparse tables that occurred: on the gradients just left, which nothing has changed since. Others take
 * `planUpdate`, as all do where there are no such tables.
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

/** The end of a step of processes that share a batch, where it is not simply what follows the passes. */
export function planJoint(builder: ProgramBuilder, objective: Objective, share: Share): JointPlan {
  const { gradients } = builder.site
  const from = builder.steps.length
  emitPenalties(builder, gradients, objective.isTrainable)
  const updating = planUpdate(builder, objective, share)
  return { rest: builder.span(from, updating.update[1]), ...updating }
}

export const WHOLE: Share = { from: 0, to: Number.POSITIVE_INFINITY }

/** What a share has of a tensor, for rules that take every number by itself. */
function cut(tensor: Tensor, share: Share): Tensor {
  const offset = Math.max(tensor.offset, share.from)
  const end = Math.min(tensor.offset + tensor.count, share.to)
  return { ...tensor, offset, count: Math.max(0, end - offset) }
}
