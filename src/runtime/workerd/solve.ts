/** The wasm files of `solve` for workerd, which forbids compiling bytes and compiles static imports at deployment. */
import relaxed from '../../../solve-relaxed.wasm'
import simd from '../../../solve-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'solve-simd': simd, 'solve-relaxed': relaxed })
