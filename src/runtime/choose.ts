/** Files by name. */
import type { Modules } from './host.ts'

/** Hands out the files that a host came with. */
export const choose = (files: Readonly<Record<string, WebAssembly.Module>>): Modules => ({
  files: Object.keys(files),
  read(name) {
    const found = files[name]
    if (!found) throw new RangeError(`fourlane: no ${name}.wasm here; there are ${Object.keys(files).join(' and ')}`)
    return found
  },
})
