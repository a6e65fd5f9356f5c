/** The machine's share of an operation: what the compiler asked it to run, ready to be run again and again. */
import type { Machine } from '../src/machine/wasm.ts'

export interface Recording {
  /** Ends the recording. The longest call of `run` since its start, and how many records that runs through. */
  stop(): { readonly replay: () => void; readonly records: number; readonly call: Parameters<Machine['run']> }
}

/** Watches the calls of `run` from now on. */
export function record(machine: Machine): Recording {
  const { run } = machine
  const install = (value: Machine['run']) => Object.defineProperty(machine, 'run', { value, configurable: true })
  let longest: Parameters<Machine['run']> | undefined
  install((...call) => {
    if (!longest || call[4] >= longest[4]) longest = call
    run(...call)
  })
  return {
    stop() {
      install(run)
      if (!longest) throw new Error('bench: the machine was not called')
      const [program, from, to, records, count, thread] = longest
      return { replay: () => run(program, from, to, records, count, thread), records: count, call: longest }
    },
  }
}
