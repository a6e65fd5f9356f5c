/** `#runtime` of the package on JSR: Deno, Node and Bun, but modules come from the network, so the wasm is inlined. */
import type { Modules } from './host.ts'

export * from './node.ts'
export const modules: Modules | undefined = undefined
