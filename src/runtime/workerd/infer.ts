/** The wasm files of `infer` for workerd, which forbids compiling bytes and compiles static imports at deployment. */
import relaxed from '../../../infer-relaxed.wasm'
import simd from '../../../infer-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'infer-simd': simd, 'infer-relaxed': relaxed })
