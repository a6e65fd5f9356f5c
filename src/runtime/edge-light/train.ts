/** The wasm files of `train` where compiling bytes is forbidden and `?module` asks the bundler for compiled files: Vercel's edge hosts. */
import relaxed from '../../../relaxed.wasm?module'
import simd from '../../../simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ simd, relaxed })
