/** The compiler: layers, a loss and an optimizer become a program of steps in linear memory. */
import type { LoweredLoss } from '../catalogue/losses.ts'
import type { Matrix } from '../layers/builder.ts'
import { type Layer, withoutActivation } from '../layers/layers.ts'
import * as ops from '../machine/ops/ops.ts'
import { patch, type Range } from '../machine/program.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'
import type { BatchCurvature } from '../optimizers/solvers/batchCurvature.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'
import { curvatureSite } from './batchCurvature.ts'
import { type FusedPlan, planFused } from './fusedUpdates.ts'
import {
  type Batch,
  batchRegions,
  emitBackward,
  emitBackwardToInputs,
  emitClipping,
  emitGather,
  emitLoss,
  emitPenalties,
  emitUpdates,
  type Judged,
  type Objective,
  type Passed,
  sparseOf,
  writeProgram,
} from './objective.ts'
import { ProgramBuilder, type Share, type Site } from './programBuilder.ts'
import type { Tensor } from './updates.ts'

/** Where a batch is gathered from: packed rows of a data set, and the table of row numbers. */
export interface Source {
  readonly features: number
  readonly targets: number
  /** 0: all rows weigh the same. */
  readonly weights: number
  readonly order: number
}

/** A compiled model: regions for one batch, and ranges of one program to run on them. */
export interface Plan {
  /** Largest batch. */
  readonly rows: number
  /** Address of the program. */
  readonly program: number
  readonly x: Matrix
  /** What `predict` leaves. */
  readonly outputs: Matrix
  readonly predict: Range
  /** The forward pass as in training, with batch statistics, dropout and noise, and what it leaves. */
  readonly trial: Range
  readonly trialOutputs: Matrix
  /** Rows that a batch in training must have. */
  readonly minimumRows: number
  /** What a record's words from RECORD_SCHEDULED on are to hold. */
  readonly schedules: readonly Schedule[]
  readonly training?: TrainingPlan
  readonly open?: OpenPlan
  readonly inputs?: InputsPlan
  readonly openInputs?: InputsPlan
}

/** What only some uses of a model need: passes whose loss the host computes, passes back to the inputs, or both. */
export type Part = 'open' | 'inputs' | 'openInputs'

/** Two passes, between which the host reads `outputs`, computes the loss and writes its `gradient`. */
export interface OpenPlan {
  /** Of the last layer, after its activation. */
  readonly outputs: Matrix
  readonly gradient: Matrix
  readonly forward: Range
  readonly backward: Range
  /** Passes for `evaluate`, where the loss is not computed of what predictions are: as for those, and as in training. */
  readonly judged?: { readonly inference: Pass; readonly trial: Pass }
  /** As those of a training plan. */
  readonly layers: TrainingPlan['layers']
  readonly penalty: Range
  readonly update: Range
  readonly statistics: Range
  readonly commit: number
}

/** A forward pass, and what it leaves. */
interface Pass {
  readonly range: Range
  readonly outputs: Matrix
}

/** Passes as for predictions, and back to the model's inputs. The loss is the forward pass's last step, unless it is the host's. */
export interface InputsPlan {
  readonly outputs: Matrix
  readonly gradient: Matrix
  readonly forward: Range
  readonly backward: Range
  readonly inputGradient: Matrix
}

/** The end of a step of processes that share a batch, whose gradients have been added up. */
export interface JointPlan extends Pick<OpenPlan, 'update' | 'statistics' | 'commit'> {
  /** Regularizers' gradients, and the update: of all parameters, or of the process's share. */
  readonly rest: Range
}

export interface TrainingPlan extends Batch {
  /** What a training step leaves: probabilities, or logits when the loss takes logits. */
  readonly outputs: Matrix
  /** What `evaluate` leaves. */
  readonly evaluateOutputs: Matrix
  readonly evaluate: Range
  /** The same with the forward pass of training; it leaves `outputs`. */
  readonly evaluateTrial: Range
  /** What `gradients` leaves for each layer: outputs, and gradient of what its activation gets, as far back as it goes. */
  readonly layers: readonly { readonly y: Matrix; readonly dy?: Matrix }[]
  /** The regularizers' terms alone. */
  readonly penalty: Range
  /** Gather, forward, loss, backward, update. */
  readonly fit: Range
  /** The same on rows already in place. */
  readonly step: Range
  /** The same without the update. */
  readonly gradients: Range
  /** Of `fit` and of `step` what comes before the regularizers' gradients: what processes that share a batch do each by itself. */
  readonly fitPasses: Range
  readonly passes: Range
  /** The step of the passes before which a layer's gradients are there, by its index; undefined: it has none. */
  readonly gradientSteps: readonly (number | undefined)[]
  /** What they do together after that. */
  readonly joint: JointPlan
  /** Of the gradients the part after the loss, which `evaluateTrial` ends with. */
  readonly backward: Range
  /** A solver's own. */
  readonly curvature: BatchCurvature | undefined
  /**
   * Clipping, running statistics and the optimizer's pass, on what `gradients` left: the gradient block, which may have been
   * changed since, the batch's statistics, and a record of as many rows.
   */
  readonly update: Range
  /** Of the update only what takes the batch's statistics into the running ones. */
  readonly statistics: Range
  /** Whole steps for one thread, to the bits of the others, where something can be fused. */
  readonly fused: FusedPlan | undefined
  /** The first step that changes parameters or state: from it on an update that has begun is finished. */
  readonly commit: number
  /** The same of `fit` and `step`. */
  readonly stepCommit: number
  /** Memory of its steps about the gradients that they have left: the first word of each is 0 where others may have changed them. */
  readonly lists: readonly number[]
  /** Points the gather steps at a data set. */
  bind(source: Source): void
  /** Whether the loss reads the row weights. */
  useWeights(use: boolean): void
}

/**
 * Lays out the regions from the arena's top on and writes the program.
 * @param widths output width of every layer; entry 0 is the input's.
 * @throws RangeError when the memory cannot grow to hold it.
 */
export function compilePlan(
  site: Site,
  layers: readonly Layer[],
  widths: readonly number[],
  objective?: Objective,
  parts: ReadonlySet<Part> = new Set(),
): Plan {
  const { arena, rows } = site
  const builder = new ProgramBuilder(site)
  const from = arena.top
  const batch = batchRegions(builder, widths, objective?.loss)

  builder.overlay()
  let outputs: Matrix = batch.x
  const predict = builder.range(() => {
    outputs = builder.forward(layers, batch.x, 'inference').y
  })
  builder.overlay()
  let trialOutputs: Matrix = batch.x
  const trial = builder.range(() => {
    trialOutputs = builder.forward(layers, batch.x, 'trial').y
  })
  const loss = objective?.loss
  const trained = objective?.trained ?? layers
  const training = loss && planTraining(builder, layers, { ...objective, loss }, batch)
  const more = {
    ...(objective && parts.has('open') && { open: planOpen(builder, trained, objective, batch) }),
    ...(loss && parts.has('inputs') && { inputs: planInputs(builder, layers, batch, loss) }),
    ...(parts.has('openInputs') && { openInputs: planInputs(builder, trained, batch) }),
  }
  const program = writeProgram(builder, from, batch, loss)
  const { minimumRows, schedules } = builder
  const inference = { x: batch.x, outputs, predict, trial, trialOutputs }
  return {
    rows,
    program,
    minimumRows,
    schedules,
    ...inference,
    ...(training && { training: training(program) }),
    ...more,
  }
}

/** The layers as a loss wants them: without the activation that it computes itself. */
export const below = (layers: readonly Layer[], { fused }: Judged['loss']): readonly Layer[] =>
  fused === 'none' ? layers : [...layers.slice(0, -1), withoutActivation(layers[layers.length - 1])]

function planOpen(builder: ProgramBuilder, layers: readonly Layer[], objective: Objective, { x }: Batch): OpenPlan {
  const { isTrainable } = objective
  builder.overlay()
  const penalty = builder.range(() => emitPenalties(builder, 0, isTrainable))
  let passed: Passed = { y: x, lowered: [] }
  const forward = builder.range(() => {
    passed = builder.forward(layers, x, 'training')
  })
  const { y: outputs } = passed
  const gradient = builder.matrix(outputs.cols)
  let visible: TrainingPlan['layers'] = []
  const backward = builder.range(() => {
    visible = visibleOf(passed, emitBackward(builder, layers, objective, passed, gradient), x)
    emitPenalties(builder, builder.site.gradients, isTrainable)
  })
  const plan = { outputs, gradient, forward, backward, penalty, layers: visible, ...planUpdate(builder, objective) }
  if (!objective.trained) return plan
  const pass = (kind: 'inference' | 'trial'): Pass => {
    builder.overlay()
    let left = x
    const range = builder.range(() => {
      left = builder.forward(layers, x, kind).y
    })
    return { range, outputs: left }
  }
  return { ...plan, judged: { inference: pass('inference'), trial: pass('trial') } }
}

/** What a pass leaves of each layer. */
const visibleOf = (
  { lowered }: Passed,
  gradients: readonly (Matrix | undefined)[],
  x: Matrix,
): TrainingPlan['layers'] =>
  lowered.map((layer, i) => ({ y: layer?.y ?? x, ...(gradients[i] && { dy: gradients[i] }) }))

/** Clipping, running statistics and the optimizer's pass: over all parameters, or over a share, with all to follow. */
function planUpdate(
  builder: ProgramBuilder,
  objective: Objective,
  share?: Share,
): Pick<OpenPlan, 'update' | 'statistics' | 'commit'> {
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
function planVisits(builder: ProgramBuilder, objective: Objective): { end: number; commit: number } | undefined {
  if (Object.keys(builder.sparse).length === 0) return undefined
  const commit = builder.steps.length
  builder.emitDeferred(true)
  emitUpdates(builder, objective, (tensor) => (tensor.offset in builder.sparse ? { ...tensor, count: 0 } : tensor))
  builder.emitVisits()
  builder.sparse = {}
  return { end: builder.steps.length, commit }
}

/** The end of a step of processes that share a batch, where it is not simply what follows the passes. */
function planJoint(builder: ProgramBuilder, objective: Objective, share: Share): JointPlan {
  const { gradients } = builder.site
  const from = builder.steps.length
  emitPenalties(builder, gradients, objective.isTrainable)
  const updating = planUpdate(builder, objective, share)
  return { rest: builder.span(from, updating.update[1]), ...updating }
}

const WHOLE: Share = { from: 0, to: Number.POSITIVE_INFINITY }

/** What a share has of a tensor, for rules that take every number by itself. */
function cut(tensor: Tensor, share: Share): Tensor {
  const offset = Math.max(tensor.offset, share.from)
  const end = Math.min(tensor.offset + tensor.count, share.to)
  return { ...tensor, offset, count: Math.max(0, end - offset) }
}

function planInputs(builder: ProgramBuilder, layers: readonly Layer[], batch: Batch, loss?: LoweredLoss): InputsPlan {
  builder.overlay()
  let passed: Passed = { y: batch.x, lowered: [] }
  let gradient = batch.x
  const forward = builder.range(() => {
    passed = builder.forward(loss ? below(layers, loss) : layers, batch.x, 'reversible')
    gradient = builder.matrix(passed.y.cols)
    if (loss) emitLoss(builder, { loss }, passed.y, batch, gradient)
  })
  let inputGradient = gradient
  const backward = builder.range(() => {
    inputGradient = emitBackwardToInputs(builder, passed, gradient)
  })
  return { outputs: passed.y, gradient, forward, backward, inputGradient }
}

function planTraining(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  objective: Judged,
  batch: Batch,
): (program: number) => TrainingPlan {
  const { isTrainable } = objective
  const trained = below(layers, objective.loss)
  let evaluateOutputs: Matrix = batch.x
  let outputs: Matrix = batch.x
  let visible: TrainingPlan['layers'] = []
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
  // rows that are visited are those of this process only
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
