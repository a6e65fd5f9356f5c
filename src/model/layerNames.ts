/** Layers by index or by the prefix of their parameters. */

import type { Layer } from '../layers/layers.ts'
import { checkInteger, quote, show, suggest } from '../lib/check.ts'

interface Layered {
  readonly layers: readonly Layer[]
  readonly engine: { readonly places: readonly { readonly path: string; readonly layer: number }[] }
}

/** @throws TypeError or RangeError unless the model has such a layer: an index from `first` on, or a name such as `dense_1`. */
export function findLayer(
  where: string,
  name: string,
  { layers, engine }: Layered,
  layer: number | string,
  first = 0,
): number {
  if (typeof layer !== 'string') {
    if (typeof layer !== 'number')
      throw new TypeError(`${where}: "${name}" must be an index or a name, got ${show(layer)}`)
    return checkInteger(where, name, layer, first, layers.length - 1)
  }
  const named = new Map(engine.places.map(({ path, layer: index }) => [path.slice(0, path.indexOf('.')), index]))
  const found = named.get(layer)
  if (found !== undefined) return found
  throw new RangeError(
    `${where}: no layer with parameters is named ${quote(layer)}${suggest(layer, [...named.keys()])}`,
  )
}
