/** The wasm files of `infer` as text. */
import { PACKED, SIZES } from '../bytes/infer.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('infer-', SIZES, PACKED)
