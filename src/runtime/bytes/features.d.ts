/** Written by the build: the wasm files of `features`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of features-simd.wasm and features-relaxed.wasm. */
export const SIZES: readonly number[]
/** The one after the other, compressed, base64. */
export const PACKED: string
