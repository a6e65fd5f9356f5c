/** The wasm files of `train` where compiling bytes is forbidden: workerd compiles static imports when it deploys. */
import relaxed from '../../../relaxed.wasm'
import simd from '../../../simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ simd, relaxed })
