/**
 * Fuses the gradients of large kernels with their update while they are in cache: a few panels of dw are computed, and the rule
 * is applied to the same panels of w at once. These gradients never reach memory.
 */
import { PANEL } from '../abi/layout.ts'
import { PACKED_ROWS } from '../layers/kernelGradient.ts'
import * as ops from '../machine/ops/layers.ts'
import type { Range, Step } from '../machine/program.ts'
import { emitUpdates, isAlone, type Objective, tensorsOf } from './objective.ts'
import type { ProgramBuilder } from './programBuilder.ts'
import { updateSteps } from './updates.ts'

/** Larger batches are compute-bound, so fusing gains nothing. */
export const FUSED_ROWS = PACKED_ROWS - 1
/** Panels of gradients at a time: what the widest tile takes, and what the L1 cache holds. */
const PANELS = 2
/** Smaller kernels stay in cache between steps anyway. */
const LEAST = 2 ** 15

/** Whole steps for one thread with fused updates; kernels' gradients are not left in the gradient block. */
export interface FusedPlan {
  /** Gather, forward, loss, backward with updates. */
  readonly fit: Range
  /** The same for rows already loaded. */
  readonly step: Range
  /** Recomputes the missing gradients of the last step, while the plan's regions are unchanged. */
  readonly owed: Range
}

/**
 * A whole step with fused updates, if any can be fused: those whose gradients are neither modified nor read
 * before.
 * @param cuts boundaries between its parts: gather, forward and loss, backward.
 * @param statistics the other steps of an update.
 */
export function planFused(
  builder: ProgramBuilder,
  objective: Objective,
  [gather, gradients, backward, end]: readonly number[],
  statistics: Range,
): FusedPlan | undefined {
  const { steps, site } = builder
  const { optimizer, isTrainable, states } = objective
  const plain = isAlone(objective) ? site.places.filter(({ regularizer }) => !regularizer) : []
  const tensors = tensorsOf(plain, isTrainable)
  const owed: Step[] = []
  const gradientsOf = (offset: number) => site.gradients + offset * 4
  // fused panels of dw read dz in place, not packed
  const passes = steps.slice(backward, end).flatMap(({ op, operands }): Step[] => {
    if (op === ops.densePack) return []
    return [op === ops.denseDw ? { op, operands: { ...operands, mostRows: 0 } } : { op, operands }]
  })
  // the gradient of a layer's input needs the kernel before the update
  passes.forEach((step, i) => {
    if (step.op === ops.denseDw && passes[i + 1]?.op === ops.denseDx) passes.splice(i, 2, passes[i + 1], step)
  })
  const updating = passes.flatMap((step) => {
    const { op, operands } = step
    const { inputs = 0, units = 0, dz = 0, db } = operands
    const panel = inputs * PANEL
    const tensor = tensors.find(({ offset }) => op === ops.denseDw && gradientsOf(offset) === operands.dw)
    // updates work on whole cache lines
    if (!tensor || tensor.count < LEAST || tensor.count % panel) return step
    owed.push(step)
    const most = PANELS * panel
    const dw = builder.scratch(most * 4)
    const blocks: Step[] = []
    for (let at = 0; at < tensor.count; at += most) {
      const count = Math.min(most, tensor.count - at)
      const column = at / inputs
      const offset = tensor.offset + at
      const part = { units: Math.min(units - column, count / inputs), dz: dz + column * 4, db: db && db + column * 4 }
      blocks.push(
        { op, operands: { ...operands, ...part, dw } },
        ...updateSteps(optimizer, [{ ...tensor, offset, count }], { ...site, gradients: dw - offset * 4, states }),
      )
    }
    return blocks
  })
  if (!owed.length) return undefined
  const from = steps.length
  steps.push(...steps.slice(gather, backward), ...updating, ...steps.slice(statistics[0], statistics[1]))
  const isOwed = (offset: number) => owed.some(({ operands }) => operands.dw === gradientsOf(offset))
  emitUpdates(builder, objective, (tensor) => (isOwed(tensor.offset) ? { ...tensor, count: 0 } : tensor))
  const to = steps.length
  steps.push(...owed)
  return {
    fit: builder.span(from, to),
    step: builder.span(from + gradients - gather, to),
    owed: builder.span(to, steps.length),
  }
}
