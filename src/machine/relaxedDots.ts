/** Detects whether an engine's relaxed dot products are correct: those of V8's baseline compiler in Node 20 are not. */
import { MOST } from '../abi/int8.ts'
import { PANEL } from '../abi/layout.ts'
import { RECORD_ROWS, RECORD_WORDS } from '../abi/records.ts'
import { Arena } from './arena.ts'
import { bytesStride, packedBytes, packWeights } from './bytesLayout.ts'
import { rowStride } from './matrixLayout.ts'
import { denseInt8 } from './ops/int8.ts'
import { encode, programBytes, step } from './program.ts'
import type { Base, Target } from './wasm.ts'

const INPUTS = 21
/** Numbers of rows of one and two panels, and of panels for a single row, that cover every tile. */
const SIZES = [1, 2, 3, 4, 5, 6]

/** Pseudorandom numbers from `least` to MOST. */
const numbers = (count: number, least: number) =>
  Int8Array.from({ length: count }, (_, i) => least + ((i * 89 + 55) % (MOST + 1 - least)))

/** Whether a layer's sums are correct. */
function sumsUp(arena: Arena, rows: number, panels: number): boolean {
  const units = panels * PANEL
  const stride = rowStride(units)
  const xStride = bytesStride(INPUTS)
  const [x, y] = [arena.reserve(rows * xStride), arena.reserve(rows * stride)]
  const w = arena.reserve(packedBytes(INPUTS, units))
  const [xRows, sums, scales, b] = [rows * 8, units * 4, units * 4, units * 4].map((bytes) => arena.reserve(bytes))
  const program = arena.reserve(programBytes(1))
  const record = arena.reserve(RECORD_WORDS * 4)
  arena.commit()
  const bytes = new Int8Array(arena.i32.buffer)
  const [q, weights] = [numbers(rows * INPUTS, 0), numbers(INPUTS * units, -MOST)]
  for (let r = 0; r < rows; r++) {
    bytes.set(q.subarray(r * INPUTS, (r + 1) * INPUTS), x + r * xStride)
    arena.f32[xRows / 4 + 2 * r] = 1
  }
  packWeights(weights, INPUTS, units, bytes.subarray(w, w + packedBytes(INPUTS, units)))
  arena.floats(scales, units).fill(1)
  const layer = { x, xStride, xRows, w, sums, scales, b, inputs: INPUTS, units, y, yStride: stride, activation: 0 }
  encode(arena, program, [step(denseInt8, layer)])
  arena.i32[record / 4 + RECORD_ROWS] = rows
  arena.machine.run(program, 0, 1, record, 1, 0)
  for (let i = 0; i < rows * units; i++) {
    const [r, u] = [Math.floor(i / units), i % units]
    let sum = 0
    for (let k = 0; k < INPUTS; k++) sum += q[r * INPUTS + k] * weights[k * units + u]
    if (arena.f32[(y + r * stride) / 4 + u] !== sum) return false
  }
  return true
}

let right: boolean | undefined

/**
 * The target, or `simd`, which needs no relaxed dot products, if its 8-bit sums are wrong on this host; tested once.
 * @throws Error if the module is not loaded.
 */
export function exactTarget(target: Target, base: Base): Target {
  if (target !== 'relaxed') return target
  right ??= SIZES.every((size) => {
    const arena = new Arena(target, base)
    arena.machine.need(1 << denseInt8.module)
    return [1, 2].every((panels) => sumsUp(arena, size, panels)) && sumsUp(arena, 1, size)
  })
  return right ? target : 'simd'
}
