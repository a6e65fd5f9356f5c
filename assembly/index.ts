// The door of the machine: everything TypeScript can call.
import { ABI_VERSION } from '../src/abi/layout'
import { fillConstants } from './math/simd'

export { setTile } from './gemm/products'
export { mend, resume, run, start, work } from './run'
export { setNap } from './threads/threads'

/** Compared with the compiler's own at load. */
export function abiVersion(): i32 {
  return ABI_VERSION
}

/** Writes the table of vector constants; once per memory, before the first run. */
export function initialize(): void {
  fillConstants()
}

/** Whether this build fuses multiply and add. */
export function fused(): bool {
  return ASC_FEATURE_RELAXED_SIMD
}
