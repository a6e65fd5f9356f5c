/** The example of examples/mpi, and that it goes on from its file. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/folder.ts'
import { commandOf, launchers } from '../support/ranks.ts'

const program = fileURLToPath(new URL('../../examples/mpi/digits.js', import.meta.url))
const mnist = fileURLToPath(new URL('../../examples/mpi/mnist.js', import.meta.url))

test('two ranks learn the digits, and a second run has nothing left to do', () => {
  const path = join(temporaryFolder(), 'digits.safetensors')
  for (const launcher of launchers) {
    const [command, args] = commandOf(launcher, 2, [program, path])
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    assert.is(status, 0, stderr)
    assert.match(stdout, /2 ranks: test accuracy 0\.9[5-9]/)
  }
})

test('two ranks learn MNIST, where FOURLANE_DATA leads to it', () => {
  const folder = process.env.FOURLANE_DATA
  if (!folder || !existsSync(join(folder, 'mnist'))) {
    console.log('left out: FOURLANE_DATA names no folder with mnist/*.gz')
    return
  }
  for (const launcher of launchers) {
    const [command, args] = commandOf(launcher, 2, [mnist, '1'])
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    assert.is(status, 0, stderr)
    assert.match(stdout, /2 ranks: test accuracy 0\.9[5-9]/)
  }
})

test.run()
