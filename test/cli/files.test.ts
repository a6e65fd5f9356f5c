/** inspect, export and convert on files of every program: what they say, what they write, and that it predicts the same. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readModel } from '../../src/cli/files.ts'
import { importOnnx, importTfjs, loadWeights, readNpz, writeNpy, writeSafetensors } from '../../src/entries/formats.ts'
import { batchNorm, dense, input, layerNorm, loadModel, residual, sequential } from '../../src/entries/public.ts'
import { prepare, readTable, tabular } from '../../src/entries/table.ts'
import { parseModel } from '../../src/formats/onnx/parse.ts'
import { evaluate, type Tensor } from '../oracles/onnx.ts'
import { fourlane } from '../support/cli.ts'
import { temporaryFolder } from '../support/folder.ts'
import { assertClose, OPERATION } from '../support/golden.ts'
import { interopCases, interopFile } from '../support/interop.ts'
import { runLines, source } from '../support/process.ts'

const test = suite('command line on files')

/** What a call prints; it must succeed. */
async function run(...args: string[]): Promise<string> {
  const { code, out, note } = await fourlane(...args)
  assert.is(code, 0, `${args.join(' ')}: ${note}`)
  return out
}

const rows = Float32Array.from({ length: 4 * 7 }, (_, i) => Math.sin(i * 1.3))

function example() {
  const model = sequential(
    [
      input(4),
      dense(5, { activation: 'gelu' }),
      batchNorm(),
      residual([dense(5, { activation: 'tanh' }), layerNorm()]),
      dense(3, { activation: 'softmax' }),
    ],
    { seed: 2 },
  )
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  model.trainStep(rows, Int32Array.of(0, 1, 2, 0, 1, 2, 0))
  model.classNames = ['Adelie', 'Chinstrap', 'Gentoo']
  model.metadata = { from: 'penguins' }
  return model
}

test('inspect tells what is in files of every program', async () => {
  const folder = temporaryFolder()
  const path = (name: string) => join(folder, name)
  await example().save(path('own.safetensors'))
  const text = await run('inspect', path('own.safetensors'))
  for (const part of [
    'own.safetensors: fourlane/2',
    'residual_1',
    'loss sparseCategoricalCrossentropy',
    'Adelie, Chinstrap',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`)
  const json = JSON.parse(await run('inspect', path('own.safetensors'), '--json'))
  assert.is(json.parameters, example().countParameters())
  assert.equal(json.classNames, ['Adelie', 'Chinstrap', 'Gentoo'])
  assert.equal(json.metadata, { from: 'penguins' })
  assert.equal(json.layers[0], { kind: 'input', size: 4 })

  writeFileSync(path('a.npy'), writeNpy({ data: Float32Array.of(1, -2, Number.NaN, 4), shape: [2, 2] }))
  assert.match(await run('inspect', path('a.npy')), /a\.npy: NumPy array\n\nfloat32 2 x 2, -2 to 4/)
  writeFileSync(path('w.safetensors'), writeSafetensors({ 'fc.weight': { data: new Float32Array(6), shape: [2, 3] } }))
  assert.match(await run('inspect', path('w.safetensors')), /: safetensors\n\nfc\.weight: F32 2 x 3, 0 to 0/)
  writeFileSync(path('none.npy'), writeNpy({ data: new Float32Array(0) }))
  assert.match(await run('inspect', path('none.npy')), /float32 0\n/)
})

test('inspect knows the layers of every file, in a process that has made none', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'table.safetensors')
  const { x, encoder } = prepare(await readTable('word,number,y\na,1,p\nb,2,q\nc,3,p\na,4,q'), {
    target: 'y',
    oneHotLimit: 2,
  })
  await tabular({ encoder, preset: 'realmlp', x }).save(path)
  const call = `import { main } from '${source('cli/main')}'
    const io = { out: console.log, note: console.error, onStop: () => () => {} }
    process.exitCode = await main(['inspect', ${JSON.stringify(path)}], '1.2.3', io)`
  const { printed, complained } = runLines(call)
  assert.is(complained, '')
  for (const part of ['concatenate_1 ', 'scale ', 'activation_3 ', 'head ']) {
    assert.ok(printed.includes(part), `${part} in ${printed}`)
  }
})

test('every model of interop is inspected, and exported to every program', async () => {
  const folder = temporaryFolder()
  let count = 0
  for (const { id, files, inputs, error_must_name } of interopCases) {
    if (error_must_name || !inputs) continue
    for (const [kind, name] of Object.entries(files)) {
      if (!/^(onnx|keras_v3|keras_h5$)/.test(kind)) continue
      count++
      const path = join(folder, name)
      writeFileSync(path, interopFile(name))
      assert.is(JSON.parse(await run('inspect', path, '--json')).inputs, inputs, `${id} ${kind}`)
      const model = await readModel(path)
      const x = Float32Array.from({ length: inputs * 3 }, (_, i) => Math.cos(i))
      const expected = model.predict(x)
      for (const to of ['copy.safetensors', 'copy.onnx', 'copy-tfjs']) {
        await run('convert', path, join(folder, to))
        const copy = await readModel(join(folder, to, ...(to.endsWith('tfjs') ? ['model.json'] : [])))
        assertClose(copy.predict(x), expected, OPERATION, `${id} ${kind} as ${to}`)
      }
    }
  }
  assert.ok(count >= 10, `${count} files`)
})

test('export --table takes the columns of the table along', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'm.safetensors')
  const { x, encoder } = prepare(await readTable('word,number,y\na,1,p\nb,2,q\nc,3,p\na,4,q'), { target: 'y' })
  const model = tabular({ encoder, preset: 'mlp' })
  await model.save(path)
  await run('export', path, '--onnx', '--table')
  const file = parseModel('oracle', readFileSync(join(folder, 'm.onnx')))
  assert.equal(
    file.graph.inputs.map(({ name }) => name),
    ['word', 'number'],
  )
  const inputs = new Map<string, Tensor>([
    ['word', { shape: [4, 1], data: [], texts: ['a', 'b', 'c', 'a'] }],
    ['number', { shape: [4, 1], data: [1, 2, 3, 4] }],
  ])
  assertClose(Float32Array.from(evaluate(file, inputs).data), model.predict(x), OPERATION, 'predictions')
  const plain = join(folder, 'plain.safetensors')
  await example().save(plain)
  const { code, note } = await fourlane('export', plain, '--onnx', '--table')
  assert.is(code, 2)
  assert.match(note, /--table needs a model of a table/)
})

test('export writes beside the model, or where --out says', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'm.safetensors')
  const model = example()
  await model.save(path)
  const expected = model.predict(rows)
  await run('export', path, '--onnx', '--opset', '20')
  assertClose(importOnnx(readFileSync(join(folder, 'm.onnx'))).predict(rows), expected, OPERATION, 'onnx')
  await run('export', path, '--tfjs')
  const json = JSON.parse(readFileSync(join(folder, 'm-tfjs/model.json'), 'utf8'))
  const weights = readFileSync(join(folder, 'm-tfjs/weights.bin'))
  assertClose(importTfjs(json, weights).predict(rows), expected, OPERATION, 'tfjs')
  mkdirSync(join(folder, 'deep'))
  const torch = join(folder, 'deep/state.safetensors')
  await run('export', path, '--torch', '--out', torch)
  const twin = sequential(model.layers)
  loadWeights(twin, readFileSync(torch), { layout: 'torch' })
  assertClose(twin.predict(rows), expected, OPERATION, 'torch')
  await run('convert', path, join(folder, 'm.npz'))
  const arrays = readNpz(readFileSync(join(folder, 'm.npz')))
  assert.equal(
    [...arrays.keys()],
    model.parameters.map(({ name }) => name),
  )
  await run('convert', path, join(folder, 'again.safetensors'))
  const again = await loadModel(join(folder, 'again.safetensors'))
  assert.equal(again.predict(rows), expected)
  assert.equal(again.classNames, model.classNames)
  assert.ok(again.compiled)
})

test('what cannot be read is refused in one line, and nothing is written', async () => {
  const folder = temporaryFolder()
  const path = (name: string) => join(folder, name)
  writeFileSync(path('text.onnx'), 'no model at all')
  writeFileSync(path('empty.safetensors'), '')
  writeFileSync(path('a.npy'), writeNpy({ data: Float32Array.of(1) }))
  writeFileSync(path('model.json'), '{"weightsManifest":[{"paths":["../../../etc/passwd"]}]}')
  writeFileSync(path('bad.json'), '{')
  for (const [args, code, says] of [
    [['inspect', path('text.onnx')], 1, 'not a model or array file that is known'],
    [['inspect', path('empty.safetensors')], 1, 'not a model or array file that is known'],
    [['convert', path('a.npy'), path('b.onnx')], 2, 'holds NumPy array, no model'],
    [['inspect', path('model.json')], 1, 'names a file outside of its folder'],
    [['inspect', path('bad.json')], 1, 'the file is no JSON'],
    [['convert', path('text.onnx'), path('b.onnx')], 1, 'not a model'],
    [['inspect', folder], 1, 'EISDIR'],
  ] as const) {
    const outcome = await fourlane(...args)
    assert.is(outcome.code, code, args.join(' '))
    assert.is(outcome.out, '')
    const { note } = outcome
    assert.ok(note.includes(says), note)
    assert.is(note.trim().split('\n').length, 1)
  }
  assert.not.ok(existsSync(path('b.onnx')))
})

test.run()
