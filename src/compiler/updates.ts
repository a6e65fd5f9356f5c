/** From an optimizer and a list of tensors to update steps, and from an update's number to the record's dynamic words. */
import { RECORD_LEARNING_RATE, RECORD_SCALAR, RECORD_STEP, RECORD_WEIGHT_DECAY } from '../abi/records.ts'
import type { Memory, Step } from '../machine/program.ts'
import { type AnyOptimizer, learningRateAt, type Optimizer, ruleOf, weightDecayAt } from '../optimizers/optimizers.ts'
import type { Tensor } from '../optimizers/rules/tensor.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'
import { type InitialState, initialPassStates, passScratch, passSteps, statesOf } from './passes.ts'

export type { InitialState } from './passes.ts'
export type { Tensor }

/** Byte addresses of the parallel blocks. */
export interface ParallelBlocks {
  readonly parameters: number
  readonly gradients: number
  /** As stateNames() names them, in that order. */
  readonly states: readonly number[]
  /** Room for scratchBytes(); unused when that is 0. */
  readonly scratch?: number
}

/** Names of the state blocks this optimizer keeps, in order. */
export function stateNames(optimizer: AnyOptimizer): readonly string[] {
  if (isSolver(optimizer)) return optimizer.vectors
  return statesOf(optimizer)
}

/** Bytes of scratch its steps need, used by one tensor after the other. */
export function scratchBytes(optimizer: AnyOptimizer, tensors: readonly Tensor[]): number {
  if (isSolver(optimizer)) return 0
  return passScratch(optimizer, tensors)
}

/** The steps of one update. Tensors in order of their offsets; frozen ones are left out. Solvers update on the host. */
export function updateSteps(optimizer: AnyOptimizer, tensors: readonly Tensor[], blocks: ParallelBlocks): Step[] {
  if (isSolver(optimizer)) return []
  const state = (index: number, { offset }: Tensor) => blocks.states[index] + offset * 4
  return passSteps(optimizer, tensors, { ...blocks, state })
}

/** Where state does not start from 0. */
export const initialStates = (optimizer: AnyOptimizer, tensors: readonly Tensor[]): InitialState[] =>
  isSolver(optimizer) ? [] : initialPassStates(optimizer, tensors)

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
