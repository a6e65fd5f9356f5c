/** The wasm files of `train` as text. */
import { PACKED, SIZES } from '../bytes/train.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('', SIZES, PACKED)
