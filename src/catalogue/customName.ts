/** Names of the user's own losses and metrics: files keep them, `custom` has them as keys, and logs those of metrics. */
import { show } from '../lib/check.ts'

/** @throws TypeError for what is no name, or one that a plain object cannot have as a key. */
export function checkCustomName(where: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > 100) {
    throw new TypeError(`${where}: "name" must be a text of up to 100 characters, got ${show(name)}`)
  }
  if (name === '__proto__')
    throw new TypeError(`${where}: "name" must not be "__proto__", which no object has as a key`)
}
