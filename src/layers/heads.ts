/** Several named outputs on a shared body; the last layer of a model. */
import { checkOptions, quote, show } from '../lib/check.ts'
import { branchesKind, type Catalogue, widthOf } from './branches.ts'
import type { Head, LayerKind, NamedOutputs } from './builder.ts'
import { checkInner, type Inner, type Input } from './residual.ts'

/** The heads, in order: named branches. */
export interface HeadsLayer<Layer, K extends string = string> {
  readonly kind: 'heads'
  readonly names: readonly K[]
  readonly branches: readonly (readonly Layer[])[]
}

/** Far more than any model needs; a small file could declare many. */
const MOST_HEADS = 1000

/** Names appear in logs, prefix parameter names and are object keys. */
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/**
 * @throws TypeError unless heads is an object of arrays of layers; RangeError if it is empty, for an invalid name, an input, or
 * layers nested 100 deep.
 */
export function headsOf<Layer extends Inner, K extends string>(
  heads: Readonly<Record<K, readonly (Layer | Input)[]>>,
): HeadsLayer<Layer, K> {
  const where = 'heads'
  if (typeof heads !== 'object' || heads === null || Array.isArray(heads))
    throw new TypeError(`${where}: "heads" must be an object of arrays of layers, got ${show(heads)}`)
  return headsFrom<Layer, K>(Object.keys(heads) as K[], Object.values(heads))
}

/** Likewise from names and branches. */
export function headsFrom<Layer extends Inner, K extends string = string>(
  names: readonly K[],
  branches: readonly (readonly (Layer | Input)[])[],
): HeadsLayer<Layer, K> {
  const where = 'heads'
  if (names.length === 0) throw new RangeError(`${where}: "heads" must hold at least one head`)
  if (names.length > MOST_HEADS) throw new RangeError(`${where}: at most ${MOST_HEADS} heads, got ${names.length}`)
  const seen = new Set<string>()
  for (const name of names) {
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new RangeError(
        `${where}: a head's name must be letters, digits and _ after a letter, at most 64, got ${show(name)}`,
      )
    }
    // validation logs start with val_
    if (name === 'val' || name.startsWith('val_'))
      throw new RangeError(`${where}: a head must not be named ${quote(name)}: logs of validation are`)
    if (seen.has(name)) throw new RangeError(`${where}: two heads are named ${quote(name)}`)
    seen.add(name)
  }
  const checked = branches.map((branch, i) => Object.freeze(checkInner<Layer>(`${where}: ${quote(names[i])}`, branch)))
  return Object.freeze({ kind: where, names: Object.freeze([...names]), branches: Object.freeze(checked) })
}

export const headsKind = <Layer extends Inner & Pick<Head, 'activation'>>(
  catalogue: Catalogue<Layer>,
): LayerKind<HeadsLayer<Layer>> => ({
  ...branchesKind(catalogue),

  revive({ kind, names, branches, ...rest }, resolvers) {
    checkOptions(kind, rest, [])
    if (!Array.isArray(names)) throw new TypeError(`${kind}: "names" must be an array, got ${show(names)}`)
    if (!Array.isArray(branches) || !branches.every(Array.isArray) || branches.length !== names.length) {
      throw new TypeError(`${kind}: "branches" must be an array of an array for each name, got ${show(branches)}`)
    }
    return headsFrom(
      names,
      branches.map((branch) => branch.map((layer) => catalogue.revive(layer, resolvers))),
    )
  },

  named({ names, branches }, inputs) {
    let at = 0
    return new Named(
      names.map((name, h) => {
        const columns = widthOf(catalogue, branches[h], inputs)
        at += columns
        const { activation } = branches[h].at(-1) ?? {}
        return { name, first: at - columns, columns, ...(activation && { activation }) }
      }),
      at,
    )
  },
})

/** Splits the packed rows of all outputs by head. */
class Named implements NamedOutputs {
  readonly heads: readonly Head[]
  readonly columns: number

  constructor(heads: readonly Head[], columns: number) {
    this.heads = heads
    this.columns = columns
  }

  take(
    { first, columns }: Head,
    packed: Float32Array,
    out: Float32Array = new Float32Array((packed.length / this.columns) * columns),
  ): Float32Array {
    for (let from = first, to = 0; to < out.length; from += this.columns, to += columns) {
      for (let c = 0; c < columns; c++) out[to + c] = packed[from + c]
    }
    return out
  }

  split(packed: Float32Array): Readonly<Record<string, Float32Array>> {
    return Object.fromEntries(this.heads.map((head) => [head.name, this.take(head, packed)]))
  }

  checkOut(where: string, out: unknown, rows: number): Readonly<Record<string, Float32Array>> {
    const given = this.each(`${where}: "out"`, out)
    for (const { name, columns } of this.heads) {
      const array = given[name]
      if (array instanceof Float32Array && array.length === rows * columns) continue
      throw new RangeError(
        `${where}: "out.${name}" must be a Float32Array of ${rows * columns} values (${rows} rows), got ${show(array)}`,
      )
    }
    return given as Readonly<Record<string, Float32Array>>
  }

  splitInto(packed: Float32Array, out: Readonly<Record<string, Float32Array>>): typeof out {
    for (const head of this.heads) this.take(head, packed, out[head.name])
    return out
  }

  each(what: string, value: unknown, optional = false): Readonly<Record<string, unknown>> {
    const names = this.heads.map(({ name }) => name)
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
      throw new TypeError(`${what} must be an object with the heads ${names.map(quote).join(', ')}, got ${show(value)}`)
    }
    checkOptions(what, value, names)
    const missing = names.find((name) => !Object.hasOwn(value, name))
    if (missing === undefined || optional) return value as Readonly<Record<string, unknown>>
    throw new TypeError(`${what} has nothing for the head ${quote(missing)}`)
  }
}
