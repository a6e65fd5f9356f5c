/** Distances in units in the last place of float32. */
import { FLOOR } from '../../src/abi/layout.ts'

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

/** Position of a float32 on the line of all float32 values: neighbours differ by 1, 0 and -0 are both 0. */
export function ordinal(value: number): number {
  float[0] = value
  return bits[0] < 0 ? -(bits[0] & 0x7fffffff) : bits[0]
}

/** The float32 at a position. */
export function atOrdinal(position: number): number {
  bits[0] = position < 0 ? -position | 0x80000000 : position
  return float[0]
}

/** Spacing of float32 around a real number; never less than that of the smallest normal numbers. */
export function spacing(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -126)
  return 2 ** (exponent - 23)
}

/** Every float32 of [low, high] at an even step over their ordinals, about `count` of them. */
export function sweep(low: number, high: number, count: number): Float32Array {
  const first = ordinal(low)
  const last = ordinal(high)
  const step = Math.max(1, (last - first) / count)
  const out = new Float32Array(Math.floor((last - first) / step) + 1)
  for (let i = 0; i < out.length; i++) out[i] = atOrdinal(Math.floor(first + i * step))
  return out
}

/** The largest |actual - expected| in units in the last place of the expected value, and where; what is below 2^-63 may count as 0. */
export function worstUlp(
  x: ArrayLike<number>,
  actual: ArrayLike<number>,
  expected: (x: number) => number,
): { ulp: number; at: number } {
  let ulp = 0
  let at = x[0]
  for (let i = 0; i < x.length; i++) {
    const want = expected(x[i])
    const counts = actual[i] !== 0 || Math.abs(want) >= FLOOR * (1 + 1e-6)
    const distance = counts ? Math.abs(actual[i] - want) / spacing(want) : 0
    if (!(distance <= ulp)) {
      ulp = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance
      at = x[i]
    }
  }
  return { ulp, at }
}
