// The entry points: the same names everywhere, every way to the machine brings the wasm along, `init` checks what it gets.
import { existsSync, readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as core from '../../src/entries/core.ts'
import * as formats from '../../src/entries/formats.ts'
import * as main from '../../src/entries/full.ts'
import * as predict from '../../src/entries/predict.ts'
import * as predictor from '../../src/entries/predictor.ts'
import * as index from '../../src/entries/public.ts'
import * as keras from '../../src/exchange/keras.ts'
import * as onnx from '../../src/exchange/onnx.ts'
import { rejects } from '../support/refuses.ts'

test('fourlane and fourlane/core export the names of index.ts, and init', () => {
  assert.equal(Object.keys(core).sort(), [...Object.keys(index), 'init'].sort())
  assert.equal(Object.keys(main).sort(), Object.keys(core).sort())
})

test('fourlane/predict exports the same names with its wasm as without, and both find the machine', () => {
  assert.equal(Object.keys(predict).sort(), Object.keys(predictor).sort())
  assert.is.not(predict.predictorFromBytes, predictor.predictorFromBytes)
  assert.is.not(predict.loadPredictor, predictor.loadPredictor)
  const model = main.sequential([main.input(3), main.dense(2)], { seed: 1 })
  const bytes = model.toBytes()
  const x = [0.5, -1, 2]
  for (const { predictorFromBytes } of [predict, predictor]) {
    assert.equal(predictorFromBytes(bytes).predict(x), model.predict(x))
  }
})

test('Model and Parameter are values, for instanceof', async () => {
  const model = main.sequential([main.input(3), main.dense(2)], { seed: 1 })
  assert.instance(model, main.Model)
  assert.instance(model.parameters[0], main.Parameter)
  assert.instance(main.modelFromBytes(model.toBytes()), main.Model)
  assert.instance(model.fold(), main.Model)
  assert.not.instance(predict.predictorFromBytes(model.toBytes()), main.Model)
})

test('bytes of another realm are bytes', async () => {
  const bytes = main.sequential([main.input(3), main.dense(2)], { seed: 1 }).toBytes()
  const foreign: Uint8Array = runInNewContext('Uint8Array').from(bytes)
  assert.not.instance(foreign, Uint8Array)
  const values = main.modelFromBytes(bytes).getWeights()
  assert.equal(main.modelFromBytes(foreign).getWeights(), values)
  assert.equal((await main.loadModel(foreign)).getWeights(), values)
  assert.equal((await predict.loadPredictor(foreign)).predict([1, 2, 3]), main.modelFromBytes(bytes).predict([1, 2, 3]))
})

const extension = import.meta.url.endsWith('.js') ? 'js' : 'ts'
const source = (path: string) => new URL(`../../src/${path}.${extension}`, import.meta.url)
const importsOf = (url: URL): URL[] =>
  [...readFileSync(url, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'/gms)].map(
    ([, to]) => new URL(to, url),
  )

function reaches(from: URL, target: URL, seen = new Set<string>()): boolean {
  if (from.href === target.href) return true
  if (seen.has(from.href)) return false
  seen.add(from.href)
  return importsOf(from).some((next) => reaches(next, target, seen))
}

test('every name whose module makes machines is a door that brings the wasm along', () => {
  // these read and set choices, and make no machine; Model is for instanceof; submodel is given a model, whose wasm is there
  const harmless = ['configureRuntime', 'describeRuntime', 'Model', 'submodel']
  const machine = source('machine/arena')
  const text = readFileSync(source('entries/public'), 'utf8')
  let doors = 0
  for (const [, names, from] of text.matchAll(/^export \{([^}]*)\} from '(\.[^']+)'/gms)) {
    if (!reaches(new URL(from, source('entries/public')), machine)) continue
    for (const name of names.split(',').map((part) => part.trim())) {
      if (name === '' || name.startsWith('type ') || harmless.includes(name)) continue
      const inMain: unknown = Reflect.get(main, name)
      assert.type(inMain, 'function', name)
      assert.is.not(inMain, Reflect.get(index, name), `main.ts must wrap ${name} in bringing()`)
      doors++
    }
  }
  assert.ok(doors >= 5, `found ${doors} doors`)
})

test('importers of fourlane/formats bring the wasm along', () => {
  const inside: readonly object[] = [keras, onnx]
  const names = Object.keys(formats).filter((name) => name.startsWith('import'))
  assert.equal(names.sort(), ['importKeras', 'importOnnx', 'importTfjs'])
  for (const name of names) {
    const plain = inside.map((module) => Reflect.get(module, name)).find((value) => value !== undefined)
    assert.type(plain, 'function', name)
    assert.is.not(Reflect.get(formats, name), plain, `formats.ts must wrap ${name} in bringing()`)
  }
})

test('jsr.json lists the entry points of package.json, and its version', async () => {
  const root = new URL(import.meta.url.includes('/build/') ? '../../../' : '../../', import.meta.url)
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, root), 'utf8')) as Record<string, unknown>
  const { SOURCES } = (await import(new URL('scripts/entries.mjs', root).href)) as { SOURCES: object }
  assert.equal(read('jsr.json').exports, SOURCES)
  assert.is(read('jsr.json').version, read('package.json').version)
  for (const path of Object.values(SOURCES)) assert.ok(existsSync(new URL(path, root)), path)
})

test('init takes exactly one source of the right kind', async () => {
  const bytes = new Uint8Array(8)
  await rejects(() => core.init({}), TypeError, /exactly one of "module", "bytes" and "url"/)
  await rejects(() => core.init({ bytes, url: 'x' }), TypeError, /exactly one/)
  await rejects(() => core.init({ bytes: 'x' as unknown as Uint8Array }), TypeError, /"bytes" must be a Uint8Array/)
  await rejects(() => core.init({ url: 3 as unknown as string }), TypeError, /"url" must be a URL/)
  await rejects(() => core.init({ module: bytes as unknown as WebAssembly.Module }), TypeError, /"module" must be/)
  await rejects(() => core.init({ bits: bytes } as object), TypeError, /unknown option "bits"/)
})

test('init refuses what is no wasm, or not ours', async () => {
  await rejects(() => core.init({ bytes: new Uint8Array(8) }), WebAssembly.CompileError, /./)
  const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  await rejects(() => core.init({ bytes: empty }), RangeError, /none of fourlane/)
})
test.run()
