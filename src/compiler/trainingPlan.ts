/** Training with a loss that the machine computes: the ranges of a whole step, and of its parts. */
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import * as ops from '../machine/ops/ops.ts'
import { patch, type Range } from '../machine/program.ts'
import type { BatchCurvature } from '../optimizers/solvers/batchCurvature.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'
import { curvatureSite } from './batchCurvature.ts'
import { type FusedPlan, planFused } from './fusedUpdates.ts'
import {
  type Batch,
  below,
  emitBackward,
  emitGather,
  emitLoss,
  emitPenalties,
  type Judged,
  type Passed,
  sparseOf,
  type Visible,
  visibleOf,
} from './objective.ts'
import type { ProgramBuilder } from './programBuilder.ts'
import { type JointPlan, planJoint, planUpdate, planVisits, type UpdatePlan, WHOLE } from './updatePlan.ts'

/** The source of batches: packed rows of a data set, and the table of row numbers. */
export interface Source {
  readonly features: number
  readonly targets: number
  /** 0: all rows weigh the same. */
  readonly weights: number
  readonly order: number
}

export interface TrainingPlan extends Batch, UpdatePlan {
  /** Outputs of a training step: probabilities, or logits if the loss takes logits. */
  readonly outputs: Matrix
  /** Outputs of `evaluate`. */
  readonly evaluateOutputs: Matrix
  readonly evaluate: Range
  /** Likewise in training mode; writes `outputs`. */
  readonly evaluateTrial: Range
  /** What `gradients` leaves for each layer: outputs, and gradients of its pre-activations, as far as the backward pass goes. */
  readonly layers: readonly Visible[]
  /** The regularizers' terms only. */
  readonly penalty: Range
  /** Gather, forward, loss, backward, update. */
  readonly fit: Range
  /** Likewise for rows already loaded. */
  readonly step: Range
  /** Likewise without the update. */
  readonly gradients: Range
  /** The part of `fit` and `step` before the regularizers' gradients: what ranks that share a batch do separately. */
  readonly fitPasses: Range
  readonly passes: Range
  /** By layer index: the first step of the passes at which its gradients are complete; undefined if it has none. */
  readonly gradientSteps: readonly (number | undefined)[]
  /** What ranks do after summing gradients. */
  readonly joint: JointPlan
  /** The part of `gradients` after the loss, which `evaluateTrial` ends with. */
  readonly backward: Range
  /** Ranges added by a solver. */
  readonly curvature: BatchCurvature | undefined
  /** Whole steps for one thread with fused updates, bit-identical, if something can be fused. */
  readonly fused: FusedPlan | undefined
  /** `commit` of `fit` and `step`. */
  readonly stepCommit: number
  /** Regions in which steps remember the gradients they have left; a first word of 0 invalidates one. */
  readonly lists: readonly number[]
  /** Points the gather steps at a data set. */
  bind(source: Source): void
  /** Whether the loss reads the row weights. */
  useWeights(use: boolean): void
}

export function planTraining(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  objective: Judged,
  batch: Batch,
): (program: number) => TrainingPlan {
  const { isTrainable } = objective
  const trained = below(layers, objective.loss)
  let evaluateOutputs: Matrix = batch.x
  let outputs: Matrix = batch.x
  let visible: readonly Visible[] = []
  let forwardEnd = 0
  let passesEnd = 0
  let passed: Passed = { y: batch.x, lowered: [] }
  const losses: number[] = []
  const gradientSteps: (number | undefined)[] = []

  builder.overlay()
  const evaluate = builder.range(() => {
    evaluateOutputs = builder.forward(trained, batch.x, 'inference').y
    losses.push(builder.steps.length)
    emitLoss(builder, objective, evaluateOutputs, batch)
  })
  builder.overlay()
  builder.sparse = sparseOf(builder, objective)
  const penalty = builder.range(() => emitPenalties(builder, 0, isTrainable))
  const gather = builder.range(() => {
    emitGather(builder, batch.x)
    emitGather(builder, batch.targets)
    emitGather(builder, { address: batch.weights, cols: 1, stride: 4 })
  })
  const gradients = builder.range(() => {
    passed = builder.forward(trained, batch.x, 'training')
    outputs = passed.y
    const dy = builder.matrix(outputs.cols)
    losses.push(builder.steps.length)
    emitLoss(builder, objective, outputs, batch, dy)
    forwardEnd = builder.steps.length
    const reached = (layer: number) => {
      gradientSteps[layer] = builder.steps.length
    }
    visible = visibleOf(passed, emitBackward(builder, trained, objective, passed, dy, reached), batch.x)
    passesEnd = builder.steps.length
    emitPenalties(builder, builder.site.gradients, isTrainable)
  })
  const visiting = planVisits(builder, objective)
  // with visited rows, only this rank's rows are known
  const share = builder.site.share ?? (visiting && WHOLE)
  const joint = share && planJoint(builder, objective, share)
  const updating = planUpdate(builder, objective)
  const end = visiting?.end ?? updating.update[1]
  const gathers = [gather[0]]
  const cuts = [gather[0], gradients[0], forwardEnd, gradients[1]]
  const fused = visiting ? undefined : planFused(builder, objective, cuts, updating.statistics)
  if (fused) {
    gathers.push(fused.fit[0])
    losses.push(losses[1] - gather[0] + fused.fit[0])
  }
  const backward = builder.span(forwardEnd, gradients[1])
  const { optimizer } = objective
  const curvature = isSolver(optimizer)
    ? optimizer.plan?.(curvatureSite(builder, trained, objective, batch, passed, backward))
    : undefined
  const lists = [...builder.lists]

  return (program) => {
    const { arena } = builder.site
    const useWeights = (use: boolean) => {
      const weights = use ? batch.weights : 0
      for (const step of losses) {
        patch(arena, program, step, ops.loss, { weights })
        patch(arena, program, step + 1, ops.meanLoss, { weights })
      }
    }
    return {
      ...batch,
      outputs,
      evaluateOutputs,
      evaluate,
      evaluateTrial: builder.span(gradients[0], forwardEnd),
      layers: visible,
      penalty,
      fit: builder.span(gather[0], end),
      step: builder.span(gradients[0], end),
      stepCommit: visiting?.commit ?? updating.commit,
      gradients,
      fitPasses: builder.span(gather[0], passesEnd),
      passes: builder.span(gradients[0], passesEnd),
      gradientSteps,
      joint: joint ?? { rest: builder.span(passesEnd, updating.update[1]), ...updating },
      backward,
      curvature,
      ...updating,
      fused,
      useWeights,
      lists,
      bind({ features, targets, weights, order }) {
        for (const [i, from] of [features, targets, weights].entries()) {
          for (const first of gathers) {
            if (from) patch(arena, program, first + i, ops.gather, { from, order })
            else patch(arena, program, first + i, ops.none, {})
          }
        }
        useWeights(weights !== 0)
      },
    }
  }
}
