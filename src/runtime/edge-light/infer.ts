/** The wasm files of `infer` where compiling bytes is forbidden and `?module` asks the bundler for compiled files: Vercel's edge hosts. */
import relaxed from '../../../infer-relaxed.wasm?module'
import simd from '../../../infer-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'infer-simd': simd, 'infer-relaxed': relaxed })
