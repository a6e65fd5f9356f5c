// What every module exports about itself.
import { ABI_VERSION } from '../src/abi/layout'

/** Compared with the compiler's version when a module is loaded. */
export function abiVersion(): i32 {
  return ABI_VERSION
}

/** Whether this build fuses multiply and add. */
export function fused(): bool {
  return ASC_FEATURE_RELAXED_SIMD
}
