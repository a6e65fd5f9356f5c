/** Number formatting. Uses only operations that ECMAScript specifies exactly, so every engine writes the same digits. */

/** Coordinates beyond are outside of any picture, and float32 renderers lose their fractions. */
const FARTHEST = 1e6

/** A coordinate or length in pixels, rounded to hundredths. */
export function px(value: number): string {
  const rounded = Math.round(Math.min(FARTHEST, Math.max(-FARTHEST, value)) * 100) / 100
  return `${rounded === 0 ? 0 : rounded}`
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'
const superscript = (exponent: number) =>
  `${exponent}`.replace(/./g, (character) => (character === '-' ? '⁻' : SUPERSCRIPTS[Number(character)]))

/** 10³; 10⁰ is 1. */
export const powerOfTen = (exponent: number): string => (exponent === 0 ? '1' : `10${superscript(exponent)}`)

/** A true minus sign, and commas between thousands from 10,000 on. */
function typeset(decimal: string): string {
  const [whole, fraction] = decimal.split('.')
  const grouped = whole.length < 5 + Number(whole.startsWith('-')) ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return (fraction === undefined ? grouped : `${grouped}.${fraction}`).replace('-', '−')
}

/** Fixed decimals: `decimal(1234.5, 1)` is 1234.5. */
export const decimal = (value: number, digits: number): string => typeset((value === 0 ? 0 : value).toFixed(digits))

/** m × 10^exponent, with `digits` decimals in m. */
export function scientific(value: number, exponent: number, digits: number): string {
  if (value === 0) return '0'
  // moves the decimal point of the shortest representation: no arithmetic, no rounding
  const [digitsOfValue, ownExponent] = value.toExponential().split('e')
  const mantissa = Number(`${digitsOfValue}e${Number(ownExponent) - exponent}`)
  return `${typeset(mantissa.toFixed(digits))}×${powerOfTen(exponent)}`
}

/** For labels and descriptions: `significant` digits without trailing zeros. */
export function readable(value: number, significant = 4): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? 'infinity' : '−infinity'
  const [mantissa, exponent] = value.toExponential(significant - 1).split('e')
  const power = Number(exponent)
  if (power < -4 || power > 5) return `${typeset(`${Number(mantissa)}`)}×${powerOfTen(power)}`
  return typeset(`${Number(value.toPrecision(significant))}`)
}

/** Formats numbers to be compared: the same number of decimals, 3 significant digits for the largest; individually if they span decades. */
export function alike(values: ArrayLike<number>): (value: number) => string {
  let largest = 0
  let smallest = Number.POSITIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i])
    if (!Number.isFinite(size) || size === 0) continue
    largest = Math.max(largest, size)
    smallest = Math.min(smallest, size)
  }
  const digits = 2 - Number(largest.toExponential(2).split('e')[1])
  const plain = largest > 0 && digits >= -3 && digits <= 6 && largest / smallest < 1000
  return plain ? (value) => decimal(value, Math.max(0, digits)) : (value) => readable(value, 3)
}
