// Runs every suite and the examples, counts what passed, and ends with one line: `N passed, N failed`.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const MINUTE = 60_000
/** Time limit of a command, in milliseconds. */
const MOST = 10 * MINUTE
/** Deadline of the whole run. */
const END = Date.now() + 36 * MINUTE

const logs = mkdtempSync(join(tmpdir(), 'fourlane-ci-'))
process.on('exit', () => rmSync(logs, { recursive: true, force: true }))
let passed = 0
let failed = 0

/** Runs a command until it ends or its time is up, then ends everything it has started. */
async function run(command, env) {
  // to a file, because processes that outlive the command would keep a pipe open
  const path = join(logs, 'output')
  const output = openSync(path, 'w')
  const child = spawn(command[0], command.slice(1), {
    detached: process.platform !== 'win32',
    // Node warns in every process if both are set
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
    shell: process.platform === 'win32',
    stdio: ['ignore', output, output],
  })
  const end = () => {
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
    } catch {
      // the whole group has ended
    }
  }
  let late = ''
  const milliseconds = Math.max(0, Math.min(MOST, END - Date.now()))
  const timer = setTimeout(() => {
    late = `\nFAIL  it had not ended after ${(milliseconds / 1000).toFixed(0)} s`
    end()
  }, milliseconds)
  const status = await new Promise((resolve) => {
    child.on('exit', resolve)
    child.on('error', () => resolve(1))
  })
  clearTimeout(timer)
  end()
  closeSync(output)
  return { status, text: stripVTControlCharacters(readFileSync(path, 'utf8')) + late }
}

/**
 * Runs a command, shows its output, and counts: the suite's own totals if it prints them, else one. Suites that depend on the timing of threads and
 * other processes may be retried; they fail if every try fails.
 */
async function stage(title, command, { expect = '', env = {}, tries = 1 } = {}) {
  console.log(`\n> ${title}`)
  const started = Date.now()
  const { status, text } = await run(command, env)
  const lines = text.trimEnd().split('\n')
  // in a long log, failures are far above the end
  if (status !== 0) {
    for (const [i, line] of lines.entries()) if (/^\s*FAIL/.test(line)) console.log(lines.slice(i, i + 12).join('\n'))
  }
  console.log(lines.slice(status === 0 ? -14 : -200).join('\n'))
  const said = status === 0 && new RegExp(expect).test(text)
  const counted = /(\d+) passed, (\d+) failed/.exec(text)?.slice(1).map(Number)
  const total = Number(/Total:\s+(\d+)/.exec(text)?.[1] ?? (counted ? counted[0] + counted[1] : 1))
  const good = Number(/Passed:\s+(\d+)/.exec(text)?.[1] ?? counted?.[0] ?? (said ? 1 : 0))
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  if (!(said && good === total) && tries > 1 && Date.now() < END) {
    console.log(`  FAILED in ${seconds} s; once more`)
    return stage(title, command, { expect, env, tries: tries - 1 })
  }
  passed += good
  failed += Math.max(total - good, said || total > good ? total - good : 1)
  console.log(`  ${said && good === total ? 'passed' : 'FAILED'} in ${seconds} s`)
}

const node = process.execPath
await stage('npm run check', ['npm', 'run', 'check'])
await stage('npm test', ['npm', 'test'], { tries: 2 })
await stage('npm test -- --dist', ['npm', 'test', '--', '--dist'], { tries: 2 })
await stage('npm run fuzz', ['npm', 'run', 'fuzz', '--', '--cases', '500', '--seed', '1'])
await stage('npm run soak', ['npm', 'run', 'soak', '--', '--share', '0.02'], { tries: 2 })
await stage('npm start', ['npm', 'start'], { expect: 'test accuracy 0\\.9[6-9]' })
await stage('examples/xor', [node, 'build/examples/xor.js'], { expect: 'accuracy 1\\.0000' })
await stage('examples/iris', [node, 'build/examples/iris.js'], { expect: 'test accuracy (0\\.9|1\\.0)' })
await stage('examples/penguins', [node, 'build/examples/penguins.js'], {
  expect: 'test accuracy (0\\.9|1\\.0)[^]*Gentoo',
})
if (process.env.FOURLANE_DATA) {
  await stage('examples/mnist', [node, 'build/examples/mnist.js', '5'], { expect: 'test accuracy 0\\.9[7-9]' })
}
await stage('examples/lbfgs', [node, 'build/examples/lbfgs.js'], {
  expect: 'regression, here: loss 0\\.06636[^]*network of 10 units, here: loss 0\\.00146',
})
await stage('examples/weight-decay', [node, 'build/examples/weight-decay.js'], { expect: 'AdamW' })
await stage('examples/vanishing', [node, 'build/examples/vanishing.js'], { expect: 'residual' })
await stage('examples/onnx', [node, 'build/examples/onnx.js'], { expect: 'same different different same' })
await stage('npm run test:interop', ['npm', 'run', 'test:interop'])
await stage('npm run test:mpi', ['npm', 'run', 'test:mpi'], { tries: 2 })
await stage('npm run test:package', ['npm', 'run', 'test:package'])
await stage('npm run test:runtimes', ['npm', 'run', 'test:runtimes'], { tries: 2 })
await stage('npm run test:playground', ['npm', 'run', 'test:playground'], { tries: 2 })
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
