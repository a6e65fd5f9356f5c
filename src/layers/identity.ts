/** What every layer with parameters may be given: a name of its own, and whether training changes it. */
import { checkBoolean, show } from '../lib/check.ts'

export interface Identity {
  /** The parameters' prefix, as in `name.gamma`; by default the kind and its number, such as `batchNorm_1`. */
  readonly name?: string
  readonly trainable: boolean
}

export const IDENTITY_OPTIONS = ['trainable', 'name'] as const

/** @throws TypeError unless `trainable` is true or false and `name` a string without dots. */
export function checkIdentity(
  where: string,
  { trainable = true, name }: { trainable?: boolean; name?: string },
): Identity {
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('.'))) {
    throw new TypeError(`${where}: "name" must be a string without dots, got ${show(name)}`)
  }
  return { trainable: checkBoolean(where, 'trainable', trainable), ...(name !== undefined && { name }) }
}
