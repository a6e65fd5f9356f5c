/** Calls of the command `fourlane`, in this process. */
import { main } from '../../src/cli/main.ts'

export interface Outcome {
  readonly code: number
  /** On standard output and standard error. */
  readonly out: string
  readonly note: string
}

export async function fourlane(...args: readonly string[]): Promise<Outcome> {
  const out: string[] = []
  const note: string[] = []
  const code = await main(args, '1.2.3', {
    out: (text) => void out.push(text),
    note: (text) => void note.push(text),
  })
  return { code, out: out.join(''), note: note.join('') }
}
