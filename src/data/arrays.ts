/** Arrays as users pass them: told apart, checked entry by entry, packed. */
import { show } from '../lib/check.ts'

export type NumberArray = Exclude<ArrayLike<number>, string>

export const isArrayLike = (value: unknown): value is ArrayLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  'length' in value &&
  typeof value.length === 'number' &&
  !(value instanceof BigInt64Array || value instanceof BigUint64Array)

export const isNested = (values: ArrayLike<unknown>): values is ArrayLike<ArrayLike<unknown>> =>
  values.length > 0 && isArrayLike(values[0])

/** @throws TypeError unless it is an array of numbers or of rows; RangeError when it is empty. */
export function checkArray(where: string, name: string, value: unknown): ArrayLike<unknown> {
  if (!isArrayLike(value)) {
    const known =
      value instanceof BigInt64Array || value instanceof BigUint64Array
        ? '; convert it with Float32Array.from(values, Number)'
        : ''
    throw new TypeError(
      `${where}: "${name}" must be a Float32Array, an array of numbers or an array of rows, got ${show(value)}${known}`,
    )
  }
  if (value.length === 0) throw new RangeError(`${where}: "${name}" is empty`)
  return value
}

export const place = (index: number, cols: number) =>
  `row ${Math.floor(index / cols)}${cols > 1 ? `, column ${index % cols}` : ''}`

/** @throws TypeError unless entry `index` is a number; RangeError unless it is finite in float32. */
export function checkEntry(where: string, name: string, value: unknown, index: number, cols: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${where}: "${name}" must hold only numbers, got ${show(value)} at ${place(index, cols)}`)
  }
  if (!Number.isFinite(Math.fround(value))) {
    const fix = Number.isFinite(value)
      ? 'beyond the range of float32; scale the values'
      : 'drop the row or fill the value in'
    throw new RangeError(`${where}: "${name}" has ${value} at ${place(index, cols)}; ${fix}`)
  }
  return value
}

/** Checks floats in place: the fast door, allocating nothing. Returns the number of rows. */
export function checkFloats(where: string, name: string, values: Float32Array, inputs: number): number {
  const { length } = values
  if (length === 0 || length % inputs !== 0) checkLength(where, name, length, inputs)
  for (let i = 0; i < length; i++) {
    const value = values[i]
    // NaN for NaN and infinities alike
    if (value - value !== 0) checkEntry(where, name, value, i, inputs)
  }
  return length / inputs
}

export function checkLength(where: string, name: string, length: number, inputs: number): void {
  if (length === 0) throw new RangeError(`${where}: "${name}" is empty`)
  if (length % inputs !== 0) {
    throw new RangeError(`${where}: "${name}" has ${length} values, not a multiple of the model's ${inputs} inputs`)
  }
}

/** Copies a flat array of numbers, checking each. */
export function toFloats(where: string, name: string, values: ArrayLike<unknown>, cols: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = checkEntry(where, name, values[i], i, cols)
  return out
}

/** Copies rows of `cols` numbers each; `what` says in messages what a row should have. */
export function packRows(
  where: string,
  name: string,
  rows: ArrayLike<unknown>,
  cols: number,
  what: string,
): Float32Array {
  const out = new Float32Array(rows.length * cols)
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]
    if (!isArrayLike(row))
      throw new TypeError(`${where}: "${name}" row ${r} must be an array of ${cols} numbers, got ${show(row)}`)
    if (row.length !== cols) {
      throw new RangeError(`${where}: "${name}" row ${r} has ${row.length} values, expected ${what}`)
    }
    for (let c = 0; c < cols; c++) out[r * cols + c] = checkEntry(where, name, row[c], r * cols + c, cols)
  }
  return out
}
