/** From an optimizer and a list of tensors to update steps, and from an update's number to the record's dynamic words. */
import { SUM_CHUNK } from '../abi/layout.ts'
import {
  OPT_COUNT,
  OPT_DECAY,
  OPT_DECAY_SCALE,
  OPT_GRADIENTS,
  OPT_HYPER,
  OPT_PARAMETERS,
  OPT_PARTIALS,
  OPT_RATE_SCALE,
  OPT_STATE,
  OPT_TINY,
  OPT_TINY_SQUARE,
} from '../abi/optimizers.ts'
import { RECORD_LEARNING_RATE, RECORD_SCALAR, RECORD_STEP, RECORD_WEIGHT_DECAY } from '../abi/records.ts'
import { learningRateAt, type Optimizer, ruleOf, weightDecayAt } from '../optimizers/optimizers.ts'

/** A step before it is written: operands by word, integers and floats. */
export interface StepDraft {
  op: number
  ints: Record<number, number>
  floats: Record<number, number>
}

/** A parameter tensor's place, the same in the blocks of parameters, gradients and state. */
export interface Tensor {
  readonly name: string
  /** Floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats with padding; a multiple of 16. */
  readonly count: number
  readonly trainable: boolean
}

/** Byte addresses of the parallel blocks. */
export interface Blocks {
  readonly parameters: number
  readonly gradients: number
  /** As stateSlots() names them, in that order. */
  readonly states: readonly number[]
  /** Room for scratchBytes(); unused when that is 0. */
  readonly scratch?: number
}

/** Averages of squares below it are 0: the next float32 is a normal number, and stays one times beta2. */
const TINY_SQUARE = 1e-29

/** Names of the state blocks this optimizer keeps, in order. */
export function stateSlots(optimizer: Optimizer): string[] {
  const rule = ruleOf(optimizer)
  return rule.slots.filter((slot) => rule.uses?.(slot, optimizer.options) ?? true)
}

/** Bytes of scratch its steps need: partial sums of norms, used by one tensor after the other. */
export function scratchBytes(optimizer: Optimizer, tensors: readonly Tensor[]): number {
  if (!ruleOf(optimizer).perTensor) return 0
  return Math.max(0, ...tensors.map(({ count }) => Math.ceil(count / SUM_CHUNK) * 16))
}

interface Settings {
  readonly rateScale: number
  /** Undefined: the optimizer's own. */
  readonly decay: number | undefined
}

/** The first matching group's settings. */
function settingsOf({ parameterGroups }: Optimizer, { name }: Tensor): Settings {
  const group = parameterGroups.find(({ match }) => match(name))
  return { rateScale: group?.learningRateScale ?? 1, decay: group?.weightDecay }
}

interface Pass extends Settings {
  readonly offset: number
  count: number
}

/** Trainable tensors, neighbours with the same settings joined unless the rule works tensor by tensor. */
function passesOf(optimizer: Optimizer, tensors: readonly Tensor[]): Pass[] {
  const { perTensor } = ruleOf(optimizer)
  const passes: Pass[] = []
  for (const tensor of tensors) {
    if (!tensor.trainable || tensor.count === 0) continue
    const settings = settingsOf(optimizer, tensor)
    const last = passes[passes.length - 1]
    const joins =
      last &&
      !perTensor &&
      last.offset + last.count === tensor.offset &&
      last.rateScale === settings.rateScale &&
      last.decay === settings.decay
    if (joins) last.count += tensor.count
    else passes.push({ ...settings, offset: tensor.offset, count: tensor.count })
  }
  return passes
}

/** The steps of one update. Tensors in order of their offsets; frozen ones are left out. */
export function updateSteps(optimizer: Optimizer, tensors: readonly Tensor[], blocks: Blocks): StepDraft[] {
  const rule = ruleOf(optimizer)
  const slots = stateSlots(optimizer)
  const words = rule.hypers(optimizer.options)
  return passesOf(optimizer, tensors).flatMap(({ offset, count, rateScale, decay }) => {
    const ints: Record<number, number> = {
      [OPT_PARAMETERS]: blocks.parameters + offset * 4,
      [OPT_GRADIENTS]: blocks.gradients + offset * 4,
      [OPT_COUNT]: count,
    }
    rule.slots.forEach((slot, i) => {
      const block = slots.indexOf(slot)
      ints[OPT_STATE + i] = block < 0 ? 0 : blocks.states[block] + offset * 4
    })
    if (rule.perTensor) {
      if (blocks.scratch === undefined)
        throw new Error(`updateSteps: ${optimizer.kind} needs scratch; see scratchBytes`)
      ints[OPT_PARTIALS] = blocks.scratch
    }
    const floats: Record<number, number> = {
      [OPT_RATE_SCALE]: rateScale,
      [OPT_DECAY_SCALE]: decay === undefined ? 1 : 0,
      [OPT_DECAY]: decay ?? 0,
      [OPT_TINY]: rule.tiny,
      [OPT_TINY_SQUARE]: TINY_SQUARE,
    }
    words.forEach((word, i) => {
      floats[OPT_HYPER + i] = word
    })
    return [...(rule.before ?? []), rule.op].map((op) => ({ op, ints, floats }))
  })
}

/** What a state slot of a tensor starts from. */
export interface InitialState {
  readonly tensor: Tensor
  /** Index into stateSlots(). */
  readonly slot: number
  /** For the tensor's values; its padding starts from 0. */
  readonly value: number
}

/** Where state does not start from 0. */
export function initialStates(optimizer: Optimizer, tensors: readonly Tensor[]): InitialState[] {
  const rule = ruleOf(optimizer)
  if (!rule.initialState) return []
  const learningRate = learningRateAt(optimizer, 0)
  const slots = stateSlots(optimizer)
  return tensors.flatMap((tensor) => {
    const values = rule.initialState?.(optimizer.options, learningRate * settingsOf(optimizer, tensor).rateScale) ?? []
    return slots.flatMap((name, slot) => {
      const value = values[rule.slots.indexOf(name)] ?? 0
      return value === 0 ? [] : [{ tensor, slot, value }]
    })
  })
}

/** What a run of updates carries from one to the next, beyond the state blocks. */
export interface StepClock {
  readonly optimizer: Optimizer
  /** Running products of the rule's scalars, zeros at the start; made again when a run resumes in the middle. */
  readonly memory: Float64Array
}

export const stepClock = (optimizer: Optimizer): StepClock => ({ optimizer, memory: new Float64Array(8) })

/** Views of linear memory. */
interface Memory {
  readonly f32: Float32Array
  readonly i32: Int32Array
}

/**
 * Writes the dynamic words of update t = 1, 2, ... into the record at a byte address; `scale` multiplies the learning rate.
 * Schedules are called with t - 1. Any order of t is right, rising by 1 is fast.
 * @throws RangeError when a schedule does not give a finite number at least 0; nothing is written then.
 */
export function writeDynamics(
  { optimizer, memory }: StepClock,
  t: number,
  scale: number,
  { f32, i32 }: Memory,
  record: number,
): void {
  const learningRate = learningRateAt(optimizer, t - 1) * scale
  const weightDecay = weightDecayAt(optimizer, t - 1)
  const at = record / 4
  i32[at + RECORD_STEP] = t
  f32[at + RECORD_LEARNING_RATE] = learningRate
  f32[at + RECORD_WEIGHT_DECAY] = weightDecay
  const scalars = ruleOf(optimizer).scalars?.(optimizer.options, t, learningRate, memory)
  if (scalars) for (let i = 0; i < scalars.length; i++) f32[at + RECORD_SCALAR + i] = scalars[i]
}
