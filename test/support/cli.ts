/** Calls of the command `fourlane`, in this process. */
import { main } from '../../src/cli/main.ts'

export interface Outcome {
  readonly code: number
  /** On standard output and standard error. */
  readonly out: string
  readonly note: string
}

export interface Surroundings {
  /** What is on standard input. */
  readonly input?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  readonly interactive?: boolean
  /** Receives what asks the command to stop. */
  readonly onStop?: (stop: () => void) => void
  /** Sees texts as they come. */
  readonly onOut?: (text: string) => void
  readonly onNote?: (text: string) => void
}

export const fourlane = (...args: readonly string[]): Promise<Outcome> => fourlaneIn({}, ...args)

export async function fourlaneIn(surroundings: Surroundings, ...args: readonly string[]): Promise<Outcome> {
  const { input = [], interactive = false, onStop, onOut, onNote } = surroundings
  const out: string[] = []
  const note: string[] = []
  const code = await main(args, '1.2.3', {
    out: (text) => {
      out.push(text)
      onOut?.(text)
    },
    note: (text) => {
      note.push(text)
      onNote?.(text)
    },
    input: (async function* () {
      yield* input
    })(),
    interactive,
    columns: 80,
    onStop(stop) {
      onStop?.(stop)
      return () => {}
    },
  })
  return { code, out: out.join(''), note: note.join('') }
}
