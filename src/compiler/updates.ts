/** From an optimizer and a list of tensors to update steps, and from an update's number to the record's dynamic words. */
import { RECORD_LEARNING_RATE, RECORD_SECOND, RECORD_STEP } from '../abi/records.ts'
import type { Memory, Step } from '../machine/program.ts'
import { isMatrixRule, type KeptTensor, type MatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { type Optimizer, ruleOf } from '../optimizers/optimizers.ts'
import { type InitialState, initialPassStates, passScratch, passSteps, statesOf } from '../optimizers/passes.ts'
import { learningRateAt, optionsAt, weightDecayAt } from '../optimizers/rates.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'
import type { Hypers, Rule } from '../optimizers/rules/rule.ts'
import type { Tensor } from '../optimizers/rules/tensor.ts'
import type { Schedule } from '../optimizers/schedules/schedules.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'

export type { KeptTensor } from '../optimizers/matrices/matrixRule.ts'
export type { InitialState } from '../optimizers/passes.ts'
export type { Tensor }

/** Byte addresses of the parallel blocks. */
export interface ParallelBlocks {
  readonly parameters: number
  readonly gradients: number
  /** In the order of stateNames(). */
  readonly states: readonly number[]
  /** The block of the tensors listed by keptOf(). */
  readonly kept?: number
  /** scratchBytes() bytes; unused if that is 0. */
  readonly scratch?: number
}

/** Names of the state blocks this optimizer keeps, in order. */
export function stateNames(optimizer: AnyOptimizer): readonly string[] {
  if (isSolver(optimizer)) return optimizer.vectors
  return isMatrixRule(optimizer) ? [] : statesOf(optimizer)
}

/** Whether the update is elementwise, so that parameters can be updated separately. */
export const isElementwise = (optimizer: AnyOptimizer): boolean =>
  !isSolver(optimizer) && !isMatrixRule(optimizer) && !ruleOf(optimizer).perTensor

/** State tensors that it keeps in a block of their own, instead of state blocks. */
export const keptOf = (optimizer: AnyOptimizer, tensors: readonly Tensor[]): readonly KeptTensor[] =>
  isMatrixRule(optimizer) ? optimizer.updates.kept(optimizer, tensors) : []

/** Bytes of scratch for its steps, reused from tensor to tensor. */
export function scratchBytes(optimizer: AnyOptimizer, tensors: readonly Tensor[]): number {
  if (isSolver(optimizer)) return 0
  return isMatrixRule(optimizer) ? optimizer.updates.scratch(optimizer, tensors) : passScratch(optimizer, tensors)
}

/** The steps of one update. Tensors are ordered by offset; frozen ones are skipped. Solvers update on the host. */
export function updateSteps(optimizer: AnyOptimizer, tensors: readonly Tensor[], blocks: ParallelBlocks): Step[] {
  if (isSolver(optimizer)) return []
  if (isMatrixRule(optimizer)) return optimizer.updates.steps(optimizer, tensors, { kept: 0, scratch: 0, ...blocks })
  const state = (index: number, { offset }: Tensor) => blocks.states[index] + offset * 4
  return passSteps(optimizer, tensors, { ...blocks, state })
}

/** States that do not start at 0. */
export const initialStates = (optimizer: AnyOptimizer, tensors: readonly Tensor[]): InitialState[] =>
  isSolver(optimizer) || isMatrixRule(optimizer) ? [] : initialPassStates(optimizer, tensors)

/** State tensors that do not start at 0. */
export const initialKeptOf = (optimizer: AnyOptimizer, tensors: readonly Tensor[]) =>
  isMatrixRule(optimizer) ? optimizer.updates.initial(optimizer, tensors) : []

/**
 * What a run of updates carries over, besides the state blocks; and what is the same in all of them, at hand in one shape: a process
 * that has met many rules reads their own slowly.
 */
export interface StepClock {
  readonly optimizer: Optimizer | MatrixRule
  /** Unless scheduled. */
  readonly learningRate: number | undefined
  readonly weightDecay: number | undefined
  /** Unless the learning rate is scheduled, which may cycle a momentum. */
  readonly options: Hypers | undefined
  readonly optionsOf: (update: number) => Hypers
  readonly scalars: Rule['scalars']
  /** Running products of the rule's scalars, zeros at the start; recomputed after resuming in the middle of a run. */
  readonly memory: Float64Array
  /** Of its fallback. */
  readonly second: StepClock | undefined
}

const fixed = (rate: number | Schedule): number | undefined => (typeof rate === 'number' ? rate : undefined)

export function stepClock(optimizer: Optimizer | MatrixRule): StepClock {
  const { learningRate, weightDecay, options } = optimizer
  const isMatrix = isMatrixRule(optimizer)
  return {
    optimizer,
    learningRate: fixed(learningRate),
    weightDecay: fixed(weightDecay),
    options: typeof learningRate === 'number' ? options : undefined,
    optionsOf: (update) => optionsAt(optimizer, update - 1),
    scalars: (isMatrix ? optimizer : ruleOf(optimizer)).scalars,
    memory: new Float64Array(8),
    second: isMatrix && optimizer.fallback ? stepClock(optimizer.fallback) : undefined,
  }
}

const NONE: readonly number[] = []

/** The record's words from RECORD_LEARNING_RATE on for update t: rates, then scalars. */
function dynamicsOf(clock: StepClock, t: number, scale: number): readonly number[] {
  const { optimizer, options, optionsOf, scalars, memory } = clock
  const learningRate = (clock.learningRate ?? learningRateAt(optimizer, t - 1)) * scale
  const own = scalars?.(options ?? optionsOf(t), t, learningRate, memory, optionsOf) ?? NONE
  const weightDecay = clock.weightDecay ?? weightDecayAt(optimizer, t - 1)
  return own.length > 0 ? [learningRate, weightDecay, ...own] : [learningRate, weightDecay]
}

/**
 * Writes the dynamic words of update t = 1, 2, ... into the record at a byte address; `scale` multiplies the learning rate.
 * Schedules are called with t - 1. Any order of t works; consecutive t are fast.
 * @throws RangeError if a schedule does not return a finite number >= 0; nothing is written then.
 */
export function writeDynamics(clock: StepClock, t: number, scale: number, { f32, i32 }: Memory, record: number): void {
  const at = record / 4
  const first = dynamicsOf(clock, t, scale)
  const second = clock.second ? dynamicsOf(clock.second, t, scale) : NONE
  i32[at + RECORD_STEP] = t
  for (let i = 0; i < first.length; i++) f32[at + RECORD_LEARNING_RATE + i] = first[i]
  for (let i = 0; i < second.length; i++) f32[at + RECORD_SECOND + i] = second[i]
}
