/** What outlives every plan: a model's parameters, their gradients and its optimizer's state, in parallel blocks of one memory. */

import { tensorsOf } from '../compiler/objective.ts'
import {
  blockFloats,
  layoutParameters,
  type ParameterPlace,
  valuesOf,
  writeParameter,
} from '../compiler/parameterLayout.ts'
import { initialKeptOf, initialStates, type KeptTensor, keptOf, stateNames, type Tensor } from '../compiler/updates.ts'
import type { Layer } from '../layers/layers.ts'
import type { Arena } from '../machine/arena.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'
import { isSolver, WORK_VECTORS } from '../optimizers/solvers/solver.ts'

const NOTHING = { address: 0, bytes: 0, tensors: [] }

/** Floats behind the gradients, which travel with them where several processes add theirs up. */
export const TAIL = 16

export class ModelStorage {
  readonly arena: Arena
  readonly places: readonly ParameterPlace[]
  /** Bytes of each block. */
  readonly bytes: number
  /** Address of the parameters. */
  readonly parameters: number
  /** Addresses of the gradients and of the states, once there is an optimizer. */
  gradients: number | undefined
  states: readonly number[] = []
  /** What a rule that sees matrices keeps instead of state blocks: tensors in one block. */
  kept: { readonly address: number; readonly bytes: number; readonly tensors: readonly KeptTensor[] } = NOTHING
  /** Address of what a solver needs beside its blocks. */
  scratch = 0
  /** Whether the gradients are those of some batch. */
  hasGradients = false
  /** Fails while gradients and state are not whole, because processes share them out. */
  whole: (() => void) | undefined
  /** Counts what changes parameters or gradients from outside of training. */
  version = 0
  /** First free byte after all blocks. */
  end: number
  readonly #layers: readonly Layer[]
  readonly #frozen = new Set<number>()

  constructor(arena: Arena, layers: readonly Layer[], widths: readonly number[]) {
    this.arena = arena
    this.#layers = layers
    this.places = layoutParameters(layers, widths)
    this.bytes = blockFloats(this.places) * 4
    this.parameters = arena.reserve(this.bytes)
    this.end = arena.top
    arena.commit()
  }

  /** All of a block, padding included; valid until the memory grows. */
  view(address: number): Float32Array {
    return this.arena.floats(address, this.bytes / 4)
  }

  /** After parameters have come from outside: values too small to count become 0. */
  flushParameters(): void {
    this.arena.flush(this.parameters, this.bytes / 4)
  }

  isTrainable = (place: ParameterPlace): boolean => {
    const layer = this.#layers[place.layer]
    return place.trainable !== false && !this.#frozen.has(place.layer) && (!('trainable' in layer) || layer.trainable)
  }

  /** Layers that `setFrozen` holds, by index. */
  get frozen(): ReadonlySet<number> {
    return this.#frozen
  }

  /** Gradients of what no longer trains must not stay. */
  setFrozen(indices: readonly number[], frozen: boolean): void {
    for (const index of indices) {
      if (frozen) this.#frozen.add(index)
      else this.#frozen.delete(index)
    }
    if (this.gradients !== undefined) this.view(this.gradients).fill(0)
  }

  /** What an optimizer works on. */
  get tensors(): Tensor[] {
    return tensorsOf(this.places, this.isTrainable)
  }

  /**
   * Gradient and state blocks for an optimizer, in the place of those there were, and some more room behind them, whose address
   * is returned. The parameters stay.
   */
  reserve(optimizer: AnyOptimizer, more: number): number {
    const { arena, bytes } = this
    arena.top = this.parameters + bytes
    const gradients = arena.reserve(bytes + TAIL * 4)
    const names = [...stateNames(optimizer), ...(isSolver(optimizer) && !optimizer.stochastic ? WORK_VECTORS : [])]
    const states = names.map(() => arena.reserve(bytes))
    const tensors = keptOf(optimizer, this.tensors)
    const kept = blockFloats(tensors) * 4
    const address = arena.reserve(kept)
    const room = arena.reserve(more)
    this.scratch = isSolver(optimizer) ? arena.reserve(optimizer.scratch(bytes / 4, this.places)) : 0
    arena.commit()
    this.end = arena.top
    this.gradients = gradients
    this.states = states
    this.kept = { address, bytes: kept, tensors }
    return room
  }

  /** Gradients and state as before the first update. */
  reset(optimizer: AnyOptimizer): void {
    if (this.gradients === undefined) return
    this.hasGradients = false
    this.whole = undefined
    this.view(this.gradients).fill(0)
    // its vectors are cleared when they are first used
    if (isSolver(optimizer)) return
    for (const address of this.states) this.view(address).fill(0)
    this.viewKept().fill(0)
    const places = new Map(this.places.map((place) => [place.offset, place]))
    for (const { tensor, state, value } of initialStates(optimizer, this.tensors)) {
      const place = places.get(tensor.offset)
      if (place) writeParameter(this.arena, this.states[state], place, new Float32Array(valuesOf(place)).fill(value))
    }
    for (const { kept, value } of initialKeptOf(optimizer, this.tensors)) {
      writeParameter(this.arena, this.kept.address, kept, new Float32Array(valuesOf(kept)).fill(value))
    }
  }

  /** All that a rule that sees matrices keeps; valid until the memory grows. */
  viewKept(): Float32Array {
    return this.arena.floats(this.kept.address, this.kept.bytes / 4)
  }
}
