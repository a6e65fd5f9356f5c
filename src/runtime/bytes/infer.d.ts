/** Written by the build: the wasm files of `infer`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** infer-simd.wasm: deflated, base64. */
export const SIMD: string
/** infer-relaxed.wasm as a patch of it: deflated, base64. */
export const RELAXED: string
