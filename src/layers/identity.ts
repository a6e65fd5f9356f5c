/** Options of every layer with parameters: its name, and whether it is trained. */
import { checkBoolean, show } from '../lib/check.ts'

export interface Identity {
  /** The parameters' prefix, as in `name.gamma`. Default: the kind and its number, such as `batchNorm_1`. */
  readonly name?: string
  readonly trainable: boolean
}

export const IDENTITY_OPTIONS = ['trainable', 'name'] as const

/** Names occur in messages, tables and files. */
const LONGEST_NAME = 256

/** @throws TypeError unless `trainable` is a boolean and `name` a string without dots; RangeError for a name that is too long. */
export function checkIdentity(
  where: string,
  { trainable = true, name }: { trainable?: boolean; name?: string },
): Identity {
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('.'))) {
    throw new TypeError(`${where}: "name" must be a string without dots, got ${show(name)}`)
  }
  if (name !== undefined && name.length > LONGEST_NAME) {
    throw new RangeError(`${where}: "name" must have at most ${LONGEST_NAME} characters, got ${name.length}`)
  }
  return { trainable: checkBoolean(where, 'trainable', trainable), ...(name !== undefined && { name }) }
}
