/** Copies of the weights in storage layout, and detection of snapshots from models with other shapes but the same size. */
import { type ParameterPlace, valuesOf } from '../compiler/parameterLayout.ts'
import { show } from '../lib/check.ts'
import { store, unstore } from '../machine/matrixLayout.ts'

/** The shapes that results of `getWeights` belong to. */
const layouts = new WeakMap<Float32Array, string>()

const layoutOf = (places: readonly ParameterPlace[]): string =>
  places.map(({ layout, shape }) => `${layout} ${shape.join(' x ')}`).join(', ')

/** A copy of the stored weights, registered with its layout. */
export function takeSnapshot(stored: Float32Array, places: readonly ParameterPlace[]): Float32Array {
  const weights = stored.slice()
  layouts.set(weights, layoutOf(places))
  return weights
}

/**
 * Arrays not returned by `getWeights`, such as copies, fit if this model's padding is 0 in them.
 * @throws TypeError or RangeError unless the weights fit.
 */
export function checkSnapshot(
  weights: unknown,
  stored: Float32Array,
  places: readonly ParameterPlace[],
): asserts weights is Float32Array {
  if (!(weights instanceof Float32Array)) {
    throw new TypeError(`setWeights: "weights" must be what getWeights() returned, got ${show(weights)}`)
  }
  if (weights.length !== stored.length) {
    throw new RangeError(
      `setWeights: "weights" must be a snapshot of ${stored.length} floats, got one of ${weights.length}`,
    )
  }
  const theirs = layouts.get(weights)
  const ours = layoutOf(places)
  if (theirs === ours) return
  if (theirs !== undefined) throw new RangeError(`setWeights: the snapshot is of ${theirs}; this model has ${ours}`)
  for (const place of places) {
    const given = weights.subarray(place.offset, place.offset + place.stored)
    const clean = withoutPadding(given, place)
    const at = given.findIndex((value, i) => value !== clean[i] && !Number.isNaN(clean[i]))
    if (at < 0) continue
    throw new RangeError(
      `setWeights: "weights" has ${given[at]} where ${place.path} of this model (${place.shape.join(' x ')}) has padding; it is of other shapes`,
    )
  }
}

/** A place's values, with zeros for padding. */
function withoutPadding(stored: Float32Array, place: ParameterPlace): Float32Array {
  const clean = new Float32Array(stored.length)
  const values = new Float32Array(valuesOf(place))
  unstore(place, stored, values)
  store(place, values, clean)
  return clean
}
