/** Commands as plain data, used for parsing, `--help` and docs/cli.md. */
import { parseArgs } from 'node:util'
import { suggest } from '../lib/check.ts'

/** An option: `--name VALUE`, or just `--name` if it has no `value`. */
export interface Option {
  readonly name: string
  /** Placeholder for the value, such as `FILE`. */
  readonly value?: string
  readonly text: string
}

/** A command's arguments. */
export interface Call {
  readonly positionals: readonly string[]
  /** By name: the last value given, or true. */
  readonly options: Readonly<Record<string, string | true | undefined>>
}

/** A command's input and output. */
export interface Io {
  /** Writes results to standard output. Resolves when written; rejects with EPIPE if the reader is gone. */
  out(text: string): void | Promise<void>
  /** Writes messages for people to standard error. */
  note(text: string): void
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>
  /** Standard error, for a progress bar: whether lines can be redrawn, and the line length. */
  readonly interactive: boolean
  readonly columns: number
  /** Registers a callback for Ctrl-C or a signal. Returns a function that unregisters it. */
  onStop(stop: () => void): () => void
}

export interface Command {
  readonly name: string
  /** Positional arguments as shown in the help, such as `MODEL [FILE]`. */
  readonly usage: string
  /** Minimum and maximum number of them. */
  readonly arity: readonly [least: number, most: number]
  readonly summary: string
  /** Paragraphs below the options. */
  readonly notes: readonly string[]
  readonly options: readonly Option[]
  run(call: Call, io: Io): Promise<void>
}

/** Incorrect usage: exit code 2. */
export class UsageError extends Error {}

export const HELP: Option = { name: 'help', text: 'show this' }

/** Whether the arguments request help. */
export const wantsHelp = (args: readonly string[]): boolean => {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h')
}

/** @throws UsageError naming what is wrong, and the nearest known option. */
export function parse({ name, usage, arity, options }: Command, args: readonly string[]): Call {
  const known = new Map(options.map((option) => [option.name, option]))
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(options.map((option) => [option.name, { type: option.value ? 'string' : 'boolean' }])),
  })
  const positionals: string[] = []
  const values: Record<string, string | true> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = known.get(token.name)
    if (!option) {
      throw new UsageError(`${name}: unknown option ${token.rawName}${suggest(token.name, [...known.keys()])}`)
    }
    if (option.value && (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))) {
      throw new UsageError(`${name}: --${option.name} needs a value: --${option.name} ${option.value}`)
    }
    if (!option.value && token.value !== undefined)
      throw new UsageError(`${name}: --${option.name} takes no value, got "${token.value}"`)
    values[option.name] = token.value ?? true
  }
  const [least, most] = arity
  if (positionals.length < least || positionals.length > most) {
    const wrong = positionals.length < least ? 'too few arguments' : `unexpected argument "${positionals[most]}"`
    throw new UsageError(`${name}: ${wrong}; usage: fourlane ${name} ${usage}`)
  }
  return { positionals, options: values }
}

/** `--name VALUE`, as shown in help and documentation. */
export const shown = ({ name, value }: Option): string => `--${name}${value ? ` ${value}` : ''}`

/** Rows of [term, text], with the texts aligned. */
export function aligned(rows: readonly (readonly [term: string, text: string])[]): string {
  const width = Math.max(...rows.map(([term]) => term.length))
  return rows.map(([term, text]) => `  ${term.padEnd(width)}   ${text}`).join('\n')
}

/** The output of `fourlane NAME --help`. */
export function helpOf({ name, usage, summary, notes, options }: Command): string {
  const list = aligned([...options, HELP].map((option) => [shown(option), option.text]))
  return [`fourlane ${name} ${usage} [options]`, summary, list, ...notes].join('\n\n')
}

/** A file name for messages, with control characters escaped. */
export const quoted = (path: string): string => JSON.stringify(path).slice(1, -1)
