/** The parameters of a model: one block in memory, gradients and optimizer state in parallel blocks, views for users. */
import { ALIGN } from './abi.ts'
import type { Arena } from './arena.ts'
import { show } from './check.ts'
import { fillInitial } from './initializers.ts'
import type { ParameterSpec } from './layers/lowering.ts'
import { type Layer, parametersOf } from './layers.ts'
import { fromPanels, roundUp, storedFloats, toPanels } from './layout.ts'
import type { Random } from './random.ts'

/** Where a parameter lies in the block. */
export interface Slot extends ParameterSpec {
  /** The parameter's public name, such as `dense_1.kernel`. */
  readonly path: string
  /** Index of its layer in the model's list. */
  readonly layer: number
  /** Floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats it takes in the block, padding included. */
  readonly stored: number
}

const LINE_FLOATS = ALIGN / 4

/** Lays the parameters of all layers one after the other, each from a cache line on. */
export function layoutParameters(layers: readonly Layer[], widths: readonly number[]): Slot[] {
  const slots: Slot[] = []
  const seen: Record<string, number> = {}
  let offset = 0
  layers.forEach((layer, index) => {
    if (layer.kind === 'input') return
    const specs = parametersOf(layer, widths[index - 1])
    seen[layer.kind] = (seen[layer.kind] ?? 0) + 1
    const prefix = ('name' in layer && layer.name) || `${layer.kind}_${seen[layer.kind]}`
    if (specs.length > 0 && slots.some(({ path }) => path.startsWith(`${prefix}.`))) {
      throw new RangeError(
        `sequential: two layers with parameters are named "${prefix}"; give layer ${index} another "name"`,
      )
    }
    if (new Set(specs.map(({ name }) => name)).size < specs.length) {
      throw new RangeError(`sequential: two layers inside layer ${index} have the same name; give one another "name"`)
    }
    for (const spec of specs) {
      const stored = roundUp(storedFloats(spec.shape, spec.layout), LINE_FLOATS)
      slots.push({ ...spec, path: `${prefix}.${spec.name}`, layer: index, offset, stored })
      offset += stored
    }
  })
  return slots
}

/** Floats of the whole block. */
export const blockFloats = (slots: readonly Slot[]): number => {
  const last = slots[slots.length - 1]
  return last ? last.offset + last.stored : 0
}

/** Number of values of a parameter, padding excluded. */
export const valuesOf = (slot: ParameterSpec): number => slot.shape.reduce((product, size) => product * size, 1)

/** Copies a tensor out of its slot in the block at `address`, in canonical order. */
export function readSlot(
  arena: Arena,
  address: number,
  slot: Slot,
  out: Float32Array = new Float32Array(valuesOf(slot)),
): Float32Array {
  const stored = arena.floats(address + slot.offset * 4, slot.stored)
  if (slot.layout === 'panels') fromPanels(stored, slot.shape[0], slot.shape[1], out)
  else out.set(stored.subarray(0, slot.shape[0]))
  return out
}

/** Copies a canonical tensor into its slot in the block at `address`; pads are left as they are: zero. */
export function writeSlot(arena: Arena, address: number, slot: Slot, values: ArrayLike<number>): void {
  const stored = arena.floats(address + slot.offset * 4, slot.stored)
  if (slot.layout === 'panels') toPanels(values, slot.shape[0], slot.shape[1], stored)
  else stored.set(values)
}

/** Fills every parameter by its initializer, in the order of the layers. */
export function initialize(arena: Arena, address: number, slots: readonly Slot[], random: Random): void {
  for (const slot of slots) {
    const values = new Float32Array(valuesOf(slot))
    const [fanIn, fanOut] = fans(slot, slots)
    fillInitial(slot.initializer, values, fanIn, fanOut, random)
    writeSlot(arena, address, slot, values)
  }
  for (const slot of slots) {
    const { derived } = slot
    const source = derived && slots.find(({ layer, name }) => layer === slot.layer && name === derived.from)
    if (source) writeSlot(arena, address, slot, derived.values(readSlot(arena, address, source)))
  }
}

/** Inputs and outputs of the parameter's unit; a bias takes those of its layer's kernel. */
function fans(slot: Slot, slots: readonly Slot[]): [number, number] {
  const owner = (path: string) => path.slice(0, path.lastIndexOf('.'))
  const kernel = slots.find(({ path, layout }) => owner(path) === owner(slot.path) && layout === 'panels') ?? slot
  return [kernel.shape[0], kernel.shape[kernel.shape.length - 1]]
}

/** One parameter of a model, always in canonical order: kernels are [inputs, units], row-major. */
export class Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly #slot: Slot
  readonly #home: ParameterHome

  /** @internal */
  constructor(slot: Slot, home: ParameterHome) {
    this.name = slot.path
    this.shape = Object.freeze([...slot.shape])
    this.#slot = slot
    this.#home = home
  }

  /** Number of values. */
  get size(): number {
    return valuesOf(this.#slot)
  }

  /** Whether training changes it. */
  get trainable(): boolean {
    return this.#home.isTrainable(this.#slot)
  }

  /**
   * A copy of the values, into `out` when given.
   * @throws RangeError when `out` has another length.
   */
  get(out?: Float32Array): Float32Array {
    this.#home.flush()
    return readSlot(this.#home.arena, this.#home.parameters, this.#slot, this.#room('get', out))
  }

  /**
   * Replaces the values.
   * @throws RangeError for another length or a value that is not finite; nothing is changed then.
   */
  set(values: ArrayLike<number>): void {
    if (typeof values !== 'object' || values === null || typeof values.length !== 'number') {
      throw new TypeError(`set: values of ${this.name} must be an array of ${this.size} numbers, got ${show(values)}`)
    }
    if (values.length !== this.size) {
      throw new RangeError(
        `set: ${this.name} has ${this.size} values (${this.shape.join(' x ')}), got ${values.length}`,
      )
    }
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(Math.fround(values[i])))
        throw new RangeError(`set: value ${i} of ${this.name} must be finite, got ${show(values[i])}`)
    }
    this.#home.flush()
    writeSlot(this.#home.arena, this.#home.parameters, this.#slot, values)
  }

  /**
   * A copy of the gradient that the last `gradients` or training step left, into `out` when given.
   * @throws Error before the first one.
   */
  gradient(out?: Float32Array): Float32Array {
    const address = this.#home.gradients
    if (address === undefined)
      throw new Error(`gradient: ${this.name} has none yet; call gradients() or trainStep() first`)
    return readSlot(this.#home.arena, address, this.#slot, this.#room('gradient', out))
  }

  #room(where: string, out: Float32Array | undefined): Float32Array | undefined {
    if (out !== undefined && (!(out instanceof Float32Array) || out.length !== this.size)) {
      throw new RangeError(
        `${where}: "out" must be a Float32Array of ${this.size} values for ${this.name}, got ${show(out)}`,
      )
    }
    return out
  }
}

/** What a Parameter needs of its model. */
export interface ParameterHome {
  readonly arena: Arena
  /** Address of the parameter block. */
  readonly parameters: number
  /** Address of the gradient block, once there has been a gradient. */
  readonly gradients: number | undefined
  isTrainable(slot: Slot): boolean
  /** Waits for work that still changes the blocks. */
  flush(): void
}
