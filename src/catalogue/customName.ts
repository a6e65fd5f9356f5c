/** Names of user-defined losses and metrics: they are stored in files, are keys of `custom` and, for metrics, of logs. */
import { show } from '../lib/check.ts'

/** @throws TypeError for a value that is not a name, or a name that cannot be a key of a plain object. */
export function checkCustomName(where: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > 100) {
    throw new TypeError(`${where}: "name" must be a text of up to 100 characters, got ${show(name)}`)
  }
  if (name === '__proto__')
    throw new TypeError(`${where}: "name" must not be "__proto__", which no object has as a key`)
}
