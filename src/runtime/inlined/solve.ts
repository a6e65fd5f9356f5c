/** The wasm files of `solve` as text. */
import { PACKED, SIZES } from '../bytes/solve.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('solve-', SIZES, PACKED)
