/** Wasm files as text inside the JavaScript: nothing to fetch, nothing a bundler could lose. For browsers. */
import type { Modules } from './host.ts'
import { unlzma } from './lzma.ts'

function fromBase64(text: string): Uint8Array {
  const letters = atob(text)
  const bytes = new Uint8Array(letters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i)
  return bytes
}

/**
 * A module's two files, packed as one, the relaxed one last: it repeats most of the other.
 * @param prefix of their names.
 * @param packed base64.
 */
export const inlined = (prefix: string, [simd, relaxed]: readonly number[], packed: string): Modules => ({
  files: [`${prefix}simd`, `${prefix}relaxed`],
  read(name) {
    if (name === `${prefix}simd`) return unlzma(fromBase64(packed), simd)
    if (name === `${prefix}relaxed`) return unlzma(fromBase64(packed), simd + relaxed).slice(simd)
    throw new RangeError(`fourlane: no ${name}.wasm here; there are ${prefix}simd and ${prefix}relaxed`)
  },
})
