/** The wasm files of `features` as text. */
import { RELAXED, SIMD } from '../bytes/features.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('features-', SIMD, RELAXED)
