/** Column names in messages: a table may have thousands, some of them very long. */
import { cut, suggest } from '../lib/check.ts'

const MOST_NAMES = 1000
const LONGEST_NAME = 60
const LONGEST_FIX = 200

/** `; did you mean "x"?`, or some of the existing names. */
export const nearest = (name: string, names: readonly string[]): string =>
  cut(
    suggest(
      name,
      names.slice(0, MOST_NAMES).filter(({ length }) => length <= LONGEST_NAME),
    ),
    LONGEST_FIX,
  )
