/** The wasm files of `int8` for workerd, which forbids compiling bytes and compiles static imports at deployment. */
import relaxed from '../../../int8-relaxed.wasm'
import simd from '../../../int8-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'int8-simd': simd, 'int8-relaxed': relaxed })
