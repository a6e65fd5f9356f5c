/** Branches over the same input rows, outputs concatenated. */
import { checkOptions, show } from '../lib/check.ts'
import { branchesKind, type Catalogue } from './branches.ts'
import type { LayerKind } from './builder.ts'
import { checkInner, type Inner, type Input } from './residual.ts'

export interface ConcatenateLayer<Layer> {
  readonly kind: 'concatenate'
  /** One list of layers per branch; an empty list is the identity. */
  readonly branches: readonly (readonly Layer[])[]
}

/** @throws TypeError unless branches is an array of arrays of layers; RangeError if it is empty, contains an input or is nested 100 deep. */
export function concatenateOf<Layer extends Inner>(
  branches: readonly (readonly (Layer | Input)[])[],
): ConcatenateLayer<Layer> {
  const where = 'concatenate'
  if (!Array.isArray(branches))
    throw new TypeError(`${where}: "branches" must be an array of arrays of layers, got ${show(branches)}`)
  if (branches.length === 0) throw new RangeError(`${where}: "branches" must hold at least one list of layers`)
  const checked = Array.from(branches as readonly (readonly (Layer | Input)[])[], (branch, i) => {
    return Object.freeze(checkInner<Layer>(`${where}: branch ${i}`, branch))
  })
  return Object.freeze({ kind: where, branches: Object.freeze(checked) })
}

export const concatenateKind = <Layer extends Inner>(
  catalogue: Catalogue<Layer>,
): LayerKind<ConcatenateLayer<Layer>> => ({
  ...branchesKind(catalogue),

  revive({ kind, branches, ...rest }, resolvers) {
    checkOptions(kind, rest, [])
    if (!Array.isArray(branches) || !branches.every(Array.isArray))
      throw new TypeError(`${kind}: "branches" must be an array of arrays, got ${show(branches)}`)
    return concatenateOf(branches.map((branch) => branch.map((layer) => catalogue.revive(layer, resolvers))))
  },
})
