/** Written by the build: the wasm files of `train`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** simd.wasm: deflated, base64. */
export const SIMD: string
/** relaxed.wasm as a patch of it: deflated, base64. */
export const RELAXED: string
