/** Written by the build: the wasm files of `solve`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** solve-simd.wasm: deflated, base64. */
export const SIMD: string
/** solve-relaxed.wasm as a patch of it: deflated, base64. */
export const RELAXED: string
