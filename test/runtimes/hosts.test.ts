// Hosts that lack something: no WebAssembly, no permission for workers, wasm that came by hand.

import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input, loadModel, sequential } from '../../src/entries/public.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runLines, source } from '../support/process.ts'

const major = Number(process.versions.node.split('.')[0])
const training = `
  const x = Float32Array.from({ length: 512 * 64 }, (_, i) => Math.sin(i))
  const model = sequential([input(64), dense(300), dense(8)], { seed: 3, threads: 2 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  for (let i = 0; i < 60 && !(model.engine.arena.machine.memory.buffer instanceof SharedArrayBuffer); i++)
    await model.fit(x, x.subarray(0, 512 * 8), { batchSize: 128, epochs: 3 })
  console.log(model.engine.arena.machine.memory.buffer.constructor.name)
  model.close()`

test('without WebAssembly, the first model and init say so', () => {
  for (const act of ['sequential([input(2), dense(1)])', 'await init({ bytes: new Uint8Array(8) })']) {
    const code = `import { dense, init, input, sequential } from '${source('entries/core')}'; ${act}`
    const { passed, complained } = runLines(code, ['--jitless'])
    assert.not.ok(passed)
    assert.match(complained, /Error: fourlane: this host has no WebAssembly/)
  }
})

test('where workers are forbidden, one thread trains, and a warning says why', () => {
  const permission = major >= 24 ? '--permission' : '--experimental-permission'
  const code = `import { dense, input, sequential } from '${source('entries/core')}'; ${training}`
  const { passed, printed, complained } = runLines(code, [permission, '--allow-fs-read=*'])
  assert.ok(passed, complained)
  assert.is(printed, 'ArrayBuffer')
  assert.match(complained, /one thread only: the permission model forbids workers; start node with --allow-worker/)
})

test('under the permission model, saving needs the folder and nothing else', () => {
  const permission = major >= 24 ? '--permission' : '--experimental-permission'
  const folder = temporaryFolder()
  const code = `import { dense, input, sequential } from '${source('entries/core')}'
    for (let seed = 1; seed < 3; seed++) await sequential([input(2), dense(1)], { seed }).save('${folder}/model')`
  const build = dirname(dirname(dirname(fileURLToPath(source('x')))))
  const reading = [permission, `--allow-fs-read=${build}/*`, `--allow-fs-read=${folder}/*`]
  const { passed, complained } = runLines(code, [...reading, `--allow-fs-write=${folder}/*`])
  assert.ok(passed, complained)
  assert.equal(readdirSync(folder), ['model'])
  assert.match(runLines(code, reading).complained, /ERR_ACCESS_DENIED/)
})

test('a wasm file given as bytes has threads as well', () => {
  const code = `import { readFileSync } from 'node:fs'
    import { dense, init, input, sequential } from '${source('entries/core')}'
    const bytes = readFileSync(new URL('../../simd.wasm', '${source('runtime/node')}'))
    await init({ bytes })
    bytes.fill(0)
    ${training}`
  const { passed, printed, complained } = runLines(code)
  assert.ok(passed, complained)
  assert.is(printed, 'SharedArrayBuffer')
})

test('files go by paths and by URLs', async () => {
  const url = pathToFileURL(join(temporaryFolder(), 'a model #1.safetensors'))
  const model = sequential([input(3), dense(2)], { seed: 1 })
  await model.save(url)
  assert.equal((await loadModel(url)).getWeights(), model.getWeights())
})

test.run()
