/** Written by the build: the wasm file of `features`, packed for `inlined.ts` by scripts/pack-wasm.mjs. */

/** Bytes of features-relaxed.wasm. */
export const SIZES: readonly number[]
/** The file, compressed, base64. */
export const PACKED: string
