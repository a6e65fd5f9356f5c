/** The catalogue of weight penalties: plain frozen specs, no machine needed. */
import { checkFloat, checkNoMore, checkOneOf, checkOptions, orDefault, show } from '../lib/check.ts'

/** A penalty l1 · Σ|w| + (l2 / 2) · Σw² on a kernel or a bias; JSON-serializable. */
export interface Regularizer {
  readonly kind: RegularizerKind
  readonly l1: number
  readonly l2: number
}

export const REGULARIZER_KINDS = ['l1', 'l2', 'l1l2'] as const
export type RegularizerKind = (typeof REGULARIZER_KINDS)[number]

const make = (kind: RegularizerKind, l1: number, l2: number): Regularizer => Object.freeze({ kind, l1, l2 })

/**
 * Adds λ · Σ|w| to the loss. Keras' L1.
 * @throws TypeError or RangeError unless lambda is a finite number >= 0.
 */
export function l1(lambda: number, ...more: []): Regularizer {
  checkNoMore('l1', more)
  return make('l1', checkFloat('l1', 'lambda', lambda, { minimum: 0 }), 0)
}

/**
 * Adds (λ / 2) · Σw² to the loss, gradient λ · w. Keras adds λ · Σw²: its L2(λ) is l2(2 · λ) here.
 * @throws TypeError or RangeError unless lambda is a finite number >= 0.
 */
export function l2(lambda: number, ...more: []): Regularizer {
  checkNoMore('l2', more)
  return make('l2', 0, checkFloat('l2', 'lambda', lambda, { minimum: 0 }))
}

/**
 * Adds l1 · Σ|w| + (l2 / 2) · Σw² to the loss. Keras' L1L2(l1, l2) is l1l2({ l1, l2: 2 * l2 }) here. Defaults: 0.
 * @throws TypeError or RangeError unless both are finite numbers >= 0.
 */
export function l1l2(options: { l1?: number; l2?: number } = {}): Regularizer {
  checkOptions('l1l2', options, ['l1', 'l2'])
  const { l1 = 0, l2 = 0 } = options
  return make('l1l2', checkFloat('l1l2', 'l1', l1, { minimum: 0 }), checkFloat('l1l2', 'l2', l2, { minimum: 0 }))
}

/**
 * Validates a regularizer from a user or a file; undefined and null mean none.
 * @throws TypeError unless it is a regularizer's spec; RangeError for an unknown kind or a negative factor.
 */
export function resolveRegularizer(where: string, value: unknown, name = 'regularizer'): Regularizer | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || !('kind' in value)) {
    const factory = [l1, l2, l1l2].find((known) => known === value)
    const called = factory ? `; call it: ${factory.name}(...)` : ''
    throw new TypeError(`${where}: "${name}" must be l1(...), l2(...) or l1l2(...), got ${show(value)}${called}`)
  }
  const inside = `${where}: "${name}"`
  checkOptions(inside, value, ['kind', 'l1', 'l2'])
  const spec: Partial<Record<keyof Regularizer, unknown>> = value
  const kind = checkOneOf(inside, 'kind', spec.kind, REGULARIZER_KINDS)
  const first = checkFloat(inside, 'l1', orDefault(spec.l1, 0), { minimum: 0 })
  const second = checkFloat(inside, 'l2', orDefault(spec.l2, 0), { minimum: 0 })
  if ((kind === 'l1' && second !== 0) || (kind === 'l2' && first !== 0)) {
    throw new RangeError(`${inside}: kind "${kind}" with l1 = ${first} and l2 = ${second}; use l1l2({ l1, l2 })`)
  }
  return make(kind, first, second)
}
