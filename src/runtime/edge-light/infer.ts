/** The wasm files of `infer` for hosts that forbid compiling bytes and whose bundlers compile `?module` imports: Vercel's edge runtime. */
import relaxed from '../../../infer-relaxed.wasm?module'
import simd from '../../../infer-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'infer-simd': simd, 'infer-relaxed': relaxed })
