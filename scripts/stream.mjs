// Trains from a CSV file larger than memory allows and reports peak memory and rows per second: `npm run stream`.
// The file is generated, and removed at the end: `-- --gigabytes 2 --columns 200`; arguments after another `--` go to `fourlane train`.
import './ready.mjs'
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { gigabytes: { type: 'string', default: '2' }, columns: { type: 'string', default: '200' } },
})
const columns = Number(values.columns)
const bytes = Number(values.gigabytes) * 1e9
/** Limit of peak memory, in bytes. */
const LIMIT = 600e6
const BLOCK = 2 ** 22

/** Every tenth column is text, with missing cells; the target is whether a mix of the first numbers is above 0. */
function writeTable(path) {
  const file = openSync(path, 'w')
  let state = 1
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const words = ['north', 'south', 'east', 'west', '']
  // numbers are drawn from preformatted strings: formatting each would take longer than training
  const numbers = Array.from({ length: 2 ** 16 }, () => (draw() * 4 - 2).toFixed(6))
  let text = `${Array.from({ length: columns }, (_, i) => `column ${i}`).join()},above\n`
  let [rows, written] = [0, 0]
  while (written < bytes) {
    while (text.length < BLOCK) {
      let sum = 0
      for (let i = 0; i < columns; i++) {
        if (i % 10 === 9) text += `${words[Math.floor(draw() * words.length)]},`
        else {
          const value = numbers[Math.floor(draw() * numbers.length)]
          if (i < 20) sum += Number(value) * (i % 3 === 0 ? 1 : -1)
          text += `${value},`
        }
      }
      text += sum > 0 ? 'yes\n' : 'no\n'
      rows++
    }
    written += writeSync(file, text)
    text = ''
  }
  closeSync(file)
  return { rows, written }
}

/** Clock ticks per second in /proc on Linux. */
const TICKS = 100

/** Peak memory and processor seconds of a process; undefined once it has ended. */
function usageOf(pid) {
  try {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    // after the name, which may contain spaces, user and system time are fields 12 and 13
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')
    return peak && { peak: Number(peak) * 1024, seconds: (Number(fields[11]) + Number(fields[12])) / TICKS }
  } catch {
    return undefined
  }
}

if (process.platform !== 'linux') throw new Error('stream: the peak of memory is read from /proc, which only Linux has')
const folder = mkdtempSync(join(tmpdir(), 'fourlane-stream-'))
let failed = false
try {
  const path = join(folder, 'large.csv')
  const { rows, written } = writeTable(path)
  console.log(`${(written / 1e9).toFixed(2)} GB, ${rows} rows of ${columns} columns`)
  const args = ['train', path, '--target', 'above', '--stream', '--epochs', '1', '--json', ...positionals]
  const started = performance.now()
  const child = spawn(process.execPath, ['build/dist/cli.js', ...args, '--out', join(folder, 'model.safetensors')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let usage = { peak: Number.NaN, seconds: Number.NaN }
  const watch = setInterval(() => {
    usage = usageOf(child.pid) ?? usage
  }, 100)
  let out = ''
  child.stdout.on('data', (part) => {
    out += part
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`stream: fourlane train ended with ${code}`)
  const seconds = (performance.now() - started) / 1000
  const { metrics } = JSON.parse(out)
  const { peak } = usage
  const passes = `a pass to learn the columns and one of training in ${seconds.toFixed(0)} s, ${usage.seconds.toFixed(0)} s of the processor`
  console.log(
    `${passes}: ${Math.round((2 * rows) / seconds)} rows/s, ${((2 * written) / 1e6 / seconds).toFixed(0)} MB/s`,
  )
  console.log(
    `accuracy ${metrics.validation.accuracy.toFixed(4)}, of always the same class ${metrics.baseline.accuracy.toFixed(4)}`,
  )
  failed = !(peak < LIMIT)
  console.log(`${failed ? 'FAILED' : 'passed'}  peak of memory ${(peak / 1e6).toFixed(0)} MB of ${LIMIT / 1e6}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)
