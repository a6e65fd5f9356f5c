/** The wasm files of `solve` where compiling bytes is forbidden and `?module` asks the bundler for compiled files: Vercel's edge hosts. */
import relaxed from '../../../solve-relaxed.wasm?module'
import simd from '../../../solve-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'solve-simd': simd, 'solve-relaxed': relaxed })
