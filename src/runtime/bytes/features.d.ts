/** Written by the build: the wasm files of `features`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** features-simd.wasm: deflated, base64. */
export const SIMD: string
/** features-relaxed.wasm as a patch of it: deflated, base64. */
export const RELAXED: string
