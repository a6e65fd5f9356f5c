/** Written by the build: the wasm files of `int8`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of int8-relaxed.wasm and int8-simd.wasm. */
export const SIZES: readonly number[]
/** The one after the other, compressed, base64. */
export const PACKED: string
