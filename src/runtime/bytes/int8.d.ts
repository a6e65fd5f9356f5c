/** Written by the build: the wasm files of `int8`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** int8-simd.wasm: deflated, base64. */
export const SIMD: string
/** int8-relaxed.wasm as a patch of it: deflated, base64. */
export const RELAXED: string
