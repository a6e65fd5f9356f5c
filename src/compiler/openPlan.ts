/** Passes that end or start on the host: losses on the host, gradients of a model's inputs. */
import type { LoweredLoss } from '../catalogue/loweredLoss.ts'
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import type { Range } from '../machine/program.ts'
import {
  type Batch,
  below,
  emitBackward,
  emitBackwardToInputs,
  emitLoss,
  emitPenalties,
  type Objective,
  type Passed,
  type Visible,
  visibleOf,
} from './objective.ts'
import type { ProgramBuilder } from './programBuilder.ts'
import { planUpdate, type UpdatePlan } from './updatePlan.ts'

/** Two passes; between them the host reads `outputs`, computes the loss and writes its `gradient`. */
export interface OpenPlan extends UpdatePlan {
  /** Of the last layer, after its activation. */
  readonly outputs: Matrix
  readonly gradient: Matrix
  readonly forward: Range
  readonly backward: Range
  /** Passes for `evaluate`, if the loss's inputs differ from predictions: in inference, and in training mode. */
  readonly judged?: { readonly inference: Pass; readonly trial: Pass }
  /** As in a training plan. */
  readonly layers: readonly Visible[]
  readonly penalty: Range
}

/** A forward pass and its outputs. */
interface Pass {
  readonly range: Range
  readonly outputs: Matrix
}

/** Inference passes, and backward to the model's inputs. The forward pass ends with the loss, unless the host computes it. */
export interface InputsPlan {
  readonly outputs: Matrix
  readonly gradient: Matrix
  readonly forward: Range
  readonly backward: Range
  readonly inputGradient: Matrix
}

export function planOpen(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  objective: Objective,
  { x }: Batch,
): OpenPlan {
  const { isTrainable } = objective
  builder.overlay()
  const penalty = builder.range(() => emitPenalties(builder, 0, isTrainable))
  let passed: Passed = { y: x, lowered: [] }
  const forward = builder.range(() => {
    passed = builder.forward(layers, x, 'training')
  })
  const { y: outputs } = passed
  const gradient = builder.matrix(outputs.cols)
  let visible: readonly Visible[] = []
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

export function planInputs(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  batch: Batch,
  loss?: LoweredLoss,
): InputsPlan {
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
