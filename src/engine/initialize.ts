/** Initial values of a model's parameters. */
import { fillInitial } from '../catalogue/initializers/distribution.ts'
import { type ParameterPlace, readParameter, valuesOf, writeParameter } from '../compiler/parameterLayout.ts'
import type { Random } from '../lib/random.ts'
import type { Arena } from '../machine/arena.ts'

/** Initializes every parameter, in layer order. */
export function initialize(arena: Arena, address: number, places: readonly ParameterPlace[], random: Random): void {
  for (const place of places) {
    const values = new Float32Array(valuesOf(place))
    const [fanIn, fanOut] = fans(place, places)
    fillInitial(place.initializer, values, fanIn, fanOut, random)
    writeParameter(arena, address, place, values)
  }
  for (const place of places) {
    const { derived } = place
    const source = derived && places.find(({ layer, name }) => layer === place.layer && name === derived.from)
    if (source) writeParameter(arena, address, place, derived.values(readParameter(arena, address, source)))
  }
}

/** Fan-in and fan-out; a bias uses those of its layer's kernel. */
function fans(place: ParameterPlace, places: readonly ParameterPlace[]): [number, number] {
  const owner = (path: string) => path.slice(0, path.lastIndexOf('.'))
  const kernel = places.find(({ path, layout }) => owner(path) === owner(place.path) && layout === 'panels') ?? place
  return [kernel.shape[0], kernel.shape[kernel.shape.length - 1]]
}
