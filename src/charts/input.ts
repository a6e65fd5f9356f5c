/** Numeric input of charts: checked once, not copied if possible. */

import { isArrayLike } from '../data/arrays.ts'
import { checkNumber, checkOneOf, show } from '../lib/check.ts'
import type { ScaleKind } from './scale.ts'
import { clean } from './text.ts'

/** Numbers in a typed array or a plain one. */
export type Numbers = Exclude<ArrayLike<number>, string>

/** Maximum count of numbers in a picture. */
const MOST = 2 ** 26

/**
 * @param missing whether NaN and infinities may denote missing values
 * @throws TypeError unless `value` is an array of numbers; RangeError if it is empty, too long or has non-finite values.
 */
export function readNumbers(where: string, name: string, value: unknown, { missing = false } = {}): Numbers {
  if (!isArrayLike(value)) throw new TypeError(`${where}: "${name}" must be an array of numbers, got ${show(value)}`)
  const { length } = value
  if (!(length >= 1 && length <= MOST)) {
    throw new RangeError(`${where}: "${name}" must have from 1 to ${MOST} values, got ${length}`)
  }
  for (let i = 0; i < length; i++) {
    const entry = value[i]
    if (typeof entry !== 'number') {
      throw new TypeError(`${where}: "${name}" must hold only numbers, got ${show(entry)} at index ${i}`)
    }
    if (!missing && !Number.isFinite(entry)) {
      throw new RangeError(`${where}: "${name}" must hold finite numbers, got ${entry} at index ${i}`)
    }
  }
  return value as Numbers
}

/** A matrix, row-major. */
export interface Matrix {
  readonly values: Float64Array
  readonly rows: number
  readonly cols: number
}

/**
 * Copies rows of equal length, or a flat array with `cols` columns.
 * @param value [rows, cols]
 * @throws TypeError or RangeError unless it is a nonempty matrix.
 */
export function readMatrix(
  where: string,
  name: string,
  value: unknown,
  cols: number | undefined,
  { missing = false } = {},
): Matrix {
  if (!isArrayLike(value)) {
    throw new TypeError(`${where}: "${name}" must be an array of rows or of numbers, got ${show(value)}`)
  }
  if (value.length === 0) throw new RangeError(`${where}: "${name}" is empty`)
  if (!isArrayLike(value[0])) {
    const flat = readNumbers(where, name, value, { missing })
    if (cols === undefined) {
      throw new TypeError(`${where}: "${name}" is flat; pass it as rows, or say how many columns it has`)
    }
    if (flat.length % cols !== 0) {
      throw new RangeError(`${where}: "${name}" has ${flat.length} values, not a multiple of ${cols} columns`)
    }
    return { values: Float64Array.from(flat), rows: flat.length / cols, cols }
  }
  const width = cols ?? value[0].length
  const rows = value.length
  if (!(width >= 1 && rows * width <= MOST)) {
    throw new RangeError(`${where}: "${name}" must have from 1 to ${MOST} values, got ${rows} rows of ${width}`)
  }
  const values = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++) {
    const row = readNumbers(where, `${name}[${r}]`, value[r], { missing })
    if (row.length !== width) {
      throw new RangeError(`${where}: "${name}" row ${r} has ${row.length} values, expected ${width}`)
    }
    values.set(row, r * width)
  }
  return { values, rows, cols: width }
}

/** Smallest and largest of the finite values; with `positive`, of the positive ones. `low` > `high` if there are none. */
export function rangeOf(values: Numbers, positive = false): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isFinite(value) || (positive && value <= 0)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

export const readScale = (where: string, name: string, value: ScaleKind = 'linear'): ScaleKind =>
  checkOneOf(where, name, value, ['linear', 'log'])

/** @throws TypeError or RangeError unless it is two ascending finite numbers, positive on a log scale. */
export function readLimits(
  where: string,
  name: string,
  value: readonly [number, number] | undefined,
  kind: ScaleKind,
): readonly [number, number] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`${where}: "${name}" must be an array of two numbers, got ${show(value)}`)
  }
  const low = checkNumber(where, `${name}[0]`, value[0], kind === 'log' ? { above: 0 } : {})
  return [low, checkNumber(where, `${name}[1]`, value[1], { above: low })]
}

/** @throws TypeError unless it is an array of `count` strings. */
export function readLabels(
  where: string,
  name: string,
  value: unknown,
  count: number,
  longest = 60,
): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: "${name}" must be an array of strings, got ${show(value)}`)
  if (value.length !== count) throw new RangeError(`${where}: "${name}" has ${value.length} entries, expected ${count}`)
  return value.map((label) => readText(where, name, label, longest))
}

/**
 * One line without control characters, of at most `longest` characters.
 * @throws TypeError unless it is a string.
 */
export function readText(where: string, name: string, value: unknown, longest = 200): string {
  if (typeof value !== 'string') throw new TypeError(`${where}: "${name}" must be a string, got ${show(value)}`)
  return clean(value, longest)
}
