/** The user's metadata in a model's file: plain JSON, of bounded size. */
import { quote, show } from '../lib/check.ts'

/** Maximum size of its JSON in bytes. */
const MOST_BYTES = 2 ** 20
const DEEPEST = 100

/**
 * A frozen copy of a JSON value; objects with `toJSON`, such as scalers, are replaced by its result.
 * @throws TypeError for what JSON would drop or change, naming its place; RangeError beyond 1 MiB, or nested more than 100 deep.
 */
export function readMetadata(where: string, name: string, value: unknown): unknown {
  const tooLarge = () =>
    new RangeError(`${where}: "${name}" is more than 1 MiB as JSON; keep large data in a file of its own`)
  // a lower bound on the JSON's length; also ends the walk through cyclic or heavily shared values
  let left = MOST_BYTES
  const copy = (path: string, given: unknown, depth: number): unknown => {
    left -= typeof given === 'string' ? given.length + 2 : 1
    if (left < 0) throw tooLarge()
    if (given === null || typeof given === 'string' || typeof given === 'boolean') return given
    // JSON has no -0
    if (typeof given === 'number' && Number.isFinite(given)) return given + 0
    if (typeof given !== 'object') throw new TypeError(`${where}: "${path}" is ${show(given)}, which JSON cannot hold`)
    if (depth > DEEPEST)
      throw new RangeError(`${where}: "${name}" is nested more than ${DEEPEST} deep, or holds itself`)
    if ('toJSON' in given && typeof given.toJSON === 'function') return copy(path, given.toJSON(), depth + 1)
    if (Array.isArray(given)) {
      return Object.freeze(Array.from(given, (entry, i) => copy(`${path}[${i}]`, entry, depth + 1)))
    }
    const prototype: unknown = Object.getPrototypeOf(given)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      const fix = ArrayBuffer.isView(given) ? '; use Array.from' : ''
      throw new TypeError(`${where}: "${path}" is ${show(given)}, which JSON cannot hold${fix}`)
    }
    const entries = Object.entries(given).map(([key, entry]) => {
      left -= key.length + 3
      return [key, copy(`${path}.${key.length > 40 ? quote(key) : key}`, entry, depth + 1)] as const
    })
    return Object.freeze(Object.fromEntries(entries))
  }
  const copied = copy(name, value, 1)
  if (new TextEncoder().encode(JSON.stringify(copied)).length > MOST_BYTES) throw tooLarge()
  return copied
}
