/** Copies between packed rows and the padded matrices in linear memory. */
import { MET_NON_FINITE, MET_TINY } from '../abi/layout.ts'
import { checkFloats } from '../data/arrays.ts'
import type { Matrix } from '../layers/builder.ts'
import type { Arena } from '../machine/arena.ts'

/** Up to this many values are copied one by one: creating a typed-array view would cost more. */
const FEW = 256
/** The same limit if the array holds exactly these values, which needs no view. */
const FEWEST = 12

/** The warning, once per model, that nonzero features count as 0. */
export const TINY_FEATURES = 'fourlane: features below 1.1e-19 count as 0, and there are some; scale your data'

/** Copies packed rows, from row `first` on, to a matrix's first rows; returns whether nonzero values are too small and count as 0. */
export function loadRows(
  arena: Arena,
  matrix: Matrix,
  values: Float32Array | Int32Array,
  first: number,
  rows: number,
): boolean {
  copyRows(arena, matrix, values, first, rows)
  return values instanceof Float32Array && arena.flush(matrix.address, (rows * matrix.stride) / 4)
}

/**
 * Like `loadRows`, for features that have not been checked.
 * @throws RangeError naming row and column of a value that is not finite.
 */
export function admitRows(
  where: string,
  arena: Arena,
  matrix: Matrix,
  features: Float32Array,
  first: number,
  rows: number,
): boolean {
  copyRows(arena, matrix, features, first, rows)
  const met = arena.machine.flush(matrix.address, rows * matrix.stride)
  if (met & MET_NON_FINITE) checkFloats(where, 'x', features, matrix.cols)
  return (met & MET_TINY) !== 0
}

/**
 * Where to collect outputs while later blocks of features are still unchecked: the caller's `out` must not change if one is rejected. If
 * there are more outputs than features, checks all features first instead of taking that much memory.
 * @throws RangeError naming row and column of a value that is not finite.
 */
export function outputBuffer(where: string, features: Float32Array, inputs: number, out: Float32Array): Float32Array {
  if (out.length <= features.length) return new Float32Array(out.length)
  checkFloats(where, 'x', features, inputs)
  return out
}

function copyRows(
  { f32, i32 }: Arena,
  { address, cols, stride }: Matrix,
  values: Float32Array | Int32Array,
  first: number,
  rows: number,
): void {
  const memory = values instanceof Int32Array ? i32 : f32
  let from = first * cols
  let to = address / 4
  const packed = stride === cols * 4 || rows === 1
  const whole = from === 0 && values.length === rows * cols
  if (packed && rows * cols > (whole ? FEWEST : FEW)) {
    memory.set(whole ? values : values.subarray(from, from + rows * cols), to)
    return
  }
  for (let r = 0; r < rows; r++, from += cols, to += stride / 4) {
    if (cols > FEW) memory.set(values.subarray(from, from + cols), to)
    else for (let c = 0; c < cols; c++) memory[to + c] = values[from + c]
  }
}

/** Copies a matrix's first rows to packed rows, from row `first` on. */
export function unloadRows(
  { f32 }: Arena,
  { address, cols, stride }: Matrix,
  out: Float32Array,
  first: number,
  rows: number,
): void {
  let from = address / 4
  let to = first * cols
  if (stride === cols * 4 && rows * cols > FEW) {
    out.set(f32.subarray(from, from + rows * cols), to)
    return
  }
  for (let r = 0; r < rows; r++, from += stride / 4, to += cols) {
    if (cols > FEW) out.set(f32.subarray(from, from + cols), to)
    else for (let c = 0; c < cols; c++) out[to + c] = f32[from + c]
  }
}
