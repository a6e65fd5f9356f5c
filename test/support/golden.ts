/** Golden vectors: reading them and comparing with them. */
import { readFileSync } from 'node:fs'

export type GoldenNumber = number | 'NaN' | 'Infinity' | '-Infinity'
export interface GoldenTensor {
  readonly shape: readonly number[]
  readonly data: readonly GoldenNumber[]
}

/** test/golden/NAME.json; T says what the caller expects of its shape. */
export function readGolden<T>(name: string): T {
  const root = import.meta.url.includes('/build/') ? '../../../' : '../../'
  return JSON.parse(readFileSync(new URL(`${root}test/golden/${name}.json`, import.meta.url), 'utf8')) as T
}

/** A tensor's numbers, row-major. */
export function numbers(tensor: GoldenTensor | GoldenNumber): Float64Array {
  return typeof tensor === 'object' ? Float64Array.from(tensor.data, Number) : Float64Array.of(Number(tensor))
}

/** |a - b| <= absolute + relative * |b| */
export interface Tolerance {
  readonly absolute: number
  readonly relative: number
}
/** What float32 keeps against float64 in one operation. */
export const OPERATION: Tolerance = { absolute: 2e-6, relative: 2e-5 }
/** What float32 keeps over whole optimizer and network trajectories. */
export const TRAJECTORY: Tolerance = { absolute: 5e-6, relative: 5e-5 }

/** Fails naming the worst entry; NaN and infinities must match exactly. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative }: Tolerance,
  what: string,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: ${actual.length} values, expected ${expected.length}`)
  let worst = -1
  let excess = 1
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue
    const ratio = Math.abs(actual[i] - expected[i]) / (absolute + relative * Math.abs(expected[i]))
    if (!(ratio <= excess)) {
      worst = i
      excess = Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio
    }
  }
  if (worst >= 0)
    throw new Error(
      `${what}[${worst}]: ${actual[worst]}, expected ${expected[worst]} (${excess.toFixed(1)}x the tolerance)`,
    )
}
