// The door of the machine: everything TypeScript can call.
import { ABI_VERSION } from '../src/abi'
import { fillConstants } from './simd'

export { setTile } from './gemm'
export { run } from './run'

/** Compared with the compiler's own at load. */
export function abiVersion(): i32 {
  return ABI_VERSION
}

/** Writes the table of vector constants; once per memory, before the first run. */
export function initialize(): void {
  fillConstants()
}
