/** The wasm files of `train` for workerd, which forbids compiling bytes and compiles static imports at deployment. */
import relaxed from '../../../relaxed.wasm'
import simd from '../../../simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ simd, relaxed })
