/** Elementwise updates: from a rule and a list of tensors to passes over parallel blocks. */
import { SUM_CHUNK } from '../abi/layout.ts'
import type { UpdateOp } from '../machine/ops/optimizers.ts'
import type { Step } from '../machine/program.ts'
import { matcherOf, type Optimizer, ruleOf } from './optimizers.ts'
import { learningRateAt } from './rates.ts'
import type { OptimizerOf } from './rules/rule.ts'
import type { Tensor, TensorSettings } from './rules/tensor.ts'

/** Byte addresses of the blocks that passes work on. */
export interface PassBlocks {
  readonly parameters: number
  readonly gradients: number
  /** passScratch() bytes; unused if that is 0. */
  readonly scratch?: number
  /** State `index` of the tensor. Tensors that are adjacent in the blocks are adjacent here. */
  state(index: number, tensor: Tensor): number
}

/** Running averages of squares below it count as 0: the next float32 is normal, and stays so after multiplying by beta2. */
const TINY_SQUARE = 1e-29

/** Names of the states that a rule keeps under these options, in order. */
export function statesOf(optimizer: Optimizer): readonly string[] {
  const rule = ruleOf(optimizer)
  return rule.states.filter((state) => rule.uses?.(state, optimizer.options) ?? true)
}

/** Bytes of scratch: partial sums of norms, reused from tensor to tensor. */
export function passScratch(optimizer: Optimizer, tensors: readonly Tensor[]): number {
  if (!ruleOf(optimizer).perTensor) return 0
  return tensors.reduce((most, { count }) => Math.max(most, Math.ceil(count / SUM_CHUNK) * 16), 0)
}

/** Looks up a tensor's settings, those of the first matching group. */
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
 * Tables of which this optimizer updates only rows with a gradient: plain SGD without momentum or decay.
 * Maps their offsets to the scales of their rates.
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
  /** The first tensor of the run. */
  readonly tensor: Tensor
  count: number
}

/** Trainable tensors; adjacent ones with equal settings are merged unless the rule works per tensor. */
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

/** Bit mask of the operand words whose blocks the step changes in place, which a thread's journal must save. */
const journalOf = ({ inPlace, ints }: UpdateOp, operands: Step['operands']): number =>
  inPlace.reduce((bits, name) => (operands[name] ? bits | (1 << ints[name]) : bits), 0)

/** The steps of one update. Tensors are ordered by offset; frozen ones are skipped. */
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

/** The initial value of a tensor's state. */
export interface InitialState {
  readonly tensor: Tensor
  /** Index into statesOf(). */
  readonly state: number
  /** For the tensor's values; padding starts at 0. */
  readonly value: number
}

/** States that do not start at 0. */
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
