/** Table cells as text: parsing of numbers and dates. */

/** A decimal number as JSON and CSV files write it: not hexadecimal, not infinite. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** ISO 8601, at least year and month; a space may replace the T and precede the zone. */
const DATE =
  /^(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?))?)?)?$/

/** Longer cells are not dates. */
const LONGEST_DATE = 40

/** Trims blanks, tabs and other control characters. */
export function trimCell(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text.charCodeAt(from) <= 32) from++
  while (to > from && text.charCodeAt(to - 1) <= 32) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

/** The finite number in a trimmed cell, NaN for anything else. */
export function numberOf(text: string): number {
  if (!NUMBER.test(text)) return Number.NaN
  const value = Number(text)
  // + 0 turns -0 into 0
  return Number.isFinite(value) ? value + 0 : Number.NaN
}

/** Milliseconds since 1970 for the date in a trimmed cell, NaN for anything else. Without a zone it is UTC, on every machine. */
export function dateOf(text: string): number {
  const parts = text.length <= LONGEST_DATE ? DATE.exec(text) : null
  if (!parts) return Number.NaN
  const [
    ,
    year,
    month,
    day = '1',
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    sign,
    ahead = '0',
    more = '0',
  ] = parts
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN
  if (Number(ahead) > 23 || Number(more) > 59) return Number.NaN
  const minutes = (Number(ahead) * 60 + Number(more)) * (sign === '-' ? -1 : 1)
  const milliseconds = Math.floor(Number(fraction.padEnd(3, '0').slice(0, 3)))
  return date.getTime() + ((Number(hour) * 60 + Number(minute) - minutes) * 60 + Number(second)) * 1000 + milliseconds
}
