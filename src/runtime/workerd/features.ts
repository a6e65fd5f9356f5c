/** The wasm files of `features` for workerd, which forbids compiling bytes and compiles static imports at deployment. */
import relaxed from '../../../features-relaxed.wasm'
import simd from '../../../features-simd.wasm'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'features-simd': simd, 'features-relaxed': relaxed })
