/** The wasm files of `solve` where compiling bytes is forbidden: workerd compiles static imports when it deploys. */
import relaxed from '../../../solve-relaxed.wasm'
import simd from '../../../solve-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'solve-simd': simd, 'solve-relaxed': relaxed })
