/** Builds by name. */
import type { Modules } from './host.ts'

/** Hands out the builds that a host came with. */
export const choose = (builds: Readonly<Record<string, WebAssembly.Module>>): Modules => ({
  builds: Object.keys(builds),
  read(name) {
    const found = builds[name]
    if (!found) throw new RangeError(`fourlane: no ${name}.wasm here; there are ${Object.keys(builds).join(' and ')}`)
    return found
  },
})
