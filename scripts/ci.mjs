// Runs every suite and the examples, counts what passed, and ends with one line: `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

let passed = 0
let failed = 0

/**
 * Runs a command, shows its output, and counts: the suite's own totals where it prints them, else one. What depends on when threads and
 * processes of others come and go may be tried again; what fails every time has failed.
 */
function stage(title, command, { expect = '', env = {}, tries = 1 } = {}) {
  console.log(`\n> ${title}`)
  const started = Date.now()
  const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
    maxBuffer: 2 ** 28,
    shell: process.platform === 'win32',
  })
  const output = `${stdout}${stderr}`
  const plain = stripVTControlCharacters(output)
  // a long log ends far behind what failed
  if (status !== 0) for (const line of plain.split('\n')) if (/^\s*FAIL/.test(line)) console.log(line)
  console.log(
    plain
      .trimEnd()
      .split('\n')
      .slice(status === 0 ? -14 : -200)
      .join('\n'),
  )
  const said = status === 0 && new RegExp(expect).test(plain)
  const total = Number(
    /Total:\s+(\d+)/.exec(plain)?.[1] ??
      /(\d+) passed, (\d+) failed/
        .exec(plain)
        ?.slice(1)
        .reduce((sum, n) => sum + Number(n), 0) ??
      1,
  )
  const good = Number(
    /Passed:\s+(\d+)/.exec(plain)?.[1] ?? /(\d+) passed, \d+ failed/.exec(plain)?.[1] ?? (said ? 1 : 0),
  )
  if (!(said && good === total) && tries > 1) {
    console.log(`  FAILED in ${((Date.now() - started) / 1000).toFixed(1)} s; once more`)
    stage(title, command, { expect, env, tries: tries - 1 })
    return
  }
  passed += good
  failed += Math.max(total - good, said || total > good ? total - good : 1)
  console.log(`  ${said && good === total ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

const node = process.execPath
stage('npm run check', ['npm', 'run', 'check'])
stage('npm test', ['npm', 'test'], { tries: 3 })
stage('npm test -- --dist', ['npm', 'test', '--', '--dist'], { tries: 2 })
stage('npm run fuzz', ['npm', 'run', 'fuzz', '--', '--cases', '500', '--seed', '1'])
stage('npm run soak', ['npm', 'run', 'soak', '--', '--share', '0.02'], { tries: 2 })
stage('npm start', ['npm', 'start'], { expect: 'test accuracy 0\\.9[6-9]' })
stage('examples/xor', [node, 'build/examples/xor.js'], { expect: 'accuracy 1\\.0000' })
stage('examples/iris', [node, 'build/examples/iris.js'], { expect: 'test accuracy (0\\.9|1\\.0)' })
stage('examples/penguins', [node, 'build/examples/penguins.js'], { expect: 'test accuracy (0\\.9|1\\.0)[^]*Gentoo' })
if (process.env.FOURLANE_DATA) {
  stage('examples/mnist', [node, 'build/examples/mnist.js', '5'], { expect: 'test accuracy 0\\.9[7-9]' })
}
stage('examples/weight-decay', [node, 'build/examples/weight-decay.js'], { expect: 'AdamW' })
stage('examples/vanishing', [node, 'build/examples/vanishing.js'], { expect: 'residual' })
stage('examples/onnx', [node, 'build/examples/onnx.js'], { expect: 'same different different same' })
stage('npm run test:interop', ['npm', 'run', 'test:interop'])
stage('npm run test:mpi', ['npm', 'run', 'test:mpi'], { tries: 3 })
stage('npm run test:package', ['npm', 'run', 'test:package'])
stage('npm run test:runtimes', ['npm', 'run', 'test:runtimes'], { tries: 2 })
stage('npm run test:playground', ['npm', 'run', 'test:playground'], { tries: 2 })
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
