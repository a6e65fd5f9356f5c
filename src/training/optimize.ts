/** The optimizers on numbers of your own: no model, no layers, only values and their gradient. */
import { ALIGN } from '../abi/layout.ts'
import { RECORD_WORDS } from '../abi/records.ts'
import {
  initialStates,
  scratchBytes,
  stateSlots,
  stepClock,
  type Tensor,
  updateSteps,
  writeDynamics,
} from '../compiler/updates.ts'
import { checkBoolean, checkFunction, checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { encode, programBytes } from '../machine/program.ts'
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
  /** The rule's state by slot name, one array per tensor. */
  readonly state: Readonly<Record<string, readonly Float32Array[]>>
  /** One update. @throws RangeError when a schedule does not give a finite number at least 0. */
  step(): void
  /** Updates done. */
  readonly stepCount: number
}

const LINE = ALIGN / 4

/** @throws TypeError or RangeError unless `values` are finite numbers. */
function checkValues(where: string, name: string, values: unknown): ArrayLike<number> {
  const isList = Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))
  if (!isList) throw new TypeError(`${where}: "${name}" must be an array of numbers, got ${show(values)}`)
  const list = values as ArrayLike<number>
  for (let i = 0; i < list.length; i++) checkNumber(where, `${name}[${i}]`, list[i])
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
  const slots = stateSlots(rule)
  const blocks = {
    parameters: block(),
    gradients: block(),
    states: slots.map(block),
    scratch: arena.reserve(scratchBytes(rule, tensors)),
  }
  const steps = updateSteps(rule, tensors, blocks)
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
  for (const { tensor, slot, value } of initialStates(rule, tensors)) states[slot][tensors.indexOf(tensor)].fill(value)

  const clock = stepClock(rule)
  let stepCount = 0
  return {
    values,
    gradients: views(blocks.gradients),
    state: Object.fromEntries(slots.map((slot, i) => [slot, states[i]])),
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

/** What onStep sees after each update's evaluation. */
export interface Progress {
  /** Updates done. */
  readonly step: number
  readonly loss: number
  /** Largest absolute entry of the gradient. */
  readonly gradientNorm: number
  /** Live: copy what you keep. */
  readonly x: Float32Array
}

export interface MinimizeOptions {
  readonly maxSteps?: number
  /** Converged when no entry of the gradient is larger than it. */
  readonly tolerance?: number
  /** Called with every evaluation, the first at step 0; return false to stop. */
  readonly onStep?: (progress: Progress) => unknown
  readonly target?: Target
}

export interface Minimum {
  /** The last point, evaluated. */
  readonly x: Float32Array
  readonly loss: number
  readonly steps: number
  /** Calls of the function. */
  readonly evaluations: number
  /** Largest absolute entry of the gradient at x. */
  readonly gradientNorm: number
  readonly converged: boolean
  /** `diverged`: the loss or the gradient is no longer finite. `stopped`: onStep returned false. */
  readonly reason: 'tolerance' | 'maxSteps' | 'diverged' | 'stopped'
}

/** max |g|, NaN if one is. */
function infinityNorm(gradient: Float32Array): number {
  let norm = 0
  for (let i = 0; i < gradient.length; i++) norm = Math.max(norm, Math.abs(gradient[i]))
  return norm
}

/**
 * Minimizes a function of a vector by an update rule: `f(x, gradient)` returns the loss and fills the gradient.
 * Ends when every |gradient[i]| <= tolerance (1e-6), after maxSteps (1000) updates, or when the loss is no longer finite.
 * x and gradient are float32 and live: read x, write every entry of gradient (it comes filled with NaN), keep neither.
 * @throws TypeError or RangeError for bad arguments, before the function is called.
 */
export function minimize(
  optimizer: OptimizerName | Optimizer,
  x0: ArrayLike<number>,
  f: (x: Float32Array, gradient: Float32Array) => number,
  options: MinimizeOptions = {},
): Minimum {
  const rule = resolveOptimizer('minimize', optimizer)
  checkValues('minimize', 'x0', x0)
  if (x0.length === 0) throw new RangeError('minimize: "x0" must have at least one value, got none')
  checkFunction('minimize', 'f', f)
  checkOptions('minimize', options, ['maxSteps', 'tolerance', 'onStep', 'target'])
  const maxSteps = checkInteger('minimize', 'maxSteps', options.maxSteps ?? 1000)
  const tolerance = checkNumber('minimize', 'tolerance', options.tolerance ?? 1e-6, { minimum: 0 })
  const { onStep, target } = options
  if (onStep !== undefined) checkFunction('minimize', 'onStep', onStep)

  const problem = optimize(rule, [x0], target === undefined ? {} : { target })
  const [x] = problem.values
  const [gradient] = problem.gradients
  for (;;) {
    const steps = problem.stepCount
    gradient.fill(Number.NaN)
    const loss = f(x, gradient)
    if (typeof loss !== 'number') throw new TypeError(`minimize: "f" must return the loss, got ${show(loss)}`)
    if (f.length < 2 && gradient.every(Number.isNaN)) {
      throw new TypeError('minimize: "f" must write the gradient into its second argument: (x, gradient) => loss')
    }
    const gradientNorm = infinityNorm(gradient)
    const stopped = onStep?.({ step: steps, loss, gradientNorm, x }) === false
    let reason: Minimum['reason'] | undefined
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) reason = 'diverged'
    else if (gradientNorm <= tolerance) reason = 'tolerance'
    else if (stopped) reason = 'stopped'
    else if (steps >= maxSteps) reason = 'maxSteps'
    if (reason) {
      const converged = reason === 'tolerance'
      return { x: x.slice(), loss, steps, evaluations: steps + 1, gradientNorm, converged, reason }
    }
    problem.step()
  }
}
