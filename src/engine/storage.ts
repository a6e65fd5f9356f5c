/** What outlives every plan: parameters, gradients and optimizer state, as parallel blocks of one memory. */

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

/** Floats after the gradients that are summed along with them across ranks. */
export const TAIL = 16

export class ModelStorage {
  readonly arena: Arena
  readonly places: readonly ParameterPlace[]
  /** Size of each block in bytes. */
  readonly bytes: number
  /** Address of the parameters. */
  readonly parameters: number
  /** Addresses of the gradients and of the states, once there is an optimizer. */
  gradients: number | undefined
  states: readonly number[] = []
  /** State tensors of a rule on matrices, in one block instead of state blocks. */
  kept: { readonly address: number; readonly bytes: number; readonly tensors: readonly KeptTensor[] } = NOTHING
  /** Address of a solver's scratch. */
  scratch = 0
  /** Whether the gradients belong to some batch. */
  hasGradients = false
  /** Throws while gradients and state are sharded among ranks. */
  whole: (() => void) | undefined
  /** Incremented when parameters or gradients are modified from outside of training. */
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

  /** A whole block, padding included; valid until the memory grows. */
  view(address: number): Float32Array {
    return this.arena.floats(address, this.bytes / 4)
  }

  /** Flushes tiny values to 0 after parameters were written from outside. */
  flushParameters(): void {
    this.arena.flush(this.parameters, this.bytes / 4)
  }

  isTrainable = (place: ParameterPlace): boolean => {
    const layer = this.#layers[place.layer]
    return place.trainable !== false && !this.#frozen.has(place.layer) && (!('trainable' in layer) || layer.trainable)
  }

  /** Indices of the layers frozen by `setFrozen`. */
  get frozen(): ReadonlySet<number> {
    return this.#frozen
  }

  /** Also clears gradients of what is no longer trainable. */
  setFrozen(indices: readonly number[], frozen: boolean): void {
    for (const index of indices) {
      if (frozen) this.#frozen.add(index)
      else this.#frozen.delete(index)
    }
    if (this.gradients !== undefined) this.view(this.gradients).fill(0)
  }

  /** The tensors for an optimizer. */
  get tensors(): Tensor[] {
    return tensorsOf(this.places, this.isTrainable)
  }

  /**
   * Allocates gradient and state blocks for an optimizer, replacing existing ones, and `more` bytes after them, whose address
   * is returned. The parameters are kept.
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

  /** Resets gradients and state. */
  reset(optimizer: AnyOptimizer): void {
    if (this.gradients === undefined) return
    this.hasGradients = false
    this.whole = undefined
    this.view(this.gradients).fill(0)
    // a solver's vectors are cleared on first use
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

  /** All state tensors of a rule on matrices; valid until the memory grows. */
  viewKept(): Float32Array {
    return this.arena.floats(this.kept.address, this.kept.bytes / 4)
  }
}
