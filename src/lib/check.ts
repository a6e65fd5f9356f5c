/**
 * Argument checks with uniform messages: `where: "argument" expected ..., got ...`.
 * Public functions check everything before anything changes; kernels check nothing.
 */

/** A name in a message, quoted and shortened: one from a file may be as long as the file. */
export function quote(name: string): string {
  const quoted = JSON.stringify(cut(name))
  // escapes take up to six characters
  return quoted.length > 100 ? `${quoted.slice(0, 60)}..."` : quoted
}

/** A user's text in a message, shortened. */
export const cut = (text: string, length = 40): string =>
  text.length > length ? `${text.slice(0, length - 3)}...` : text

/** A value in a message: short, with strings distinguishable from numbers. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'function') return value.name ? `function ${cut(value.name)}` : 'a function'
  if (typeof value === 'bigint') return 'a BigInt'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (ArrayBuffer.isView(value))
    return `${classOf(value)}(${'length' in value ? `${value.length} values` : `${value.byteLength} bytes`})`
  if (typeof value === 'object' && value !== null) {
    const name = classOf(value)
    return name === 'Object' ? 'an object' : `a ${name ?? 'null-prototype object'}`
  }
  return cut(String(value))
}

/** The name of an object's class; undefined when it has none. */
function classOf(value: object): string | undefined {
  // from the prototype, since JSON may have its own "constructor" field
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? cut(name) : undefined
}

interface BuiltIns {
  Uint8Array: Uint8Array
  ArrayBuffer: ArrayBuffer
  SharedArrayBuffer: SharedArrayBuffer
  URL: URL
  AbortSignal: AbortSignal
  'WebAssembly.Module': WebAssembly.Module
}

/** Whether a value is of a built-in class, from any realm: frames, vm contexts and test runners have their own classes. */
export const isA = <K extends keyof BuiltIns>(value: unknown, kind: K): value is BuiltIns[K] =>
  Object.prototype.toString.call(value) === `[object ${kind}]`

/** @throws TypeError unless `value` is a finite number; RangeError unless it lies in [minimum, maximum]. */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  {
    minimum = Number.NEGATIVE_INFINITY,
    maximum = Number.POSITIVE_INFINITY,
    above = Number.NEGATIVE_INFINITY,
    below = Number.POSITIVE_INFINITY,
  } = {},
): number {
  if (typeof value !== 'number') throw new TypeError(`${where}: "${name}" must be a number, got ${show(value)}`)
  const bounds: string[] = []
  if (above !== Number.NEGATIVE_INFINITY) bounds.push(`greater than ${above}`)
  if (minimum !== Number.NEGATIVE_INFINITY) bounds.push(`at least ${minimum}`)
  if (below !== Number.POSITIVE_INFINITY) bounds.push(`less than ${below}`)
  if (maximum !== Number.POSITIVE_INFINITY) bounds.push(`at most ${maximum}`)
  if (!Number.isFinite(value) || value < minimum || value > maximum || value <= above || value >= below) {
    throw new RangeError(
      `${where}: "${name}" must be a finite number${bounds.length ? ` ${bounds.join(' and ')}` : ''}, got ${value}`,
    )
  }
  return value
}

/**
 * A number that will be stored as float32.
 * @throws as checkNumber does; RangeError also if it overflows float32, or rounds to a limit that it must be above.
 */
export function checkFloat(
  where: string,
  name: string,
  value: unknown,
  limits: Parameters<typeof checkNumber>[3] = {},
): number {
  const number = checkNumber(where, name, value, limits)
  const rounded = Math.fround(number)
  if (!Number.isFinite(rounded)) {
    throw new RangeError(`${where}: "${name}" is ${number}, beyond the range of float32 (3.4e38)`)
  }
  const { above = Number.NEGATIVE_INFINITY } = limits
  if (rounded <= above) {
    throw new RangeError(`${where}: "${name}" must be greater than ${above}, but ${number} is ${rounded} in float32`)
  }
  return number
}

/** `value`, or `preset` if undefined; null is not replaced. */
export const orDefault = <T>(value: T | undefined, preset: T): T => (value === undefined ? preset : value)

/** @throws TypeError for surplus arguments, which would be ignored. */
export function checkNoMore(where: string, more: readonly unknown[]): void {
  if (more.length > 0)
    throw new TypeError(`${where}: unexpected argument ${show(more[0])}; it takes no more than the ones before`)
}

/** @throws TypeError unless `value` is a number; RangeError unless it is an integer in [minimum, maximum]. */
export function checkInteger(where: string, name: string, value: unknown, minimum = 0, maximum = 2 ** 31 - 1): number {
  if (typeof value !== 'number') throw new TypeError(`${where}: "${name}" must be a whole number, got ${show(value)}`)
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    const range =
      maximum === 2 ** 31 - 1 && !(value > maximum) ? `at least ${minimum}` : `from ${minimum} to ${maximum}`
    throw new RangeError(`${where}: "${name}" must be a whole number ${range}, got ${value}`)
  }
  return value
}

/** @throws TypeError unless `value` is a boolean. */
export function checkBoolean(where: string, name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${where}: "${name}" must be true or false, got ${show(value)}`)
  return value
}

/** @throws TypeError unless `value` is a function. */
export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${where}: "${name}" must be a function, got ${show(value)}`)
}

/**
 * Accepts only plain objects with known keys.
 * @throws TypeError suggesting the nearest known option.
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${where}: options must be an object, got ${show(options)}`)
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${where}: unknown option ${quote(key)}${suggest(key, known)}`)
  }
}

/** Options with defaults filled in; undefined only where the default is. */
type Filled<Options, Defaults> = {
  [K in keyof Options]-?: K extends keyof Defaults
    ? Defaults[K] extends undefined
      ? Options[K]
      : Exclude<Options[K], undefined>
    : never
}

/**
 * Options with defaults filled in; `defaults` must list every option.
 * @throws TypeError for an unknown option, suggesting the nearest.
 */
export function readOptions<
  Options extends object,
  const Defaults extends { readonly [K in keyof Required<Options>]: Options[K] | undefined },
>(where: string, options: Options, defaults: Defaults): Filled<Options, Defaults> {
  checkOptions(where, options, Object.keys(defaults))
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) } as Filled<Options, Defaults>
}

/** @throws RangeError unless `value` is one of `known`, suggesting the nearest. */
export function checkOneOf<T extends string>(where: string, name: string, value: unknown, known: readonly T[]): T {
  if (typeof value !== 'string') throw new TypeError(`${where}: "${name}" must be a name, got ${show(value)}`)
  const found = known.find((candidate) => candidate === value)
  if (found === undefined) throw new RangeError(`${where}: unknown ${name} ${show(value)}${suggest(value, known)}`)
  return found
}

/** Longer names are not misspellings of ours. */
const LONGEST_NAME = 60

/** Names of our options in other libraries. */
const FAMILIAR: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  eps: 'epsilon',
  wd: 'weightDecay',
  decay: 'weightDecay',
  batch: 'batchSize',
  p: 'rate',
  acc: 'accuracy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  swish: 'silu',
  initialLearningRate: 'learningRate',
}

/** `; did you mean "x"?`, or the list of known names if none is near. */
export function suggest(given: string, known: readonly string[]): string {
  const familiar = FAMILIAR[given]
  if (familiar !== undefined && known.includes(familiar)) return `; did you mean "${familiar}"?`
  if (given.length > LONGEST_NAME) return list(known)
  const folded = fold(given)
  const near = Math.max(1, folded.length / 3)
  const ranked = known.flatMap((name) => {
    const other = fold(name)
    // a name from a file may be as long as the file
    if (Math.abs(other.length - folded.length) > near) return []
    return { name, distance: editDistance(folded, other) }
  })
  ranked.sort((a, b) => a.distance - b.distance)
  const nearest = ranked[0]
  if (nearest && nearest.distance <= near) return `; did you mean "${nearest.name}"?`
  return list(known)
}

const list = (known: readonly string[]): string => (known.length ? `; known: ${known.join(', ')}` : '')

const fold = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, '')

/** Edit distance with insertions, deletions, replacements, and transpositions of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}
