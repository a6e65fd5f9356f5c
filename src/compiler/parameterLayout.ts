/** The layout of a model's parameters in one block of memory, and access to it. */
import { ALIGN } from '../abi/layout.ts'
import type { ParameterSpec } from '../layers/builder.ts'
import { type Layer, parametersOf } from '../layers/layers.ts'
import { quote } from '../lib/check.ts'
import type { Arena } from '../machine/arena.ts'
import { roundUp, store, storedFloats, unstore } from '../machine/matrixLayout.ts'

/** A tensor's place in a block. */
export interface Place extends Pick<ParameterSpec, 'shape' | 'layout'> {
  /** Its public name, such as `dense_1.kernel`. */
  readonly path: string
  /** Offset in floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats in the block, padding included. */
  readonly stored: number
}

/** A parameter's place in the block. */
export interface ParameterPlace extends ParameterSpec, Place {
  /** Index of its layer in the model's list. */
  readonly layer: number
}

const LINE_FLOATS = ALIGN / 4

/** Lays out the parameters of all layers in order, each aligned to a cache line. */
export function layoutParameters(layers: readonly Layer[], widths: readonly number[]): ParameterPlace[] {
  const places: ParameterPlace[] = []
  const seen: Record<string, number> = {}
  const prefixes = new Set<string>()
  let offset = 0
  layers.forEach((layer, index) => {
    if (layer.kind === 'input') return
    const specs = parametersOf(layer, widths[index - 1])
    seen[layer.kind] = (seen[layer.kind] ?? 0) + 1
    const prefix = ('name' in layer && layer.name) || `${layer.kind}_${seen[layer.kind]}`
    if (specs.length > 0 && prefixes.has(prefix)) {
      throw new RangeError(
        `sequential: two layers with parameters are named ${quote(prefix)}; give layer ${index} another "name"`,
      )
    }
    if (specs.length > 0) prefixes.add(prefix)
    if (new Set(specs.map(({ name }) => name)).size < specs.length) {
      throw new RangeError(`sequential: two layers inside layer ${index} have the same name; give one another "name"`)
    }
    for (const spec of specs) {
      const stored = roundUp(storedFloats(spec.shape, spec.layout), LINE_FLOATS)
      places.push({ ...spec, path: `${prefix}.${spec.name}`, layer: index, offset, stored })
      offset += stored
    }
  })
  return places
}

/** Finds a layer's parameter by its name within the layer. */
export function findPlaces(
  places: readonly ParameterPlace[],
): (layer: number, name: string) => ParameterPlace | undefined {
  const found = new Map(places.map((place) => [`${place.layer} ${place.name}`, place]))
  return (layer, name) => found.get(`${layer} ${name}`)
}

/** Size of the whole block in floats. */
export const blockFloats = (places: readonly Place[]): number => {
  const last = places[places.length - 1]
  return last ? last.offset + last.stored : 0
}

/** Number of values of a tensor, without padding. */
export const valuesOf = (place: Pick<Place, 'shape'>): number =>
  place.shape.reduce((product, size) => product * size, 1)

/** Copies a tensor from the block at `address` in canonical order: all of it, or as much as fits `out` from value `first` on. */
export function readParameter(
  arena: Arena,
  address: number,
  place: Place,
  out: Float32Array = new Float32Array(valuesOf(place)),
  first = 0,
): Float32Array {
  const stored = arena.floats(address + place.offset * 4, place.stored)
  unstore(place, stored, out, first)
  return out
}

/** Copies canonical values, a whole tensor's or those from `first` on, into the block at `address`; padding stays zero. */
export function writeParameter(
  arena: Arena,
  address: number,
  place: Place,
  values: ArrayLike<number>,
  first = 0,
): void {
  const stored = arena.floats(address + place.offset * 4, place.stored)
  store(place, values, stored, first)
}
