/** Validated access to JSON that describes a model; the file is untrusted. */
import { show } from '../../lib/check.ts'

export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws RangeError unless the value is an object, naming it. */
export function asObject(what: string, value: unknown): Json {
  if (!isObject(value)) throw new RangeError(`${what} must be an object, got ${show(value)}`)
  return value
}

/** @throws RangeError unless the value is a list, naming it. */
export function asList(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`${what} must be a list, got ${show(value)}`)
  return value
}

/** @throws RangeError unless the value is a string, naming it. */
export function asText(what: string, value: unknown): string {
  if (typeof value !== 'string') throw new RangeError(`${what} must be a text, got ${show(value)}`)
  return value
}

/** @throws RangeError unless the value is a number, naming it. */
export function asNumber(what: string, value: unknown): number {
  if (typeof value !== 'number') throw new RangeError(`${what} must be a number, got ${show(value)}`)
  return value
}
