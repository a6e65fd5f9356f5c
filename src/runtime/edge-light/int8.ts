/** The wasm files of `int8` for hosts that forbid compiling bytes and whose bundlers compile `?module` imports: Vercel's edge runtime. */
import relaxed from '../../../int8-relaxed.wasm?module'
import simd from '../../../int8-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'int8-simd': simd, 'int8-relaxed': relaxed })
