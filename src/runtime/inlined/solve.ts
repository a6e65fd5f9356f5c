/** The wasm files of `solve` as text. */
import { RELAXED, SIMD } from '../bytes/solve.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('solve-', SIMD, RELAXED)
