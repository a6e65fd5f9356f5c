/** The wasm files of `features` where compiling bytes is forbidden and `?module` asks the bundler for compiled files: Vercel's edge hosts. */
import relaxed from '../../../features-relaxed.wasm?module'
import simd from '../../../features-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'features-simd': simd, 'features-relaxed': relaxed })
