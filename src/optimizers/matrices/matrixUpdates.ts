/**
 * Updates by a rule on matrices and its fallback: which parameter belongs to which, the state tensors of both, and their steps.
 * State has a block of its own, tensor by tensor, since not every state is shaped like its parameter.
 */
import { ALIGN } from '../../abi/layout.ts'
import { roundUp, storedFloats } from '../../machine/matrixLayout.ts'
import { secondRule } from '../../machine/ops/matrix.ts'
import { type Step, step } from '../../machine/program.ts'
import { initialPassStates, passScratch, passSteps, settingsBy, statesOf } from '../passes.ts'
import type { Tensor } from '../rules/tensor.ts'
import type { KeptTensor, MatrixBlocks, MatrixRule, MatrixUpdates, Scratch } from './matrixRule.ts'

const LINE = ALIGN / 4

/** Splits the parameters between the rule and its fallback. */
function divide(rule: MatrixRule, tensors: readonly Tensor[]): { taken: Tensor[]; left: Tensor[] } {
  const takes = rule.takes(tensors)
  return { taken: tensors.filter((_, i) => takes[i]), left: tensors.filter((_, i) => !takes[i]) }
}

/** All state tensors in memory order: tensors that are adjacent for the fallback are adjacent in each of its states. */
function keptTensors(rule: MatrixRule, tensors: readonly Tensor[]): KeptTensor[] {
  const { taken, left } = divide(rule, tensors)
  const own = taken.flatMap((tensor) =>
    rule.states(tensor).map(({ name, ...spec }) => ({ state: name, tensor, ...spec })),
  )
  const names = rule.fallback ? statesOf(rule.fallback) : []
  const others = names.flatMap((state) =>
    left.map((tensor) => ({
      state,
      tensor,
      shape: tensor.shape ?? [tensor.count],
      layout: tensor.layout ?? 'row',
    })),
  )
  let offset = 0
  return [...own, ...others].map((kept) => {
    const stored = roundUp(storedFloats(kept.shape, kept.layout), LINE)
    const at = offset
    offset += stored
    return { ...kept, path: `optimizer.${kept.state}.${kept.tensor.name}`, offset: at, stored }
  })
}

/** The fallback's states that do not start at 0. */
function initialKept(rule: MatrixRule, tensors: readonly Tensor[]): { kept: KeptTensor; value: number }[] {
  const { fallback } = rule
  if (!fallback) return []
  const names = statesOf(fallback)
  const find = finder(keptTensors(rule, tensors))
  return initialPassStates(fallback, divide(rule, tensors).left).map(({ tensor, state, value }) => ({
    kept: find(names[state], tensor),
    value,
  }))
}

function finder(kept: readonly KeptTensor[]): (state: string, tensor: Tensor) => KeptTensor {
  const found = new Map(kept.map((each) => [`${each.tensor.offset} ${each.state}`, each]))
  return (state, { name, offset }) => {
    const each = found.get(`${offset} ${state}`)
    if (!each) throw new Error(`updateSteps: ${name} has no state "${state}"`)
    return each
  }
}

/** A bump allocator from an address on, which records how much was needed. */
class Room implements Scratch {
  readonly #from: number
  #top: number
  #end: number

  constructor(from: number) {
    this.#from = from
    this.#top = from
    this.#end = from
  }

  take(bytes: number): number {
    const address = this.#top
    this.#top += roundUp(bytes, ALIGN)
    this.#end = Math.max(this.#end, this.#top)
    return address
  }

  clear(): void {
    this.#top = this.#from
  }

  get bytes(): number {
    return this.#end - this.#from
  }
}

/** Bytes of scratch that matrixSteps() needs. */
function matrixScratch(rule: MatrixRule, tensors: readonly Tensor[]): number {
  const room = new Room(ALIGN)
  lowerOwn(rule, tensors, { parameters: 0, gradients: 0, kept: 0, scratch: 0 }, room)
  return Math.max(room.bytes, rule.fallback ? passScratch(rule.fallback, divide(rule, tensors).left) : 0)
}

function lowerOwn(rule: MatrixRule, tensors: readonly Tensor[], blocks: MatrixBlocks, room: Room): Step[] {
  const find = finder(keptTensors(rule, tensors))
  const settingsOf = settingsBy(rule)
  const taken = divide(rule, tensors).taken.map((tensor) => ({
    tensor,
    settings: settingsOf(tensor),
    parameters: blocks.parameters + tensor.offset * 4,
    gradients: blocks.gradients + tensor.offset * 4,
    state: (name: string) => blocks.kept + find(name, tensor).offset * 4,
  }))
  return rule.lower(taken, room)
}

/** The steps of one update: the rule's own, then its fallback's, which reads the record's second set of rates. */
function matrixSteps(rule: MatrixRule, tensors: readonly Tensor[], blocks: MatrixBlocks): Step[] {
  const own = lowerOwn(rule, tensors, blocks, new Room(blocks.scratch))
  const { fallback } = rule
  if (!fallback) return own
  const names = statesOf(fallback)
  const find = finder(keptTensors(rule, tensors))
  const rest = passSteps(fallback, divide(rule, tensors).left, {
    parameters: blocks.parameters,
    gradients: blocks.gradients,
    scratch: blocks.scratch,
    state: (index, tensor) => blocks.kept + find(names[index], tensor).offset * 4,
  })
  return rest.length > 0 ? [...own, step(secondRule, {}), ...rest] : own
}

export const matrixUpdates: MatrixUpdates = {
  kept: keptTensors,
  initial: initialKept,
  scratch: matrixScratch,
  steps: matrixSteps,
}
