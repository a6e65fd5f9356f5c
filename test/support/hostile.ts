/** Arguments that nobody should give, and the places where they are put. */
import fc from 'fast-check'

const DEEP = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 1)

/** Created for each use, since some are modified by it. */
const makers: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => Number.NEGATIVE_INFINITY,
  () => -1,
  () => -0,
  () => 0,
  () => 1.5,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 1e300,
  () => 1e-320,
  () => 3n,
  () => true,
  () => '',
  () => '3',
  () => 'constructor',
  () => '__proto__',
  () => 'x'.repeat(5e6),
  () => '\ud800\u0000"',
  () => Symbol('s'),
  () => ({}),
  () => [],
  () => [null],
  () => [[]],
  () => [1, 'a'],
  () => [[1], [1, 2]],
  () => Array(3),
  () => DEEP,
  () => ({ length: 2e9 }),
  () => ({ length: -1 }),
  () => ({ length: 'a' }),
  () => ({ kind: 'x' }),
  () => ({ kind: 'constructor' }),
  () => Object.create(null),
  () => Object.freeze({ learningRate: Number.NaN }),
  () => Object.freeze([]),
  () => new Proxy({}, {}),
  () => new Proxy([], {}),
  () => new Map([[0, 1]]),
  () => new Set([1]),
  () => new Date(0),
  () => /x/,
  () => new Error('x'),
  () => Promise.resolve(1),
  () => () => {},
  () => () => Number.NaN,
  () => () => {
    throw new RangeError('user: an error of the caller’s own')
  },
  () => class {},
  () => new Float32Array(0),
  () => new Float32Array(7),
  () => Float32Array.of(Number.NaN, 1e38, Number.POSITIVE_INFINITY, 1),
  () => new Float64Array(4).fill(1e300),
  () => BigInt64Array.of(1n, 2n),
  () => new Uint8Array(3),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => ({ valueOf: () => 1, toString: () => '1' }),
  () => ({ toString: 5, valueOf: 5 }),
]

export const hostile = fc.nat({ max: makers.length - 1 }).map((i) => makers[i])

type Container = unknown[] | Record<string, unknown>

const isContainer = (value: unknown): value is Container =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)

/** A copy of the arguments with one place changed: an argument, an option, an entry; one left out, one too many, an unknown option. */
export function mutated(args: readonly unknown[], choice: number, make: () => unknown): unknown[] {
  const copy = (value: unknown): unknown =>
    !isContainer(value)
      ? value
      : Array.isArray(value)
        ? value.map(copy)
        : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]))
  const whole = copy(args) as unknown[]
  const places: (() => void)[] = [
    () => whole.push(make()),
    () => void whole.pop(),
    () => whole.splice(0, whole.length, make()),
  ]
  const visit = (container: Container, depth: number) => {
    const at = container as Record<string, unknown>
    for (const key of Object.keys(container)) {
      places.push(() => {
        at[key] = make()
      })
      if (isContainer(at[key]) && depth < 3) visit(at[key], depth + 1)
    }
    if (!Array.isArray(container)) {
      places.push(() => {
        at.unknown = make()
      })
    }
  }
  visit(whole, 0)
  places[choice % places.length]()
  return whole
}
