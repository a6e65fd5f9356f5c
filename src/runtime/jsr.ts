/** `#runtime` of the JSR package: Deno, Node and Bun, with inlined wasm, since its files are on the network. */
import type { Modules } from './host.ts'

export * from './node.ts'
export const modules: Modules | undefined = undefined
