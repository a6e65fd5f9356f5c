/** Parses values of options. */
import { suggest } from '../lib/check.ts'
import { type Call, UsageError } from './command.ts'

type Options = Call['options']

const textOf = (options: Options, name: string): string | undefined => {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

const refuse = (where: string, name: string, expected: string, given: string): Error =>
  new UsageError(`${where}: --${name} must be ${expected}, got "${given}"`)

/** @throws UsageError unless it is an integer in range. */
export function wholeOf(
  where: string,
  options: Options,
  name: string,
  [least, most]: readonly [number, number],
): number | undefined {
  const text = textOf(options, name)
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw refuse(where, name, `a whole number from ${least} to ${most}`, text)
}

/** @throws UsageError unless it is a fraction between 0 and 1. */
export function fractionOf(where: string, options: Options, name: string): number | undefined {
  const text = textOf(options, name)
  if (text === undefined) return undefined
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value < 1) return value
  throw refuse(where, name, 'a fraction between 0 and 1', text)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 }

/** Milliseconds. @throws UsageError unless it is a duration such as 60s, 5m, 1.5h. */
export function timeOf(where: string, options: Options, name: string): number | undefined {
  const text = textOf(options, name)
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d{0,9}\.?\d{1,9}) ?(ms|s|m|h|)$/.exec(text) ?? []
  const value = Number(number) * UNITS[unit]
  if (number !== '' && value > 0) return value
  throw refuse(where, name, 'a time such as 60s, 5m or 1.5h', text)
}

/** @throws UsageError unless it is one of the words. */
export function wordOf<T extends string>(
  where: string,
  options: Options,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = textOf(options, name)
  const word = words.find((known) => known === text)
  if (text === undefined || word !== undefined) return word
  throw new UsageError(`${where}: --${name} cannot be ${JSON.stringify(text.slice(0, 80))}${suggest(text, words)}`)
}
