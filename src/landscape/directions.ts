/** Directions in parameter space, in storage layout: random ones, and their normalization. */
import { type ParameterPlace, valuesOf } from '../compiler/parameterLayout.ts'
import { store, unstore } from '../machine/matrixLayout.ts'

/** A parameter's values from a stored block, row-major. */
function valuesAt(block: Float32Array, place: ParameterPlace): Float32Array {
  const stored = block.subarray(place.offset, place.offset + place.stored)
  const values = new Float32Array(valuesOf(place))
  unstore(place, stored, values)
  return values
}

/** Writes row-major values to a stored block. */
function putValues(block: Float32Array, place: ParameterPlace, values: Float32Array): void {
  store(place, values, block.subarray(place.offset, place.offset + place.stored))
}

/**
 * A random number per parameter; 0 for running statistics, which gradients do not
 * change.
 */
export function randomDirection(places: readonly ParameterPlace[], floats: number, draw: () => number): Float32Array {
  const direction = new Float32Array(floats)
  for (const place of places) {
    if (place.trainable === false) continue
    const values = Float32Array.from({ length: valuesOf(place) }, draw)
    putValues(direction, place, values)
  }
  return direction
}

/**
 * Filter normalization (Li, Xu, Taylor, Studer and Goldstein 2018): each unit's slice of d, a column of a kernel or a row of a table, is
 * scaled to the norm of the unit's weights, d |w| / |d|; biases and normalization parameters get 0. Makes plots of the loss invariant
 * to rescaling units, which does not change the function of a ReLU network.
 */
export function normalizeFilters(
  direction: Float32Array,
  parameters: Float32Array,
  places: readonly ParameterPlace[],
): Float32Array {
  const normalized = new Float32Array(direction.length)
  for (const place of places) {
    if (place.shape.length < 2) continue
    const along = valuesAt(direction, place)
    const weights = valuesAt(parameters, place)
    const last = place.shape[place.shape.length - 1]
    // a unit's weights are a column of a kernel, or a row of a table
    const isTable = place.layout === 'table'
    const [count, size] = isTable ? [along.length / last, last] : [last, along.length / last]
    const at = (unit: number, i: number) => (isTable ? unit * last + i : i * last + unit)
    for (let unit = 0; unit < count; unit++) {
      let length = 0
      let wanted = 0
      for (let i = 0; i < size; i++) {
        length += along[at(unit, i)] ** 2
        wanted += weights[at(unit, i)] ** 2
      }
      const factor = length > 0 ? Math.sqrt(wanted / length) : 0
      for (let i = 0; i < size; i++) along[at(unit, i)] *= factor
    }
    putValues(normalized, place, along)
  }
  return normalized
}

/** Σ aᵢ bᵢ in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
