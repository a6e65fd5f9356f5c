/** The wasm files of `train` as text. */
import { RELAXED, SIMD } from '../bytes/train.js'
import type { Modules } from '../host.ts'
import { inlined } from '../inlined.ts'

export const modules: Modules = inlined('', SIMD, RELAXED)
