/** Named series. */
import { show } from '../lib/check.ts'
import { clean } from './text.ts'

/** Maximum number of series: more cannot be distinguished. */
const MOST_SERIES = 100
/** Maximum length of a displayed name. */
export const LONGEST_NAME = 60

export interface Entry<T> {
  /** The displayed name. */
  readonly name: string
  /** The name of one of its arrays in messages. */
  readonly key: (member: string) => string
  readonly value: T
}

/** @throws TypeError unless it is an object of series; RangeError if there are none or too many. */
export function entriesOf<T>(where: string, option: string, value: Readonly<Record<string, T>>): Entry<T>[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw new TypeError(`${where}: "${option}" must be an object of series by name, got ${show(value)}`)
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > MOST_SERIES) {
    throw new RangeError(`${where}: "${option}" must have from 1 to ${MOST_SERIES} series, got ${entries.length}`)
  }
  return entries.map(([given, series]) => {
    const name = clean(given, LONGEST_NAME)
    return { name, key: (member) => `${option}[${show(name)}].${member}`.replaceAll('"', "'"), value: series }
  })
}

/** `a, b and c`, or the first few and the number of others. */
export function listOf(names: readonly string[]): string {
  if (names.length <= 1) return names.join('')
  const shown = names.length <= 6 ? names.slice(0, -1) : names.slice(0, 5)
  return `${shown.join(', ')} and ${names.length <= 6 ? names[names.length - 1] : `${names.length - 5} more`}`
}
