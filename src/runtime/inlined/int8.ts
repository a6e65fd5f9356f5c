/** The wasm files of `int8` as text. */
import { PACKED, SIZES } from '../bytes/int8.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('int8-', SIZES, PACKED)
