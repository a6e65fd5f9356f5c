/** Markdown of the reference pages. */

/** Numbers that are known by another name than their digits. */
const KNOWN = new Map([
  [Math.SQRT2, '√2'],
  [1 / 3, '1 / 3'],
])

/** A value as it is written in code; what calls make, by the call. */
export function code(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(code).join(', ')}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'number') {
    const tiny = value > 0 && (value < 1e-3 || value >= 1e5)
    return KNOWN.get(value) ?? (tiny ? value.toExponential().replace('+', '') : String(value))
  }
  if (typeof value === 'function' && 'kind' in value && 'options' in value) return call(value as NamedCall)
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, part]) => `${name}: ${code(part)}`)
      .join(', ')} }`
  }
  return String(value)
}

export interface NamedCall {
  readonly kind: string
  readonly options: object
}
/** `stepDecay({ learningRate: 0.1, ... })`. */
export function call({ kind, options }: NamedCall): string {
  return `${kind}(${code(kind === 'joinSchedules' ? Object.values(options)[0] : options)})`
}

/** `huber({ delta = 1 })`: the options a kind has, with their defaults where there are any. */
export function signature(kind: string, spec: object, names: readonly string[] = Object.keys(spec)): string {
  const options = names
    .filter((name) => name !== 'kind')
    .map((name) => {
      const value: unknown = Reflect.get(spec, name)
      return value === undefined ? name : `${name} = ${code(value)}`
    })
  return options.length === 0 ? `${kind}()` : `${kind}({ ${options.join(', ')} })`
}

export const fence = (text: string, language = '') => `\`\`\`${language}\n${text}\n\`\`\``
export const list = (facts: readonly (string | false)[]) =>
  facts
    .filter(Boolean)
    .map((fact) => `* ${fact}`)
    .join('\n')
/** Cells may not hold a bare |. */
export const table = (rows: readonly (readonly string[])[]) => {
  const [head, ...rest] = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
  return [head, `|${' --- |'.repeat(rows[0].length)}`, ...rest].join('\n')
}
export const anchor = (kind: string) => `[${kind}](#${kind.toLowerCase()})`
export const paragraphs = (...parts: readonly (string | false)[]) =>
  `${parts
    .filter(Boolean)
    .map((part) => String(part).trimEnd())
    .join('\n\n')}\n`

export const keysOf = <T extends object>(record: T) => Object.keys(record) as (keyof T & string)[]
