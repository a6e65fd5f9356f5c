/** Optimizers applied to plain arrays, without a model. */
import { ALIGN } from '../abi/layout.ts'
import { RECORD_WORDS } from '../abi/records.ts'
import { type Place, readParameter, valuesOf, writeParameter } from '../compiler/parameterLayout.ts'
import {
  initialKeptOf,
  initialStates,
  type KeptTensor,
  keptOf,
  type ParallelBlocks,
  type StepClock,
  scratchBytes,
  stateNames,
  stepClock,
  type Tensor,
  updateSteps,
  writeDynamics,
} from '../compiler/updates.ts'
import { checkBoolean, checkFloat, checkInteger, checkOptions, show } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { roundUp, storedFloats } from '../machine/matrixLayout.ts'
import { encode, modulesOf, programBytes } from '../machine/program.ts'
import type { Target } from '../machine/wasm.ts'
import { isMatrixRule, type MatrixRule } from '../optimizers/matrices/matrixRule.ts'
import type { Optimizer, OptimizerName } from '../optimizers/optimizers.ts'
import { resolveOptimizer } from '../optimizers/resolve.ts'

export interface OptimizeOptions {
  /** Names of the tensors, for parameter groups. Default `parameter_0`, `parameter_1`, ... */
  readonly names?: readonly string[]
  /**
   * Shape [inputs, units] of each tensor that is a row-major matrix, undefined for others. Required by rules on matrices, such as
   * `muon()`, which update those; ignored by other rules.
   */
  readonly shapes?: readonly (readonly number[] | undefined)[]
  /** Which tensors step() updates. Default all. */
  readonly trainable?: readonly boolean[]
  /** The wasm build. Default as for models. */
  readonly target?: Target
}

/** Tensors and the rule that updates them. All arrays are live: step() reads and writes them. */
export interface Optimization {
  readonly values: readonly Float32Array[]
  /** To be written before every step(). */
  readonly gradients: readonly Float32Array[]
  /** The rule's states by name, one array per tensor; empty if a tensor does not need it. */
  readonly state: Readonly<Record<string, readonly Float32Array[]>>
  /** One update. @throws RangeError if a schedule does not return a finite number >= 0. */
  step(): void
  /** Number of updates. */
  readonly stepCount: number
}

const LINE = ALIGN / 4

/** @throws TypeError or RangeError unless `values` are finite numbers. */
export function checkValues(where: string, name: string, values: unknown): ArrayLike<number> {
  const isList = Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))
  if (!isList) throw new TypeError(`${where}: "${name}" must be an array of numbers, got ${show(values)}`)
  const list = values as ArrayLike<number>
  for (let i = 0; i < list.length; i++) checkFloat(where, `${name}[${i}]`, list[i])
  return list
}

/** @throws unless `list` has one valid entry for each of `count` tensors. */
function checkPerTensor<T>(
  name: string,
  list: readonly T[] | undefined,
  count: number,
  check: (name: string, entry: T, index: number) => void,
): void {
  if (list === undefined) return
  if (!Array.isArray(list)) throw new TypeError(`optimize: "${name}" must be an array, got ${show(list)}`)
  if (list.length !== count)
    throw new RangeError(`optimize: "${name}" must have one entry for each of ${count} tensors, got ${list.length}`)
  list.forEach((entry, i) => {
    check(`${name}[${i}]`, entry, i)
  })
}

/**
 * Applies an update rule to tensors in linear memory: write `gradients`, call `step()`, read `values`.
 * Gradients are not checked; NaN propagates.
 * @throws TypeError or RangeError for an unknown optimizer or option, or values that are not finite numbers.
 */
export function optimize(
  optimizer: OptimizerName | Optimizer | MatrixRule,
  initial: readonly ArrayLike<number>[],
  options: OptimizeOptions = {},
): Optimization {
  const rule = isMatrixRule(optimizer) ? optimizer : resolveOptimizer('optimize', optimizer)
  if (!Array.isArray(initial))
    throw new TypeError(`optimize: "initial" must be an array of arrays, got ${show(initial)}`)
  initial.forEach((values, i) => {
    checkValues('optimize', `initial[${i}]`, values)
  })
  checkOptions('optimize', options, ['names', 'shapes', 'trainable', 'target'])
  checkPerTensor('names', options.names, initial.length, (name, entry) => {
    if (typeof entry !== 'string') throw new TypeError(`optimize: "${name}" must be a string, got ${show(entry)}`)
  })
  checkPerTensor('shapes', options.shapes, initial.length, (name, entry, i) => {
    if (entry !== undefined) checkShape(name, entry, initial[i].length)
  })
  checkPerTensor('trainable', options.trainable, initial.length, (name, entry) => {
    checkBoolean('optimize', name, entry)
  })
  return isMatrixRule(rule) ? ofMatrices(rule, initial, options) : plain(rule, initial, options)
}

/** @throws TypeError or RangeError unless it is [inputs, units] with the right product, or [length]. */
function checkShape(name: string, shape: readonly number[], length: number): void {
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 2) {
    throw new TypeError(`optimize: "${name}" must be [inputs, units], or undefined, got ${show(shape)}`)
  }
  shape.forEach((size, i) => {
    checkInteger('optimize', `${name}[${i}]`, size, 1)
  })
  const count = shape.reduce((product, size) => product * size, 1)
  if (count !== length) {
    throw new RangeError(`optimize: "${name}" is [${shape.join(', ')}], ${count} values, but the tensor has ${length}`)
  }
}

/** Lays out tensors in order, each aligned to a cache line. */
function tensorsOf(initial: readonly ArrayLike<number>[], { names, shapes, trainable }: OptimizeOptions): Tensor[] {
  let offset = 0
  return initial.map(({ length }, i) => {
    const [inputs, units] = shapes?.[i] ?? []
    const matrix = units === undefined ? undefined : ([inputs, units] as const)
    const count = roundUp(matrix ? storedFloats(matrix, 'panels') : length, LINE)
    const tensor = {
      name: names?.[i] ?? `parameter_${i}`,
      offset,
      count,
      trainable: trainable?.[i] ?? true,
      shape: matrix ?? [length],
      ...(matrix && { matrix, layout: 'panels' as const }),
    }
    offset += count
    return tensor
  })
}

const floatsOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { count }) => sum + count, 0)

/** A rule's steps in a memory of their own. */
class Update {
  readonly arena: Arena
  readonly tensors: readonly Tensor[]
  readonly blocks: Required<ParallelBlocks>
  readonly names: readonly string[]
  readonly kept: readonly KeptTensor[]
  stepCount = 0
  readonly #clock: StepClock
  readonly #steps: number
  readonly #program: number
  readonly #record: number

  constructor(rule: Optimizer | MatrixRule, tensors: readonly Tensor[], target: Target | undefined) {
    const arena = new Arena(target)
    this.arena = arena
    this.tensors = tensors
    this.names = stateNames(rule)
    this.kept = keptOf(rule, tensors)
    const block = () => arena.reserve(Math.max(floatsOf(tensors) * 4, ALIGN))
    this.blocks = {
      parameters: block(),
      gradients: block(),
      states: this.names.map(block),
      kept: arena.reserve(this.kept.reduce((sum, { stored }) => sum + stored * 4, 0)),
      scratch: arena.reserve(scratchBytes(rule, tensors)),
    }
    const steps = updateSteps(rule, tensors, this.blocks)
    arena.machine.need(modulesOf(steps))
    this.#steps = steps.length
    this.#program = arena.reserve(programBytes(steps.length))
    this.#record = arena.reserve(RECORD_WORDS * 4)
    this.#clock = stepClock(rule)
    arena.commit()
    encode(arena, this.#program, steps)
  }

  step(): void {
    writeDynamics(this.#clock, this.stepCount + 1, 1, this.arena, this.#record)
    this.stepCount++
    this.arena.machine.run(this.#program, 0, this.#steps, this.#record, 1, 0)
  }
}

/** For elementwise rules: all arrays are views of linear memory. */
function plain(rule: Optimizer, initial: readonly ArrayLike<number>[], options: OptimizeOptions): Optimization {
  const tensors = tensorsOf(initial, { ...options, shapes: [] })
  const update = new Update(rule, tensors, options.target)
  const { arena, blocks, names } = update
  const views = (address: number) =>
    tensors.map((tensor, i) => arena.floats(address + tensor.offset * 4, initial[i].length))
  const values = views(blocks.parameters)
  values.forEach((view, i) => {
    view.set(initial[i])
  })
  const states = blocks.states.map(views)
  for (const { tensor, state, value } of initialStates(rule, tensors))
    states[state][tensors.indexOf(tensor)].fill(value)
  return {
    values,
    gradients: views(blocks.gradients),
    state: Object.fromEntries(names.map((name, i) => [name, states[i]])),
    step: () => update.step(),
    get stepCount() {
      return update.stepCount
    },
  }
}

/** For rules on matrices, which are stored in panels: arrays are row-major copies, written before and read after each step. */
function ofMatrices(rule: MatrixRule, initial: readonly ArrayLike<number>[], options: OptimizeOptions): Optimization {
  const tensors = tensorsOf(initial, options)
  const update = new Update(rule, tensors, options.target)
  const { arena, blocks } = update
  const values = initial.map((each) => Float32Array.from(each))
  const gradients = initial.map(({ length }) => new Float32Array(length))
  const states = update.kept.map((kept) => ({ kept, array: new Float32Array(valuesOf(kept)) }))
  for (const { kept, value } of initialKeptOf(rule, tensors)) {
    states.find((each) => each.kept.offset === kept.offset)?.array.fill(value)
  }
  const names = [...new Set(update.kept.map(({ state }) => state))]
  const arrayOf = (name: string, tensor: Tensor) =>
    states.find(({ kept }) => kept.state === name && kept.tensor === tensor)?.array ?? new Float32Array(0)

  /** Copies all arrays into linear memory, or out of it. */
  function carry(move: (arena: Arena, address: number, place: Place, values: Float32Array) => unknown): void {
    for (const [i, tensor] of tensors.entries()) {
      const place = placeOf(tensor)
      move(arena, blocks.parameters, place, values[i])
      move(arena, blocks.gradients, place, gradients[i])
    }
    for (const { kept, array } of states) move(arena, blocks.kept, kept, array)
  }

  return {
    values,
    gradients,
    state: Object.fromEntries(names.map((name) => [name, tensors.map((tensor) => arrayOf(name, tensor))])),
    step() {
      carry(writeParameter)
      update.step()
      carry(readParameter)
    },
    get stepCount() {
      return update.stepCount
    },
  }
}

const placeOf = ({ name, offset, count, shape, layout }: Tensor): Place => ({
  path: name,
  offset,
  stored: count,
  shape: shape ?? [count],
  layout: layout ?? 'row',
})
