/** Wasm files as text inside the JavaScript: nothing to fetch, nothing for a bundler to miss. For browsers. */
import type { Modules } from './host.ts'
import { unlzma } from './lzma.ts'
import { unfused } from './unfused.ts'

function fromBase64(text: string): Uint8Array {
  const letters = atob(text)
  const bytes = new Uint8Array(letters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i)
  return bytes
}

/**
 * A module's two files, compressed together. The relaxed file comes first; the simd file follows only if it differs by more than fused multiply-add.
 * @param prefix of their names.
 * @param sizes of those packed.
 * @param packed base64.
 */
export const inlined = (prefix: string, [relaxed, simd]: readonly number[], packed: string): Modules => ({
  files: [`${prefix}simd`, `${prefix}relaxed`],
  read(name) {
    const first = (size: number) => unlzma(fromBase64(packed), size)
    if (name === `${prefix}relaxed`) return first(relaxed)
    if (name === `${prefix}simd`) return simd ? first(relaxed + simd).slice(relaxed) : unfused(first(relaxed))
    throw new RangeError(`fourlane: no ${name}.wasm here; there are ${prefix}simd and ${prefix}relaxed`)
  },
})
