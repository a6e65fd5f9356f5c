/** Features: packed float32 rows of finite numbers. */
import { checkArray, checkFloats, checkLength, isNested, packRows, toFloats } from './arrays.ts'

/** Numbers row after row, or an array of rows. */
export type Features = ArrayLike<number> | ArrayLike<ArrayLike<number>>

/**
 * Features as packed float32 rows. A Float32Array is used as it is, without a copy; anything else is copied once.
 * @throws TypeError for what is not an array of numbers or of rows of numbers; RangeError when it is empty, does not
 * fit the model's inputs, has rows of different lengths, or holds NaN or infinities (named by row and column).
 */
export function readFeatures(
  where: string,
  name: string,
  x: unknown,
  inputs: number,
): { values: Float32Array; rows: number } {
  const given = checkArray(where, name, x)
  if (given instanceof Float32Array) return { values: given, rows: checkFloats(where, name, given, inputs) }
  if (isNested(given)) {
    return { values: packRows(where, name, given, inputs, `the model's ${inputs} inputs`), rows: given.length }
  }
  checkLength(where, name, given.length, inputs)
  return { values: toFloats(where, name, given, inputs), rows: given.length / inputs }
}
