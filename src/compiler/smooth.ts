/** Gradients of a model's loss as a deterministic function of its parameters: training mode without dropout and noise. */
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import * as ops from '../machine/ops/ops.ts'
import { patch, type Range } from '../machine/program.ts'
import {
  type Batch,
  batchRegions,
  below,
  emitBackward,
  emitLoss,
  emitPenalties,
  type Objective,
  type Passed,
  writeProgram,
} from './objective.ts'
import { blockFloats } from './parameterLayout.ts'
import { ProgramBuilder, type Site } from './programBuilder.ts'

export interface SmoothPlan extends Batch {
  readonly program: number
  /** The forward pass, and the loss unless the host computes it. */
  readonly forward: Range
  readonly outputs: Matrix
  /** Gradient of the outputs, written by the loss or by the host. */
  readonly gradient: Matrix
  readonly backward: Range
  /** Addresses of separate blocks: the parameters to evaluate at, and their gradients. */
  readonly parameters: number
  readonly gradients: number
}

/**
 * Lays out blocks and regions from the arena's top and writes the program.
 * @throws RangeError if the memory cannot grow enough.
 */
export function compileSmooth(
  site: Omit<Site, 'gradients' | 'parameters'>,
  layers: readonly Layer[],
  widths: readonly number[],
  { loss, isTrainable }: Pick<Objective, 'loss' | 'isTrainable'>,
): SmoothPlan {
  const { arena, places } = site
  const from = arena.top
  const [parameters, gradients] = [0, 0].map(() => arena.reserve(blockFloats(places) * 4))
  const builder = new ProgramBuilder({ ...site, parameters, gradients })
  const batch = batchRegions(builder, widths, loss)
  const trained = loss ? below(layers, loss) : layers
  let passed: Passed = { y: batch.x, lowered: [] }
  let gradient: Matrix = batch.x
  const lossSteps: number[] = []
  const forward = builder.range(() => {
    passed = builder.forward(trained, batch.x, 'smooth')
    gradient = builder.matrix(passed.y.cols)
    if (!loss) return
    lossSteps.push(builder.steps.length)
    emitLoss(builder, { loss }, passed.y, batch, gradient)
  })
  const backward = builder.range(() => {
    emitBackward(builder, trained, { isTrainable }, passed, gradient)
    emitPenalties(builder, gradients, isTrainable)
  })
  const program = writeProgram(builder, from, batch, loss)
  const [at] = lossSteps
  if (at !== undefined) patch(arena, program, at, ops.loss, { weights: batch.weights })
  return { ...batch, program, forward, backward, outputs: passed.y, gradient, parameters, gradients }
}
