// Models that Keras has saved, whole.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { importKeras, loadWeights } from '../../src/entries/formats.ts'
import type { Model } from '../../src/entries/public.ts'
import { assertClose, readGolden } from '../support/golden.ts'
import { INTEROP, interopCases, interopFile, kerasCases, kerasFile } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'

const models: readonly [name: string, file: () => Uint8Array, x: number[], y: number[]][] = [
  ...interopCases.map((found) => [found, interopFile] as const),
  ...kerasCases.map((found) => [found, kerasFile] as const),
].flatMap(([{ id, files, x, y, error_must_name: error }, read]) =>
  error
    ? []
    : Object.entries(files)
        .filter(([kind]) => ['keras_v3', 'keras_h5', 'keras', 'h5'].includes(kind))
        .map(([kind, file]) => [`${id}, ${kind}`, () => read(file), x.flat(), y.flat()] as const),
)
for (const [name, file, x, y] of models) {
  test(`a model of Keras: ${name}`, () => assertClose(importKeras(file()).predict(x), y, INTEROP, name))
}
test('there are many of them', () => assert.is(models.length, 19))

test('a legacy file of Keras 2, whose hard sigmoid is steeper and whose lists of names are in pieces', () => {
  const { x, y } = readGolden<{ x: number[][]; y: number[][] }>('keras/keras2')
  const model = importKeras(kerasFile('keras2.h5'))
  assertClose(model.predict(x.flat()), y.flat(), INTEROP, 'keras2')
  assert.equal(
    model.layers.map(({ kind }) => kind),
    ['input', 'dense', 'batchNorm', 'activation', 'residual', 'dropout', 'dense'],
  )
  for (const parameter of model.parameters) parameter.set(new Float32Array(parameter.size))
  loadWeights(model, kerasFile('keras2.h5'), { layout: 'keras' })
  // the weights as they are: here the sigmoid is ours
  const kernel = model.parameters.find(({ name }) => name === 'residual_1.dense_1.kernel')
  const own = importKeras(kerasFile('keras2.h5')).parameters.find(({ name }) => name === kernel?.name)
  assertClose(
    own?.get() ?? [],
    Array.from(kernel?.get() ?? [], (value) => value * 1.2),
    INTEROP,
    'kernels',
  )
})

for (const { id, files, error_must_name: words } of kerasCases) {
  if (!words) continue
  test(`${id}`, () => {
    const [file] = Object.values(files)
    for (const word of words) refuses(() => importKeras(kerasFile(file)), RangeError, word)
  })
}

const kinds = ({ layers }: Model) => layers.map((layer) => ('name' in layer && layer.name ? layer.name : layer.kind))

test('layers keep what somebody has chosen: names, and what is frozen', () => {
  const model = importKeras(kerasFile('layers.keras'))
  assert.equal(kinds(model).slice(0, 4), ['input', 'stem', 'batchNorm', 'activation'])
  assert.is(model.parameters[0].name, 'stem.kernel')
  const momentum = model.layers.find((layer) => layer.kind === 'batchNorm')?.momentum
  assert.ok(momentum && Math.abs(momentum - 0.1) < 1e-12)
  const scaled = importKeras(kerasFile('scaled.keras'))
  assert.not.ok(scaled.parameters.some(({ trainable }) => trainable))
  const blocks = importKeras(kerasFile('residual.keras'))
  assert.equal(kinds(blocks), ['input', 'enter', 'residual', 'residual', 'residual', 'leave'])
})

test('an imported model trains', () => {
  const model = importKeras(kerasFile('layers.keras'), { seed: 1, deterministic: true })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  const { x } = kerasCases[0]
  const y = [0, 1, 2, 0, 1]
  const before = model.evaluate(x.flat(), y).loss
  for (let step = 0; step < 30; step++) model.trainStep(x.flat(), y)
  assert.ok(model.evaluate(x.flat(), y).loss < before)
})

test('files in shared memory, and in a buffer of Node, are files', () => {
  for (const name of ['flat.keras', 'residual.h5']) {
    const bytes = kerasFile(name)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    const expected = importKeras(bytes).predict(kerasCases[0].x[0].slice(0, name === 'flat.keras' ? 6 : 4))
    for (const given of [shared, shared.buffer, Buffer.from(bytes)])
      assert.equal(importKeras(given).predict(kerasCases[0].x[0].slice(0, name === 'flat.keras' ? 6 : 4)), expected)
  }
})

test('refused: what is no model of Keras', () => {
  refuses(() => importKeras(new Uint8Array(0)), RangeError, 'importKeras: not a .keras or .h5 file')
  refuses(() => importKeras(interopFile('arrays.npz')), RangeError, 'the archive holds no config.json')
  const weights = kerasFile('layers.weights.h5')
  refuses(() => importKeras(weights), RangeError, "use loadWeights(model, bytes, { layout: 'keras' })")
  refuses(() => importKeras('model.keras' as never), TypeError, '"bytes" must be a Uint8Array or an ArrayBuffer')
  refuses(() => importKeras(weights, { sed: 1 } as never), TypeError, 'unknown option "sed"')
  refuses(() => importKeras(kerasFile('flat.keras'), { seed: -1 }), RangeError, '"seed"')
  const small = { maximumBytes: 1000 }
  refuses(
    () => importKeras(kerasFile('flat.keras'), small),
    RangeError,
    'more than the 1000 allowed; see "maximumBytes"',
  )
})
test.run()
