/** Wasm files as text inside the JavaScript: nothing to fetch, nothing a bundler could lose. For browsers. */
import type { Modules } from './host.ts'
import { inflate } from './inflate.ts'

const decode = (text: string): Uint8Array => inflate(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)))

/**
 * Rebuilds a file from another one. The patch is its size, then runs: how many bytes are new, these bytes, how many are copied,
 * from where (zigzag; 0 where the new bytes take the place of as many). All numbers are LEB128.
 */
export function applyPatch(base: Uint8Array, patch: Uint8Array): Uint8Array {
  let at = 0
  const number = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = patch[at++]
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const out = new Uint8Array(number())
  let end = 0
  let from = 0
  while (end < out.length) {
    const fresh = number()
    out.set(patch.subarray(at, at + fresh), end)
    at += fresh
    end += fresh
    const copied = number()
    const moved = number()
    from += fresh + ((moved >>> 1) ^ -(moved & 1))
    out.set(base.subarray(from, from + copied), end)
    from += copied
    end += copied
  }
  return out
}

/** A module's two files: deflated, base64, the relaxed one as a patch of the other. `prefix`: of their names. */
export const inlined = (prefix: string, simd: string, relaxed: string): Modules => ({
  files: [`${prefix}simd`, `${prefix}relaxed`],
  read(name) {
    if (name === `${prefix}simd`) return decode(simd)
    if (name === `${prefix}relaxed`) return applyPatch(decode(simd), decode(relaxed))
    throw new RangeError(`fourlane: no ${name}.wasm here; there are ${prefix}simd and ${prefix}relaxed`)
  },
})
