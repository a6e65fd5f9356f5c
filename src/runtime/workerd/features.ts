/** The wasm files of `features` where compiling bytes is forbidden: workerd compiles static imports when it deploys. */
import relaxed from '../../../features-relaxed.wasm'
import simd from '../../../features-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'features-simd': simd, 'features-relaxed': relaxed })
