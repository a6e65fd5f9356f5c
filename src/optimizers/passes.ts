/** Updates element by element: from a rule and a list of tensors to passes over parallel blocks. */
import { SUM_CHUNK } from '../abi/layout.ts'
import type { UpdateOp } from '../machine/ops/optimizers.ts'
import type { Step } from '../machine/program.ts'
import { matcherOf, type Optimizer, ruleOf } from './optimizers.ts'
import { learningRateAt } from './rates.ts'
import type { OptimizerOf } from './rules/rule.ts'
import type { Tensor, TensorSettings } from './rules/tensor.ts'

/** Where passes find what they work on: byte addresses. */
export interface PassBlocks {
  readonly parameters: number
  readonly gradients: number
  /** Room for passScratch() bytes; unused when that is 0. */
  readonly scratch?: number
  /** Of state `index` of the tensor; neighbours in the blocks are neighbours here. */
  state(index: number, tensor: Tensor): number
}

/** Averages of squares below it are 0: the next float32 is a normal number, and stays one times beta2. */
const TINY_SQUARE = 1e-29

/** Names of the states that a rule keeps with these options, in order. */
export function statesOf(optimizer: Optimizer): readonly string[] {
  const rule = ruleOf(optimizer)
  return rule.states.filter((state) => rule.uses?.(state, optimizer.options) ?? true)
}

/** Bytes of scratch: partial sums of norms, used by one tensor after the other. */
export function passScratch(optimizer: Optimizer, tensors: readonly Tensor[]): number {
  if (!ruleOf(optimizer).perTensor) return 0
  return tensors.reduce((most, { count }) => Math.max(most, Math.ceil(count / SUM_CHUNK) * 16), 0)
}

/** Finds a tensor's settings: those of the first matching group. */
export function settingsBy({ parameterGroups }: OptimizerOf): (tensor: Tensor) => TensorSettings {
  const groups = parameterGroups.map((group) => ({ group, matches: matcherOf(group) }))
  return ({ name }) => {
    const { group } = groups.find(({ matches }) => matches(name)) ?? {}
    return {
      rateScale: group?.learningRateScale ?? 1,
      decayScale: group?.weightDecayScale ?? 1,
      decay: group?.weightDecay,
      epsilon: group?.epsilon,
    }
  }
}

/**
 * Tables of which an update by this optimizer changes no rows but those with a gradient: plain SGD, with neither momentum nor decay. By their
 * offsets, the scales of their rates.
 */
export function sparseTables(
  optimizer: Optimizer,
  tables: readonly (Tensor & { readonly penalized: boolean })[],
): Record<number, number> {
  if (optimizer.kind !== 'sgd' || optimizer.options.momentum || optimizer.weightDecay) return {}
  const settingsOf = settingsBy(optimizer)
  const found: Record<number, number> = {}
  for (const table of tables) {
    const { rateScale, decay } = settingsOf(table)
    if (table.trainable && !table.penalized && !decay) found[table.offset] = rateScale
  }
  return found
}

interface Pass extends TensorSettings {
  /** The first of its tensors. */
  readonly tensor: Tensor
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
      last.tensor.offset + last.count === tensor.offset &&
      last.rateScale === settings.rateScale &&
      last.decay === settings.decay &&
      last.decayScale === settings.decayScale &&
      last.epsilon === settings.epsilon
    if (joins) last.count += tensor.count
    else passes.push({ ...settings, tensor, count: tensor.count })
  }
  return passes
}

/** What a thread's journal keeps: bits of the words of those blocks that the step changes in place. */
const journalOf = ({ inPlace, ints }: UpdateOp, operands: Step['operands']): number =>
  inPlace.reduce((bits, name) => (operands[name] ? bits | (1 << ints[name]) : bits), 0)

/** The steps of one update. Tensors in order of their offsets; frozen ones are left out. */
export function passSteps(optimizer: Optimizer, tensors: readonly Tensor[], blocks: PassBlocks): Step[] {
  const rule = ruleOf(optimizer)
  const names = statesOf(optimizer)
  const { options } = optimizer
  if (rule.perTensor && blocks.scratch === undefined) {
    throw new Error(`updateSteps: ${optimizer.kind} needs scratch; see scratchBytes`)
  }
  return passesOf(optimizer, tensors).flatMap(({ tensor, count, rateScale, decayScale, decay, epsilon }) => {
    const operands = {
      ...rule.hypers(epsilon === undefined ? options : { ...options, epsilon }),
      ...Object.fromEntries(names.map((name, i) => [name, blocks.state(i, tensor)])),
      parameters: blocks.parameters + tensor.offset * 4,
      gradients: blocks.gradients + tensor.offset * 4,
      partials: blocks.scratch,
      count,
      rateScale,
      decayScale: decay === undefined ? decayScale : 0,
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
  /** Index into statesOf(). */
  readonly state: number
  /** For the tensor's values; its padding starts from 0. */
  readonly value: number
}

/** Where state does not start from 0. */
export function initialPassStates(optimizer: Optimizer, tensors: readonly Tensor[]): InitialState[] {
  const rule = ruleOf(optimizer)
  if (!rule.initialState) return []
  const learningRate = learningRateAt(optimizer, 0)
  const names = statesOf(optimizer)
  const settingsOf = settingsBy(optimizer)
  return tensors.flatMap((tensor) => {
    const values = rule.initialState?.(optimizer.options, learningRate * settingsOf(tensor).rateScale) ?? []
    return names.flatMap((name, state) => {
      const value = values[rule.states.indexOf(name)] ?? 0
      return value === 0 ? [] : [{ tensor, state, value }]
    })
  })
}
