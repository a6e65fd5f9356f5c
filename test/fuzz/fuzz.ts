/**
 * Files as nobody should write them: each case must end in a clean error of ours or in what the file says, within a second and
 * within memory that its size accounts for.
 *
 *   npm run fuzz -- --cases 5000 --seed 1 --only models --case 17
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Dice } from './dice.ts'
import { encoder, table } from './encoders.ts'
import { keras, npy, safetensors, tfjs, weights } from './formats.ts'
import { int8 } from './int8.ts'
import { models } from './models.ts'
import { onnx } from './onnx.ts'
import { csv, gzip, idx } from './tables.ts'
import type { Attempt, Target } from './target.ts'

/** Limits of one case: of the time on the processor, as others may use it too; memory beyond 8 times its bytes. */
const MILLISECONDS = 1000
const MEMORY = 64 * 2 ** 20
const LONGEST_MESSAGE = 600

const targets: Readonly<Record<string, Target>> = {
  models,
  int8,
  csv,
  idx,
  gzip,
  safetensors,
  npy,
  weights,
  keras,
  tfjs,
  onnx,
  table,
  encoder,
}

const {
  values: { cases, seed, only, case: single },
} = parseArgs({
  options: {
    cases: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    case: { type: 'string' },
  },
})

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What is wrong with how a case ended; undefined when nothing is. */
async function faultOf({ run, size }: Attempt, ours: RegExp): Promise<string | undefined> {
  const cpu = process.cpuUsage()
  const before = process.memoryUsage.rss()
  let fault: string | undefined
  try {
    await run()
  } catch (error) {
    const { name, message } = error as Error
    if (name !== 'TypeError' && name !== 'RangeError') fault = (error as Error).stack
    else if (!ours.test(message)) fault = `not an error of ours: ${(error as Error).stack}`
    else if (message.length > LONGEST_MESSAGE)
      fault = `a message of ${message.length} letters: ${message.slice(0, 300)}`
    else refused++
  }
  const { user, system } = process.cpuUsage(cpu)
  const milliseconds = (user + system) / 1000
  const grown = process.memoryUsage.rss() - before
  longest = Math.max(longest, milliseconds)
  largest = Math.max(largest, grown)
  if (milliseconds > MILLISECONDS) fault ??= `it took ${milliseconds.toFixed(0)} ms`
  if (grown > 8 * size + MEMORY) fault ??= `it took ${(grown / 1e6).toFixed(0)} MB for ${size} bytes`
  return fault
}

const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`expected a whole number, got ${text}`)
  return value
}

let refused = 0
let longest = 0
let largest = 0
let passed = 0
let failed = 0
console.warn = () => {}
for (const [name, target] of Object.entries(targets)) {
  if (only !== undefined && only !== name) continue
  const numbers = single === undefined ? Array.from({ length: count(cases) }, (_, i) => i) : [count(single)]
  refused = longest = largest = 0
  let good = 0
  for (const number of numbers) {
    if (number % 100 === 0) collectGarbage()
    const fault = await faultOf(target.make(new Dice(count(seed), number)), target.ours)
    if (fault === undefined) good++
    else console.log(`${name}: --seed ${seed} --only ${name} --case ${number}: ${fault.slice(0, 1000)}`)
  }
  passed += good
  failed += numbers.length - good
  console.log(
    `${name}: ${numbers.length} cases, ${refused} refused; at most ${longest.toFixed(0)} ms, ${(largest / 1e6).toFixed(0)} MB a case`,
  )
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
