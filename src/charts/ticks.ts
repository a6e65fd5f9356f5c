/** Ticks at round values, with labels of just enough digits to distinguish them. */
import { decimal, powerOfTen, scientific } from './format.ts'
import { log10, type Scale } from './scale.ts'

export interface Tick {
  readonly value: number
  readonly label: string
}

export interface Ticks {
  /** Ascending, with labels. */
  readonly major: readonly Tick[]
  /** Ascending, drawn but not labelled: the other digits of a log scale. */
  readonly minor: readonly number[]
}

/** The exponent of a positive number's first decimal digit. */
const exponentOf = (value: number) => Number(value.toExponential().split('e')[1])

/** The correctly rounded product: 3 × 10^-1 is 0.3. */
const decimalProduct = (factor: number, exponent: number) => Number(`${factor}e${exponent}`)

/** The smallest of 1, 2 and 5 times a power of ten that is at least `least`. */
function niceStep(least: number): [factor: number, exponent: number] {
  const exponent = exponentOf(least)
  for (const factor of [1, 2, 5]) if (decimalProduct(factor, exponent) >= least) return [factor, exponent]
  return [1, exponent + 1]
}

/** At most `count` + 1 multiples of a round step in [low, high]; with `whole`, integers only. */
function linearTicks(low: number, high: number, count: number, whole: boolean): Tick[] {
  const [factor, exponent] = niceStep(Math.max(high / count - low / count, whole ? 1 : Number.MIN_VALUE))
  const step = decimalProduct(factor, exponent)
  const first = Math.floor(low / step)
  const last = Math.ceil(high / step)
  // if steps are tiny relative to the values, adjacent multiples are the same double
  if (!(Math.max(Math.abs(first), Math.abs(last)) < 2 ** 52)) return []
  const power = exponentOf(Math.max(Math.abs(low), Math.abs(high)))
  const write =
    power >= 6 || power < -4
      ? (value: number) => scientific(value, power, Math.max(0, power - exponent))
      : (value: number) => decimal(value, Math.max(0, -exponent))
  return Array.from({ length: last - first + 1 }, (_, i) => decimalProduct((first + i) * factor, exponent))
    .filter((value) => value >= low && value <= high)
    .map((value) => ({ value, label: write(value) }))
}

/** The digits labelled in every decade, most labels first. */
const LOG_DIGITS = [[1, 2, 5], [1, 3], [1]]
const ALL_DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9]

function logTicks(low: number, high: number, count: number): Ticks {
  const first = Math.floor(log10(low))
  const last = Math.ceil(log10(high))
  const plain = first >= -4 && last <= 5
  const write = (digit: number, exponent: number) => {
    if (plain) return decimal(decimalProduct(digit, exponent), Math.max(0, -exponent))
    if (digit === 1) return powerOfTen(exponent)
    return exponent === 0 ? `${digit}` : `${digit}×${powerOfTen(exponent)}`
  }
  const ticks = (digits: readonly number[], every = 1): Tick[] =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i)
      .filter((exponent) => exponent % every === 0)
      .flatMap((exponent) =>
        digits.map((digit) => ({ value: decimalProduct(digit, exponent), label: write(digit, exponent) })),
      )
      .filter(({ value }) => value >= low && value <= high)

  const choices = LOG_DIGITS.map((digits) => ticks(digits))
  if (choices[0].length < 3) return { major: linearTicks(low, high, count, false), minor: [] }
  const major = choices.find(({ length }) => length <= count + 1)
  if (major) {
    const minor = ticks(ALL_DIGITS).map(({ value }) => value)
    return { major, minor: minor.filter((value) => major.every((tick) => tick.value !== value)) }
  }
  let every = 2
  while (ticks([1], every).length > count + 1) every++
  return { major: ticks([1], every), minor: [] }
}

/** About `count` intervals or fewer, equidistant on a linear scale, geometric on a log scale of a decade or more. */
export function createTicks(scale: Scale, count: number, whole = false): Ticks {
  if (scale.kind === 'log') return logTicks(scale.low, scale.high, Math.max(2, count))
  return { major: linearTicks(scale.low, scale.high, Math.max(2, count), whole), minor: [] }
}
