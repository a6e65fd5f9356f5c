/** The optimizers on numbers of your own: no model, no layers, only values and their gradient. */
import { ALIGN } from '../abi/layout.ts'
import { RECORD_WORDS } from '../abi/records.ts'
import {
  initialStates,
  scratchBytes,
  stateNames,
  stepClock,
  type Tensor,
  updateSteps,
  writeDynamics,
} from '../compiler/updates.ts'
import { checkBoolean, checkFloat, checkOptions, show } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { encode, modulesOf, programBytes } from '../machine/program.ts'
import type { Target } from '../machine/wasm.ts'
import { type Optimizer, type OptimizerName, resolveOptimizer } from '../optimizers/optimizers.ts'

export interface OptimizeOptions {
  /** Names of the tensors, for parameter groups; default `parameter_0`, `parameter_1`, ... */
  readonly names?: readonly string[]
  /** Which tensors step() changes; default all. */
  readonly trainable?: readonly boolean[]
  /** The wasm build to use; default as for models. */
  readonly target?: Target
}

/** Tensors in linear memory and the rule that updates them. All arrays are live views: no copies. */
export interface Optimization {
  readonly values: readonly Float32Array[]
  /** Written by you before every step(). */
  readonly gradients: readonly Float32Array[]
  /** The rule's states by name, one array per tensor. */
  readonly state: Readonly<Record<string, readonly Float32Array[]>>
  /** One update. @throws RangeError when a schedule does not give a finite number at least 0. */
  step(): void
  /** Updates done. */
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

/** @throws unless `list` holds one entry of the right kind for each of `count` tensors. */
function checkPerTensor<T>(
  name: string,
  list: readonly T[] | undefined,
  count: number,
  check: (name: string, entry: T) => void,
): void {
  if (list === undefined) return
  if (!Array.isArray(list)) throw new TypeError(`optimize: "${name}" must be an array, got ${show(list)}`)
  if (list.length !== count)
    throw new RangeError(`optimize: "${name}" must have one entry for each of ${count} tensors, got ${list.length}`)
  list.forEach((entry, i) => {
    check(`${name}[${i}]`, entry)
  })
}

/**
 * Puts tensors into linear memory under an update rule: write `gradients`, call `step()`, read `values`.
 * Gradients are not checked: a NaN goes where the rule takes it.
 * @throws TypeError or RangeError for an unknown optimizer or option, or values that are not finite numbers.
 */
export function optimize(
  optimizer: OptimizerName | Optimizer,
  initial: readonly ArrayLike<number>[],
  options: OptimizeOptions = {},
): Optimization {
  const rule = resolveOptimizer('optimize', optimizer)
  if (!Array.isArray(initial))
    throw new TypeError(`optimize: "initial" must be an array of arrays, got ${show(initial)}`)
  initial.forEach((values, i) => {
    checkValues('optimize', `initial[${i}]`, values)
  })
  checkOptions('optimize', options, ['names', 'trainable', 'target'])
  checkPerTensor('names', options.names, initial.length, (name, entry) => {
    if (typeof entry !== 'string') throw new TypeError(`optimize: "${name}" must be a string, got ${show(entry)}`)
  })
  checkPerTensor('trainable', options.trainable, initial.length, (name, entry) => {
    checkBoolean('optimize', name, entry)
  })

  let offset = 0
  const tensors: Tensor[] = initial.map(({ length }, i) => {
    const count = Math.ceil(length / LINE) * LINE
    const tensor = {
      name: options.names?.[i] ?? `parameter_${i}`,
      offset,
      count,
      trainable: options.trainable?.[i] ?? true,
    }
    offset += count
    return tensor
  })
  const arena = new Arena(options.target)
  const block = () => arena.reserve(Math.max(offset * 4, ALIGN))
  const names = stateNames(rule)
  const blocks = {
    parameters: block(),
    gradients: block(),
    states: names.map(block),
    scratch: arena.reserve(scratchBytes(rule, tensors)),
  }
  const steps = updateSteps(rule, tensors, blocks)
  arena.machine.need(modulesOf(steps))
  const program = arena.reserve(programBytes(steps.length))
  const record = arena.reserve(RECORD_WORDS * 4)
  arena.commit()

  encode(arena, program, steps)
  const views = (address: number) =>
    tensors.map((tensor, i) => arena.floats(address + tensor.offset * 4, initial[i].length))
  const values = views(blocks.parameters)
  values.forEach((view, i) => {
    view.set(initial[i])
  })
  const states = blocks.states.map(views)
  for (const { tensor, state, value } of initialStates(rule, tensors))
    states[state][tensors.indexOf(tensor)].fill(value)

  const clock = stepClock(rule)
  let stepCount = 0
  return {
    values,
    gradients: views(blocks.gradients),
    state: Object.fromEntries(names.map((name, i) => [name, states[i]])),
    step() {
      writeDynamics(clock, stepCount + 1, 1, arena, record)
      stepCount++
      arena.machine.run(program, 0, steps.length, record, 1, 0)
    },
    get stepCount() {
      return stepCount
    },
  }
}
