/** Features: packed float32 rows of finite numbers. */

import { show } from '../lib/check.ts'
import {
  type AreFinite,
  checkArray,
  checkDouble,
  checkFloats,
  checkLength,
  isArrayLike,
  isNested,
  packRows,
  toFloats,
} from './arrays.ts'

/** Row-major numbers, or an array of rows. */
export type Features = ArrayLike<number> | ArrayLike<ArrayLike<number>>

/**
 * A layer's requirement on features that it reads unchanged.
 * @throws RangeError naming the row and the column.
 */
export type Door = (where: string, name: string, values: Float32Array, rows: number, inputs: number) => void

/**
 * Features as packed float32 rows. A Float32Array is used without a copy; anything else is copied once.
 * @throws TypeError unless it is an array of numbers or of rows of numbers; RangeError if it is empty, does not
 * match the model's inputs, has rows of different lengths, or contains NaN or infinities (named by row and column).
 */
export function readFeatures(
  where: string,
  name: string,
  x: unknown,
  inputs: number,
  doors: readonly Door[] = [],
  areFinite?: AreFinite,
): { values: Float32Array; rows: number } {
  const read = readNumbers(where, name, x, inputs, areFinite)
  for (const door of doors) door(where, name, read.values, read.rows, inputs)
  return read
}

/** Like `readFeatures`, but the caller checks that the values of a Float32Array are finite, unless the model has doors. */
export function takeFeatures(
  where: string,
  name: string,
  x: unknown,
  inputs: number,
  doors: readonly Door[],
): { values: Float32Array; rows: number } {
  if (!(x instanceof Float32Array) || doors.length > 0) return readFeatures(where, name, x, inputs, doors)
  checkLength(where, name, x.length, inputs)
  return { values: x, rows: x.length / inputs }
}

function readNumbers(
  where: string,
  name: string,
  x: unknown,
  inputs: number,
  areFinite: AreFinite | undefined,
): { values: Float32Array; rows: number } {
  const given = checkArray(where, name, x)
  if (given instanceof Float32Array) return { values: given, rows: checkFloats(where, name, given, inputs, areFinite) }
  refuseBuffer(where, name, given)
  if (isNested(given)) {
    return { values: packRows(where, name, given, inputs, `the model's ${inputs} inputs`), rows: given.length }
  }
  checkLength(where, name, given.length, inputs)
  return { values: toFloats(where, name, given, inputs), rows: given.length / inputs }
}

/**
 * Rows of `cols` numbers in float64, for values that float32 could not tell apart.
 * @throws TypeError or RangeError as `readFeatures` does.
 */
export function readDoubles(
  where: string,
  name: string,
  x: unknown,
  cols: number,
): { values: Float32Array | Float64Array; rows: number } {
  const given = checkArray(where, name, x)
  refuseBuffer(where, name, given)
  const nested = isNested(given)
  if (!nested && given.length % cols !== 0) {
    throw new RangeError(`${where}: "${name}" has ${given.length} values, not a multiple of ${cols} columns`)
  }
  if (given instanceof Float32Array) return { values: given, rows: checkFloats(where, name, given, cols) }
  // reads all rows, and the last number of each, before allocating: an object that is not an array may claim any length
  if (nested) {
    for (let r = 0; r < given.length; r++) {
      const row = checkRow(where, name, given[r], r, cols)
      if (cols > 0) checkDouble(where, name, row[cols - 1], r * cols + cols - 1, cols)
    }
  }
  const values = new Float64Array(nested ? given.length * cols : given.length)
  for (let i = 0; i < values.length; i++) {
    const row = nested ? given[Math.floor(i / cols)] : undefined
    values[i] = checkDouble(where, name, nested ? row?.[i % cols] : given[i], i, cols)
  }
  return { values, rows: values.length / cols }
}

function checkRow(where: string, name: string, row: unknown, r: number, cols: number): ArrayLike<unknown> {
  if (!isArrayLike(row)) {
    throw new TypeError(`${where}: "${name}" row ${r} must be an array of ${cols} numbers, got ${show(row)}`)
  }
  if (row.length !== cols) {
    throw new RangeError(`${where}: "${name}" row ${r} has ${row.length} values, expected ${cols}`)
  }
  return row
}

/** A Node Buffer would be read as an array of bytes, whatever it contains. */
function refuseBuffer(where: string, name: string, given: ArrayLike<unknown>): void {
  if (!(given instanceof Uint8Array) || given.constructor.name !== 'Buffer') return
  throw new TypeError(
    `${where}: "${name}" is a Buffer of ${given.length} bytes; pass new Uint8Array(buffer) if every byte is a feature, or new Float32Array(new Uint8Array(buffer).buffer) if it holds float32 numbers`,
  )
}
