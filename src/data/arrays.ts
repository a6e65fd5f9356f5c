/** User-supplied arrays: classified, checked entry by entry, packed. */
import { isA, quote, show } from '../lib/check.ts'

export type NumberArray = Exclude<ArrayLike<number>, string>

export const isArrayLike = (value: unknown): value is ArrayLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  'length' in value &&
  Number.isInteger(value.length) &&
  Number(value.length) >= 0 &&
  !(value instanceof BigInt64Array || value instanceof BigUint64Array)

export const isNested = (values: ArrayLike<unknown>): values is ArrayLike<ArrayLike<unknown>> =>
  values.length > 0 && isArrayLike(values[0])

const isData = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isArrayLike(value) && !ArrayBuffer.isView(value)

/** A value in a message, objects with their first fields. */
export function showData(value: unknown): string {
  const fields = isData(value) ? Object.keys(value) : []
  if (fields.length === 0) return show(value)
  return `an object with ${fields.slice(0, 4).map(quote).join(', ')}${fields.length > 4 ? ', ...' : ''}`
}

/** @throws TypeError unless it is an array of numbers or of rows; RangeError if it is empty. */
export function checkArray(where: string, name: string, value: unknown): ArrayLike<unknown> {
  if (!isArrayLike(value)) {
    const known =
      value instanceof BigInt64Array || value instanceof BigUint64Array
        ? '; convert it with Float32Array.from(values, Number)'
        : isA(value, 'ArrayBuffer')
          ? '; say what it holds: new Float32Array(buffer), or new Uint8Array(buffer)'
          : isData(value)
            ? '; pass its arrays as arguments of their own'
            : ''
    throw new TypeError(
      `${where}: "${name}" must be a Float32Array, an array of numbers or an array of rows, got ${showData(value)}${known}`,
    )
  }
  if (value.length === 0) throw new RangeError(`${where}: "${name}" is empty`)
  return value
}

export const place = (index: number, cols: number) =>
  `row ${Math.floor(index / cols)}${cols > 1 ? `, column ${index % cols}` : ''}`

/** @throws TypeError unless entry `index` is a number; RangeError unless it is finite. */
export function checkDouble(where: string, name: string, value: unknown, index: number, cols: number): number {
  if (typeof value !== 'number') {
    const fix = isData(value) ? '; make every row an array, its columns in the order of the inputs' : ''
    throw new TypeError(
      `${where}: "${name}" must hold only numbers, got ${showData(value)} at ${place(index, cols)}${fix}`,
    )
  }
  if (!Number.isFinite(value)) {
    throw new RangeError(`${where}: "${name}" has ${value} at ${place(index, cols)}; drop the row or fill the value in`)
  }
  return value
}

/** @throws TypeError unless entry `index` is a number; RangeError unless it is finite in float32. */
export function checkEntry(where: string, name: string, value: unknown, index: number, cols: number): number {
  const number = checkDouble(where, name, value, index, cols)
  if (Number.isFinite(Math.fround(number))) return number
  throw new RangeError(
    `${where}: "${name}" has ${number} at ${place(index, cols)}; beyond the range of float32; scale the values`,
  )
}

/** Tells whether all of many floats are finite: the machine may do so faster. */
export type AreFinite = (values: Float32Array) => boolean

/** Minimum length for which viewing the bits pays. */
const MANY = 1024
const EXPONENT = 0x7f800000
const LEAST_EXPONENT = 0x00800000

/** Adding one to an exponent of all ones sets the sign bit: twice as fast as testing numbers. */
const areFinite: AreFinite = (values) => {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const whole = bits.length & ~3
  let signs = 0
  for (let i = 0; i < whole; i += 4) {
    signs |= (bits[i] & EXPONENT) + LEAST_EXPONENT
    signs |= (bits[i + 1] & EXPONENT) + LEAST_EXPONENT
    signs |= (bits[i + 2] & EXPONENT) + LEAST_EXPONENT
    signs |= (bits[i + 3] & EXPONENT) + LEAST_EXPONENT
  }
  for (let i = whole; i < bits.length; i++) signs |= (bits[i] & EXPONENT) + LEAST_EXPONENT
  return signs >= 0
}

/** Checks floats in place, without allocating. Returns the number of rows. */
export function checkFloats(
  where: string,
  name: string,
  values: Float32Array,
  inputs: number,
  finite: AreFinite = areFinite,
): number {
  const { length } = values
  if (length === 0 || length % inputs !== 0) checkLength(where, name, length, inputs)
  if (length >= MANY && finite(values)) return length / inputs
  for (let i = 0; i < length; i++) {
    const value = values[i]
    // true for NaN and infinities
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

/** Maximum entries to allocate before reading them: an object may claim a length of 2e9. */
const UNSEEN = 2 ** 16

/** Copies a flat array of numbers, checking each; the buffer grows as they are read. */
export function toFloats(where: string, name: string, values: ArrayLike<unknown>, cols: number): Float32Array {
  const { length } = values
  let out = new Float32Array(Math.min(length, UNSEEN))
  for (let i = 0; i < length; i++) {
    if (i === out.length) {
      const larger = new Float32Array(Math.min(length, 2 * i))
      larger.set(out)
      out = larger
    }
    out[i] = checkEntry(where, name, values[i], i, cols)
  }
  return out
}

/** Copies rows of `cols` numbers each; `what` describes a row in messages. */
export function packRows(
  where: string,
  name: string,
  rows: ArrayLike<unknown>,
  cols: number,
  what: string,
): Float32Array {
  // check all rows before allocating
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]
    if (!isArrayLike(row))
      throw new TypeError(`${where}: "${name}" row ${r} must be an array of ${cols} numbers, got ${showData(row)}`)
    if (row.length !== cols) {
      throw new RangeError(`${where}: "${name}" row ${r} has ${row.length} values, expected ${what}`)
    }
  }
  const out = new Float32Array(rows.length * cols)
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as ArrayLike<unknown>
    for (let c = 0; c < cols; c++) out[r * cols + c] = checkEntry(where, name, row[c], r * cols + c, cols)
  }
  return out
}
