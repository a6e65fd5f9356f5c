/** Parameter groups: settings for parameters selected by name. */
import { checkFloat, checkOptions, quote, show } from '../../lib/check.ts'

/** Rate, decay or epsilon for the parameters that match; the first matching group applies. */
export interface ParameterGroup {
  /**
   * A full name such as `dense_1.bias`, a prefix or suffix at a dot (`dense_1`, `bias`), or a list of such; only full names:
   * `{ exactly: [...] }`; a regular expression searched in the name; or a predicate of the name. Saved in files, except for
   * functions; a regular expression is saved as the list of names it matches.
   */
  readonly match: Match
  /** Factor on the optimizer's learning rate. */
  readonly learningRateScale?: number
  /** Factor on the optimizer's weight decay, which may be a schedule. */
  readonly weightDecayScale?: number
  /** Replaces the optimizer's weight decay. */
  readonly weightDecay?: number
  /** Replaces the optimizer's epsilon. */
  readonly epsilon?: number
}

/** Selects parameters by name. */
export type Match = string | readonly string[] | Exactly | RegExp | ((name: string) => boolean)

interface Exactly {
  readonly exactly: readonly string[]
}

/** Maximum number of groups: each is matched against every name. */
const MOST_GROUPS = 1000

const isTexts = (match: unknown): match is readonly string[] =>
  Array.isArray(match) && match.length > 0 && match.every((name) => typeof name === 'string' && name !== '')

const isExact = (match: unknown): match is Exactly =>
  typeof match === 'object' &&
  match !== null &&
  'exactly' in match &&
  Object.keys(match).length === 1 &&
  isTexts(match.exactly)

const isExpression = (match: unknown): match is RegExp => Object.prototype.toString.call(match) === '[object RegExp]'

/**
 * The groups, validated and copied.
 * @param has names of the optimizer's options.
 * @throws TypeError or RangeError for an invalid group.
 */
export function checkGroups(where: string, groups: unknown, has: readonly string[]): readonly ParameterGroup[] {
  if (!Array.isArray(groups)) {
    throw new TypeError(`${where}: "parameterGroups" must be an array of groups, got ${show(groups)}`)
  }
  if (groups.length > MOST_GROUPS) {
    throw new RangeError(`${where}: "parameterGroups" must be at most ${MOST_GROUPS}, got ${groups.length}`)
  }
  return Object.freeze(groups.map((group: ParameterGroup, i) => checkGroup(where, `parameterGroups[${i}]`, group, has)))
}

function checkGroup(where: string, place: string, group: ParameterGroup, has: readonly string[]): ParameterGroup {
  checkOptions(`${where}: ${place}`, group, [
    'match',
    'learningRateScale',
    'weightDecayScale',
    'weightDecay',
    'epsilon',
  ])
  const { match, learningRateScale, weightDecayScale, weightDecay, epsilon } = group
  const checked = checkMatch(where, `${place}.match`, match)
  if (learningRateScale !== undefined)
    checkFloat(where, `${place}.learningRateScale`, learningRateScale, { minimum: 0 })
  if (weightDecayScale !== undefined) {
    checkFloat(where, `${place}.weightDecayScale`, weightDecayScale, { minimum: 0 })
    if (weightDecay !== undefined)
      throw new TypeError(`${where}: ${place} sets "weightDecay" and "weightDecayScale"; one of them is enough`)
    if (!has.includes('weightDecay'))
      throw new TypeError(`${where}: ${place} sets "weightDecayScale", but ${where} has no "weightDecay"`)
  }
  if (weightDecay !== undefined) checkFloat(where, `${place}.weightDecay`, weightDecay, { minimum: 0 })
  if (epsilon !== undefined) checkFloat(where, `${place}.epsilon`, epsilon, { minimum: 1e-30 })
  for (const name of ['weightDecay', 'epsilon'] as const) {
    if (group[name] !== undefined && !has.includes(name)) {
      throw new TypeError(`${where}: ${place} sets "${name}", which ${where} does not have`)
    }
  }
  return Object.freeze({ ...group, match: checked })
}

/**
 * Validates and copies a match.
 * @throws TypeError if it is invalid.
 */
export function checkMatch(where: string, name: string, match: unknown): Match {
  if (isTexts(match)) return Object.freeze([...match])
  if (isExact(match)) return Object.freeze({ exactly: Object.freeze([...match.exactly]) })
  if ((typeof match === 'string' && match !== '') || isExpression(match)) return match
  if (typeof match === 'function') return match as (name: string) => boolean
  throw new TypeError(
    `${where}: "${name}" must be a name, an array of names, an expression or a function, got ${show(match)}`,
  )
}

/** Predicate: whether a parameter's name matches. */
export function matcherOf({ match }: Pick<ParameterGroup, 'match'>): (name: string) => boolean {
  if (typeof match === 'function') return match
  if (isExpression(match)) {
    // with flags g or y, test() depends on the previous call
    const expression = new RegExp(match.source, match.flags.replace(/[gy]/g, ''))
    return (name) => expression.test(name)
  }
  if (isExact(match)) {
    const names = new Set(match.exactly)
    return (name) => names.has(name)
  }
  const names = new Set(typeof match === 'string' ? [match] : match)
  return (name) => {
    if (names.has(name)) return true
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      if (names.has(name.slice(0, dot)) || names.has(name.slice(dot + 1))) return true
    }
    return false
  }
}

/** @throws RangeError for a group whose names or regular expression match no parameter. */
export function checkMatches(where: string, groups: readonly ParameterGroup[], names: readonly string[]): void {
  for (const [i, group] of groups.entries()) {
    if (typeof group.match === 'function' || names.some(matcherOf(group))) continue
    const { match } = group
    const what = typeof match === 'string' ? quote(match) : isExpression(match) ? `${match}` : show(match)
    throw new RangeError(`${where}: "parameterGroups[${i}].match" ${what} matches none of ${list(names)}`)
  }
}

const list = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ')

/**
 * A group as JSON, a regular expression as the names it matches, since loading a file must not run its expressions.
 * Undefined if it matches by a function.
 */
export function describeGroup<G extends Pick<ParameterGroup, 'match'>>(
  group: G,
  names: readonly string[],
): G | undefined {
  if (typeof group.match === 'function') return undefined
  return isExpression(group.match) ? { ...group, match: { exactly: names.filter(matcherOf(group)) } } : group
}
