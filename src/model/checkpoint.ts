/** A model as a safetensors file: tensors in canonical order, architecture and settings as JSON in the metadata. */

import { readSlot } from '../compiler/parameterLayout.ts'
import { stateSlots } from '../compiler/updates.ts'
import { encodeSafetensors, type SafetensorsTensor } from '../formats/safetensors.ts'
import type { Optimizer } from '../optimizers/optimizers.ts'
import { describeSchedule } from '../optimizers/schedules/schedules.ts'
import type { Model } from './model.ts'
import { FORMAT, type Settings } from './settings.ts'

/** The optimizer as JSON; undefined when a function of the user's own is part of it. */
function describeOptimizer({ kind, options, learningRate, weightDecay, parameterGroups }: Optimizer) {
  if (parameterGroups.length > 0) return undefined
  try {
    const takesDecay = kind !== 'rprop'
    const rates = {
      learningRate: describeSchedule(learningRate),
      ...(takesDecay && { weightDecay: describeSchedule(weightDecay) }),
    }
    return { kind, options: { ...options, ...rates } }
  } catch {
    return undefined
  }
}

/**
 * The model's file.
 * @throws Error when optimizer state is asked for and the optimizer holds the user's own functions, which no file can.
 */
export function encodeModel(model: Model, includeOptimizer: boolean): Uint8Array {
  const { engine, compiled } = model
  const optimizer = compiled && describeOptimizer(compiled.optimizer)
  if (includeOptimizer && !compiled) throw new Error('save: includeOptimizer needs a compiled model')
  if (includeOptimizer && !optimizer) {
    throw new Error(
      'save: includeOptimizer cannot store parameterGroups or a schedule of your own; use the built-in schedules',
    )
  }
  const frozen = [...engine.blocks.frozen].sort((a, b) => a - b)
  const settings: Settings = {
    seed: model.seed,
    deterministic: model.deterministic,
    layers: model.layers,
    ...(compiled && optimizer && { compiled: { ...compiled, optimizer } }),
    ...(frozen.length > 0 && { frozen }),
    ...(engine.statisticsFrozen && { statisticsFrozen: true }),
    ...(includeOptimizer && {
      progress: { steps: engine.steps, learningRateScale: engine.learningRateScale, random: model.random.state },
    }),
  }
  const tensors = tensorsOf(model, engine.blocks.parameters, '')
  if (includeOptimizer && compiled) {
    stateSlots(compiled.optimizer).forEach((slot, i) => {
      tensors.push(...tensorsOf(model, engine.blocks.states[i], `optimizer.${slot}.`))
    })
  }
  return encodeSafetensors(tensors, { format: FORMAT, settings: JSON.stringify(settings) })
}

const tensorsOf = ({ engine }: Model, block: number, prefix: string): SafetensorsTensor[] =>
  engine.slots.map((slot) => ({
    name: prefix + slot.path,
    dtype: 'F32',
    shape: slot.shape,
    data: readSlot(engine.arena, block, slot),
  }))
