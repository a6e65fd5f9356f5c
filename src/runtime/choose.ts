/** Wasm files by name. */
import type { Modules } from './host.ts'

/** Provides the files that a host imported statically. */
export const choose = (files: Readonly<Record<string, WebAssembly.Module>>): Modules => ({
  files: Object.keys(files),
  read(name) {
    const found = files[name]
    if (!found) throw new RangeError(`fourlane: no ${name}.wasm here; there are ${Object.keys(files).join(' and ')}`)
    return found
  },
})
