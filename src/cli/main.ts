/** The command `fourlane`: dispatches to a subcommand and reports errors in one line. */
import { suggest } from '../lib/check.ts'
import { aligned, type Command, helpOf, type Io, parse, quoted, UsageError, wantsHelp } from './command.ts'
import { convert, exporting } from './commands/convert.ts'
import { evaluate } from './commands/evaluate.ts'
import { inspect } from './commands/inspect.ts'
import { predict } from './commands/predict.ts'
import { serve } from './commands/serve.ts'
import { train } from './commands/train.ts'

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [train, predict, evaluate, serve, inspect, exporting, convert]

/** The output of `fourlane --help`. */
export function overview(version: string): string {
  const list = aligned(COMMANDS.map(({ name, usage, summary }) => [`${name} ${usage}`, summary]))
  return `fourlane ${version}: dense neural networks on the CPU\n\n${list}\n\nfourlane COMMAND --help says more.`
}

/** Runs a command; returns the exit code: 0, 1 for failure, 2 for incorrect usage. */
export async function main(args: readonly string[], version: string, io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    await io.out(`${overview(version)}\n`)
    return 0
  }
  if (name === '--version' || name === '-v') {
    await io.out(`${version}\n`)
    return 0
  }
  try {
    const wanted = name === 'help' ? rest[0] : name
    const command = COMMANDS.find((known) => known.name === wanted)
    if (!command) {
      const names = COMMANDS.map((known) => known.name)
      throw new UsageError(`unknown command ${JSON.stringify(wanted.slice(0, 80))}${suggest(wanted, names)}`)
    }
    if (name === 'help' || wantsHelp(rest)) await io.out(`${helpOf(command)}\n`)
    else await command.run(parse(command, rest), io)
    return 0
  } catch (error) {
    // the reader is gone, which is not an error
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0
    io.note(`fourlane: ${lineOf(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

/** Descriptions of system error codes that concern a path or an address. */
const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be opened',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of it is no folder',
  ENOSPC: 'there is no space left',
  EADDRINUSE: 'the port is taken',
}

/** An error as one line. */
function lineOf(error: unknown): string {
  const { code, path, address, port } = Object(error)
  const place = path ?? (address === undefined ? undefined : `${address}:${port}`)
  if (Object.hasOwn(CODES, code) && typeof place === 'string') return `${quoted(place)}: ${CODES[code]}`
  const { message } = error instanceof Error ? error : new Error(String(error))
  return message.replace(/^fourlane: /, '').replaceAll(/\s*\n\s*/g, ' ')
}
