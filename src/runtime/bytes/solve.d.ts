/** Written by the build: the wasm files of `solve`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of solve-simd.wasm and solve-relaxed.wasm. */
export const SIZES: readonly number[]
/** The one after the other, compressed, base64. */
export const PACKED: string
