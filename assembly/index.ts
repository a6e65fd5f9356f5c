// Entry point of `infer` and `train`: everything that TypeScript can call. The build defines TRAINING.
import { MODULE_INFER, MODULE_TRAIN } from '../src/abi/modules'
import { fillConstants } from './math/simd'

export { setTile } from './gemm/products'
export { abiVersion, fused } from './identity'
export { flush } from './math/flush'
export { mend, resume, run, start, work } from './run'
export { setNap } from './threads/threads'

/** This module's MODULE_*. */
export function module(): i32 {
  return TRAINING ? MODULE_TRAIN : MODULE_INFER
}

/** Writes the table of vector constants; once per memory, before the first run. */
export function initialize(): void {
  fillConstants()
}
