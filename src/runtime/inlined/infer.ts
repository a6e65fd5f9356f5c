/** The wasm files of `infer` as text. */
import { RELAXED, SIMD } from '../bytes/infer.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('infer-', SIMD, RELAXED)
