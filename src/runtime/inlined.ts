/** The wasm builds as text inside the JavaScript: nothing to fetch, nothing a bundler could lose. For browsers. */
import { RELAXED, SIMD } from './bytes.js'
import type { Modules } from './host.ts'
import { inflate } from './inflate.ts'

const decode = (text: string): Uint8Array => inflate(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)))

/**
 * Rebuilds a file from another one. The patch is its size, then runs: how many bytes are new, these bytes, how many are copied,
 * from where (relative to the end of the copy before, zigzag). All numbers are LEB128.
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
    from += (moved >>> 1) ^ -(moved & 1)
    out.set(base.subarray(from, from + copied), end)
    from += copied
    end += copied
  }
  return out
}

const missing = (name: string, builds: string): never => {
  throw new RangeError(`fourlane: no ${name}.wasm here; there is ${builds}`)
}

export const modules: Modules = {
  builds: ['simd', 'relaxed'],
  read(name) {
    if (name === 'simd') return decode(SIMD)
    return name === 'relaxed' ? applyPatch(decode(SIMD), decode(RELAXED)) : missing(name, 'simd and relaxed')
  },
}

/** The build that runs everywhere, alone: less to download. */
export const plainModules: Modules = {
  builds: ['simd'],
  read: (name) => (name === 'simd' ? decode(SIMD) : missing(name, 'simd')),
}
