/** Formats numbers. */
const plain = new Map<number, Intl.NumberFormat>()

/** So many significant digits; small numbers as 2.9e-8 instead of with many zeros. */
export function figure(value: number, digits = 3): string {
  if (Number.isNaN(value)) return '–'
  if (value !== 0 && Math.abs(value) < 1e-3) {
    const [factor, power] = value.toExponential(digits - 1).split('e')
    return `${Number(factor)}e${power}`
  }
  let format = plain.get(digits)
  if (!format) {
    format = new Intl.NumberFormat('en', { maximumSignificantDigits: digits })
    plain.set(digits, format)
  }
  return format.format(value)
}
