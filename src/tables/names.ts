/** Names of columns in messages: a table may have thousands, and some as long as itself. */
import { cut, suggest } from '../lib/check.ts'

const MOST_NAMES = 1000
const LONGEST_NAME = 60
const LONGEST_FIX = 200

/** `; did you mean "x"?`, or some of the names that there are. */
export const nearest = (name: string, names: readonly string[]): string =>
  cut(
    suggest(
      name,
      names.slice(0, MOST_NAMES).filter(({ length }) => length <= LONGEST_NAME),
    ),
    LONGEST_FIX,
  )
