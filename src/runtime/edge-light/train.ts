/** The wasm files of `train` for hosts that forbid compiling bytes and whose bundlers compile `?module` imports: Vercel's edge runtime. */
import relaxed from '../../../relaxed.wasm?module'
import simd from '../../../simd.wasm?module'
import { choose } from '../choose.ts'
import type { Modules } from '../host.ts'

export const modules: Modules = choose({ simd, relaxed })
