/** The wasm files of `infer` where compiling bytes is forbidden: workerd compiles static imports when it deploys. */
import relaxed from '../../../infer-relaxed.wasm'
import simd from '../../../infer-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'infer-simd': simd, 'infer-relaxed': relaxed })
