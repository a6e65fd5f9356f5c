// Every public function with arguments that nobody should give: an error of ours that names the function, or a result.
import fc from 'fast-check'
import { suite } from 'uvu'
import { configureRuntime } from '../../src/entries/public.ts'
import { hostile, mutated } from '../support/hostile.ts'
import { calls } from '../support/publicCalls.ts'

const LONGEST_MESSAGE = 600
const RUNS = 120

/** The host's own errors, of paths that are not there. */
const isOfTheHost = (error: unknown) => error instanceof Error && 'code' in error && 'syscall' in error

const test = suite('hostile arguments')
const { warn } = console
test.before(() => {
  console.warn = () => {}
})
test.after(() => {
  console.warn = warn
  configureRuntime()
})

/** What is wrong with an error; undefined for one of ours. */
function faultOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return `threw ${String(error)}`
  if (isOfTheHost(error) && error.message.length < LONGEST_MESSAGE) return undefined
  const { name, message } = error
  if (name !== 'TypeError' && name !== 'RangeError' && !/call compile|out of memory|no gradients/.test(message))
    return `${error.stack}`
  if (message.length > LONGEST_MESSAGE) return `a message of ${message.length} letters`
  // "where: what"; engines' messages have no name in front
  return /^[\w.$]+(?: [\w.]+)?: /.test(message) ? undefined : `${error.stack}`
}

for (const [name, call] of Object.entries(calls)) {
  if (typeof call()[0] !== 'function') continue
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), hostile, async (choice, value) => {
        const [act, args] = call()
        const given = mutated(args, choice, value)
        try {
          await act(...(given as never[]))
        } catch (error) {
          const fault = faultOf(error)
          if (fault) throw new Error(`${name}(${given.map((arg) => describe(arg)).join(', ')}): ${fault}`)
        }
      }),
      { numRuns: RUNS, seed: 13, endOnFailure: true },
    )
  })
}

const describe = (value: unknown): string => {
  try {
    return (
      JSON.stringify(value, (_, v) =>
        typeof v === 'bigint'
          ? `${v}n`
          : typeof v === 'number' && !Number.isFinite(v)
            ? String(v)
            : typeof v === 'function'
              ? 'function'
              : v,
      ) ?? String(value)
    ).slice(0, 200)
  } catch {
    return '?'
  }
}

test.run()
