/** From an optimizer and a list of tensors to update steps, and from an update's number to the record's dynamic words. */
import { SUM_CHUNK } from '../abi/layout.ts'
import { RECORD_LEARNING_RATE, RECORD_SCALAR, RECORD_STEP, RECORD_WEIGHT_DECAY } from '../abi/records.ts'
import type { UpdateOp } from '../machine/ops/optimizers.ts'
import type { Memory, Step } from '../machine/program.ts'
import {
  type AnyOptimizer,
  learningRateAt,
  matcherOf,
  type Optimizer,
  ruleOf,
  weightDecayAt,
} from '../optimizers/optimizers.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'

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
export interface ParallelBlocks {
  readonly parameters: number
  readonly gradients: number
  /** As stateNames() names them, in that order. */
  readonly states: readonly number[]
  /** Room for scratchBytes(); unused when that is 0. */
  readonly scratch?: number
}

/** Averages of squares below it are 0: the next float32 is a normal number, and stays one times beta2. */
const TINY_SQUARE = 1e-29

/** Names of the state blocks this optimizer keeps, in order. */
export function stateNames(optimizer: AnyOptimizer): readonly string[] {
  if (isSolver(optimizer)) return optimizer.vectors
  const rule = ruleOf(optimizer)
  return rule.states.filter((state) => rule.uses?.(state, optimizer.options) ?? true)
}

/** Bytes of scratch its steps need: partial sums of norms, used by one tensor after the other. */
export function scratchBytes(optimizer: AnyOptimizer, tensors: readonly Tensor[]): number {
  if (isSolver(optimizer) || !ruleOf(optimizer).perTensor) return 0
  return tensors.reduce((most, { count }) => Math.max(most, Math.ceil(count / SUM_CHUNK) * 16), 0)
}

interface Settings {
  readonly rateScale: number
  /** Undefined: the optimizer's own. */
  readonly decay: number | undefined
  readonly epsilon: number | undefined
}

/** Finds a tensor's settings: those of the first matching group. */
function settingsBy({ parameterGroups }: Optimizer): (tensor: Tensor) => Settings {
  const groups = parameterGroups.map((group) => ({ group, matches: matcherOf(group) }))
  return ({ name }) => {
    const { group } = groups.find(({ matches }) => matches(name)) ?? {}
    return { rateScale: group?.learningRateScale ?? 1, decay: group?.weightDecay, epsilon: group?.epsilon }
  }
}

interface Pass extends Settings {
  readonly offset: number
  count: number
}

/** Trainable tensors, neighbours with the same settings joined unless the rule works tensor by tensor. */
function passesOf(optimizer: Optimizer, tensors: readonly Tensor[]): Pass[] {
  const { perTensor } = ruleOf(optimizer)
  const settingsOf = settingsBy(optimizer)
  const passes: Pass[] = []
  for (const tensor of tensors) {
    if (!tensor.trainable || tensor.count === 0) continue
    const settings = settingsOf(tensor)
    const last = passes[passes.length - 1]
    const joins =
      last &&
      !perTensor &&
      last.offset + last.count === tensor.offset &&
      last.rateScale === settings.rateScale &&
      last.decay === settings.decay &&
      last.epsilon === settings.epsilon
    if (joins) last.count += tensor.count
    else passes.push({ ...settings, offset: tensor.offset, count: tensor.count })
  }
  return passes
}

/** What a thread's journal keeps: bits of the words of those blocks that the step changes in place. */
const journalOf = ({ inPlace, ints }: UpdateOp, operands: Step['operands']): number =>
  inPlace.reduce((bits, name) => (operands[name] ? bits | (1 << ints[name]) : bits), 0)

/** The steps of one update. Tensors in order of their offsets; frozen ones are left out. Solvers update on the host. */
export function updateSteps(optimizer: AnyOptimizer, tensors: readonly Tensor[], blocks: ParallelBlocks): Step[] {
  if (isSolver(optimizer)) return []
  const rule = ruleOf(optimizer)
  const names = stateNames(optimizer)
  const { options } = optimizer
  if (rule.perTensor && blocks.scratch === undefined) {
    throw new Error(`updateSteps: ${optimizer.kind} needs scratch; see scratchBytes`)
  }
  return passesOf(optimizer, tensors).flatMap(({ offset, count, rateScale, decay, epsilon }) => {
    const operands = {
      ...rule.hypers(epsilon === undefined ? options : { ...options, epsilon }),
      ...Object.fromEntries(names.map((name, i) => [name, blocks.states[i] + offset * 4])),
      parameters: blocks.parameters + offset * 4,
      gradients: blocks.gradients + offset * 4,
      partials: blocks.scratch,
      count,
      rateScale,
      decayScale: decay === undefined ? 1 : 0,
      decay: decay ?? 0,
      tiny: rule.tiny,
      tinySquare: TINY_SQUARE,
    }
    return [...(rule.before ?? []), rule.op].map((op) => ({
      op,
      operands: { ...operands, journal: journalOf(op, operands) },
    }))
  })
}

/** What a state of a tensor starts from. */
export interface InitialState {
  readonly tensor: Tensor
  /** Index into stateNames(). */
  readonly state: number
  /** For the tensor's values; its padding starts from 0. */
  readonly value: number
}

/** Where state does not start from 0. */
export function initialStates(optimizer: AnyOptimizer, tensors: readonly Tensor[]): InitialState[] {
  if (isSolver(optimizer)) return []
  const rule = ruleOf(optimizer)
  if (!rule.initialState) return []
  const learningRate = learningRateAt(optimizer, 0)
  const names = stateNames(optimizer)
  const settingsOf = settingsBy(optimizer)
  return tensors.flatMap((tensor) => {
    const values = rule.initialState?.(optimizer.options, learningRate * settingsOf(tensor).rateScale) ?? []
    return names.flatMap((name, state) => {
      const value = values[rule.states.indexOf(name)] ?? 0
      return value === 0 ? [] : [{ tensor, state, value }]
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
