/** Written by the build: the wasm files of `infer`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of infer-simd.wasm and infer-relaxed.wasm. */
export const SIZES: readonly number[]
/** The one after the other, compressed, base64. */
export const PACKED: string
