/** A model as a safetensors file: tensors in canonical order, architecture and settings as JSON in the metadata. */
import { show } from '../check.ts'
import type { Layer } from '../layers.ts'
import type { Loss } from '../losses.ts'
import type { Metric } from '../metrics.ts'
import type { Model } from '../model.ts'
import type { Clipping } from '../objective.ts'
import type { Optimizer, OptimizerName } from '../optimizers.ts'
import { readSlot } from '../parameters.ts'
import type { RandomState } from '../random.ts'
import { describeSchedule } from '../schedules.ts'
import { stateSlots } from '../updates.ts'
import { encodeSafetensors, type SafetensorsFile, type SafetensorsTensor } from './safetensors.ts'

const FORMAT = 'fourlane/1'

/** What the metadata's `settings` holds. */
export interface Settings {
  readonly seed: number
  readonly deterministic: boolean
  readonly layers: readonly Layer[]
  readonly compiled?: {
    readonly optimizer: { readonly kind: OptimizerName; readonly options: Readonly<Record<string, unknown>> }
    readonly loss: Loss
    readonly metrics: readonly Metric[]
    readonly clipping: Clipping
  }
  /** Layers frozen by index, and whether running statistics are. */
  readonly frozen?: readonly number[]
  readonly statisticsFrozen?: boolean
  /** With the optimizer's state: where training stood. */
  readonly progress?: { readonly steps: number; readonly learningRateScale: number; readonly random: RandomState }
}

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
  const settings: Settings = {
    seed: model.seed,
    deterministic: model.deterministic,
    layers: model.layers,
    ...(compiled && optimizer && { compiled: { ...compiled, optimizer } }),
    ...(engine.frozen.length > 0 && { frozen: engine.frozen }),
    ...(engine.statisticsFrozen && { statisticsFrozen: true }),
    ...(includeOptimizer && {
      progress: { steps: engine.steps, learningRateScale: engine.learningRateScale, random: model.random.state },
    }),
  }
  const tensors = tensorsOf(model, engine.parameters, '')
  if (includeOptimizer && compiled) {
    stateSlots(compiled.optimizer).forEach((slot, i) => {
      tensors.push(...tensorsOf(model, engine.states[i], `optimizer.${slot}.`))
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

/**
 * What a model's file says of it, parameters apart.
 * @throws RangeError when the bytes' metadata are not those of a model.
 */
export function readSettings({ metadata }: SafetensorsFile): Settings {
  if (metadata.format !== FORMAT || metadata.settings === undefined) {
    throw new RangeError(
      `modelFromBytes: not a fourlane model: its metadata has format ${show(metadata.format)}, expected "${FORMAT}"`,
    )
  }
  let settings: unknown
  try {
    settings = JSON.parse(metadata.settings)
  } catch (cause) {
    throw new RangeError('modelFromBytes: the settings in the metadata are not JSON; the file is damaged', { cause })
  }
  if (typeof settings !== 'object' || settings === null || !('layers' in settings) || !Array.isArray(settings.layers)) {
    throw new RangeError('modelFromBytes: the settings in the metadata name no layers; the file is damaged')
  }
  return settings as unknown as Settings
}
