/** The wasm files of `features` as text. */
import { PACKED, SIZES } from '../bytes/features.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('features-', SIZES, PACKED)
