/**
 * Layer kinds that are registered by their factory, so that bundles without them stay small. A factory registers its kind
 * when it is called; code that loads files passes the factories of the kinds it expects.
 */
import { show } from '../lib/check.ts'
import type { Bringing } from '../runtime/modules.ts'
import type { LayerKind } from './builder.ts'

/** All such kinds. */
export const CARRIED_KINDS = [
  'scale',
  'blend',
  'periodicEmbedding',
  'select',
  'concatenate',
  'heads',
  'embedding',
  'oneHotColumns',
  'unitNorm',
  'alphaDropout',
] as const
export type CarriedKind = (typeof CARRIED_KINDS)[number]

/** The factory of such a kind, as passed when loading a file. */
export type LayerFactory = (...args: never[]) => { readonly kind: CarriedKind }

/** A catalogue row for any layer. */
type Row = LayerKind<object>

const ROW = Symbol('row')
const known = new Map<string, Row>()

export const isCarriedKind = (kind: unknown): kind is CarriedKind => CARRIED_KINDS.some((name) => name === kind)

/** Wraps a factory so that it registers the row of its kind. */
export function carrying<L extends { readonly kind: CarriedKind }, A extends unknown[]>(
  kind: L['kind'],
  row: LayerKind<L>,
  make: (...args: A) => L,
): (...args: A) => L {
  const factory = (...args: A): L => {
    known.set(kind, row)
    return make(...args)
  }
  Object.defineProperty(factory, 'name', { value: kind })
  return Object.assign(factory, { [ROW]: row })
}

/** Whether a value is a factory made by `carrying`. */
const carries = (factory: unknown): factory is { readonly [ROW]: Row } & Bringing =>
  typeof factory === 'function' && ROW in factory

/** @throws TypeError unless the value is the factory of that kind. */
export function checkLayerFactory(where: string, kind: string, factory: unknown): void {
  if (!carries(factory))
    throw new TypeError(`${where}: "custom.${kind}" must be the factory ${kind}, got ${show(factory)}`)
}

/** The row of a kind, if its factory has been called or passed for a file. */
export const carriedRow = (kind: string): Row | undefined => known.get(kind)

/** The kinds in this list of layers, nested ones included, that need their factory. The list comes from a file and may be anything. */
export function carriedKindsIn(layers: unknown): Set<CarriedKind> {
  const found = new Set<CarriedKind>()
  const open: unknown[] = [layers]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    if ('kind' in value && isCarriedKind(value.kind)) found.add(value.kind)
    for (const inner of Object.values(value)) if (typeof inner === 'object') open.push(inner)
  }
  return found
}

/**
 * Registers the kinds of a file's layers from the factories passed by the caller.
 * @throws TypeError for a kind without a registered or passed factory.
 */
export function learnKinds(where: string, layers: unknown, custom: Readonly<Record<string, unknown>>): void {
  for (const kind of carriedKindsIn(layers)) {
    if (known.has(kind)) continue
    const factory = Object.hasOwn(custom, kind) ? custom[kind] : undefined
    if (!carries(factory)) {
      throw new TypeError(
        `${where}: the file has a layer of the kind ${kind}, which this program does not name; pass { custom: { ${kind} } }`,
      )
    }
    known.set(kind, factory[ROW])
    factory.bring?.()
  }
}
