/** The parameters of a model as users see them: read and written by name. */

import {
  findPlaces,
  type ParameterPlace,
  readParameter,
  valuesOf,
  writeParameter,
} from '../compiler/parameterLayout.ts'
import type { ModelStorage } from '../engine/storage.ts'
import { show } from '../lib/check.ts'
import type { Runner } from '../machine/runner.ts'

/** A parameter of a model, always in canonical order: kernels are [inputs, units], row-major. */
export class Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly #place: ParameterPlace
  readonly #home: ParameterHome

  private constructor(place: ParameterPlace, home: ParameterHome) {
    this.name = place.path
    this.shape = Object.freeze([...place.shape])
    this.#place = place
    this.#home = home
  }

  /** @internal */
  static at(place: ParameterPlace, home: ParameterHome): Parameter {
    return new Parameter(place, home)
  }

  /** Number of values. */
  get size(): number {
    return valuesOf(this.#place)
  }

  /** Whether training updates it. */
  get trainable(): boolean {
    return this.#home.storage.isTrainable(this.#place)
  }

  /**
   * A copy of the values, in `out` if given.
   * @throws RangeError if `out` has another length.
   */
  get(out?: Float32Array): Float32Array {
    this.#home.flush()
    const { arena, parameters } = this.#home.storage
    return readParameter(arena, parameters, this.#place, this.#room('get', out))
  }

  /**
   * Replaces the values. Magnitudes below 2^-63 count as 0.
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
    const { arena, parameters } = this.#home.storage
    this.#home.storage.version++
    writeParameter(arena, parameters, this.#place, values)
    arena.flush(parameters + this.#place.offset * 4, this.#place.stored)
  }

  /**
   * A copy of the gradient from the last `gradients` or training step, in `out` if given.
   * @throws Error before the first one.
   */
  gradient(out?: Float32Array): Float32Array {
    this.#home.runner.repay()
    const { arena, gradients, hasGradients, whole } = this.#home.storage
    whole?.()
    if (gradients === undefined || !hasGradients)
      throw new Error(`gradient: ${this.name} has none yet; call gradients() or trainStep() first`)
    return readParameter(arena, gradients, this.#place, this.#room('gradient', out))
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

/** What a Parameter needs from its model's engine. */
interface ParameterHome {
  readonly storage: ModelStorage
  /** Waits for unfinished work that changes the blocks. */
  flush(): void
  readonly runner: Pick<Runner, 'repay'>
}

/** Reads parameters by layer index and name within the layer. */
export function readerOf(home: ParameterHome): (layer: number, name: string) => Float32Array {
  const find = findPlaces(home.storage.places)
  return (layer, name) => {
    const place = find(layer, name)
    if (!place) throw new Error(`layer ${layer} has no parameter "${name}"`)
    return Parameter.at(place, home).get()
  }
}
