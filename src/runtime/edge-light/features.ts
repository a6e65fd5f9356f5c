/** The wasm files of `features` for hosts that forbid compiling bytes and whose bundlers compile `?module` imports: Vercel's edge runtime. */
import relaxed from '../../../features-relaxed.wasm?module'
import simd from '../../../features-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'features-simd': simd, 'features-relaxed': relaxed })
