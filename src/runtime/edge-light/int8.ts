/** The wasm files of `int8` where compiling bytes is forbidden and `?module` asks the bundler for compiled files: Vercel's edge hosts. */
import relaxed from '../../../int8-relaxed.wasm?module'
import simd from '../../../int8-simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ 'int8-simd': simd, 'int8-relaxed': relaxed })
