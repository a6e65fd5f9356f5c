/** Written by the build: the wasm file of `train`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of relaxed.wasm. */
export const SIZES: readonly number[]
/** The file, compressed, base64. */
export const PACKED: string
