/** The wasm files of `solve` for hosts that forbid compiling bytes and whose bundlers compile `?module` imports: Vercel's edge runtime. */
import relaxed from '../../../solve-relaxed.wasm?module'
import simd from '../../../solve-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'solve-simd': simd, 'solve-relaxed': relaxed })
