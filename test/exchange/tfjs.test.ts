// Models of TensorFlow.js: those it has saved, and ours in its form. That it runs ours is in test/interop/tfjs.mjs.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportTfjs, importKeras, importTfjs } from '../../src/entries/formats.ts'
import {
  activation,
  alphaDropout,
  batchNorm,
  batchRenorm,
  blend,
  concatenate,
  dense,
  dropout,
  elu,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  leakyRelu,
  type Model,
  prelu,
  residual,
  rmsNorm,
  scale,
  select,
  sequential,
  softplus,
} from '../../src/entries/public.ts'
import { assertClose, readGolden } from '../support/golden.ts'
import { INTEROP, kerasCases, kerasFile } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'

interface Manifest {
  paths: string[]
  weights: Record<string, unknown>[]
}
interface ModelJson {
  modelTopology: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } }
  weightsManifest: Manifest[]
}
interface Case {
  readonly id: string
  readonly modelJson: ModelJson
  readonly weights: string
  readonly x: number[]
  readonly y: number[]
  readonly error_must_name?: readonly string[]
}
const { cases } = readGolden<{ cases: Case[] }>('tfjs/models')
const bytesOf = ({ weights }: Case) => new Uint8Array(Buffer.from(weights, 'base64'))

for (const saved of cases) {
  const { id, modelJson, x, y, error_must_name: words } = saved
  if (words)
    test(`refused: ${id}`, () => {
      for (const word of words) refuses(() => importTfjs(modelJson, bytesOf(saved)), RangeError, word)
    })
  else
    test(`a model of TensorFlow.js: ${id}`, () => {
      const bytes = bytesOf(saved)
      assertClose(importTfjs(modelJson, bytes).predict(x), y, INTEROP, id)
      // as text, in shards, and out again
      const model = importTfjs(JSON.stringify(modelJson), [bytes.subarray(0, 5), bytes.subarray(5)])
      const out = exportTfjs(model)
      assertClose(importTfjs(out.modelJson, out.weights).predict(x), y, INTEROP, `${id}, again`)
    })
}

/** Parameters that are not their defaults. */
function settle(model: Model): Model {
  for (const [i, parameter] of model.parameters.entries()) {
    const positive = /running(Variance|Deviation)|scale/.test(parameter.name)
    parameter.set(wave(parameter.size, i).map((value) => (positive ? 0.5 + Math.abs(value) : value * 0.5)))
  }
  return model
}

function goAndComeBack(layers: readonly Layer[], inputs = 3): { model: Model; again: Model } {
  const model = settle(sequential([input(inputs), ...layers], { seed: 1 }))
  const { modelJson, weights } = exportTfjs(model)
  const again = importTfjs(JSON.stringify(modelJson), weights)
  const x = wave(5 * inputs, 3)
  assertClose(again.predict(x), model.predict(x), INTEROP, layers.map(({ kind }) => kind).join())
  return { model, again }
}

const ACTIVATIONS = [
  'linear',
  'relu',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'geluTanh',
  'sigmoid',
  'hardSigmoid',
  'tanh',
  'silu',
  'hardSwish',
  'softplus',
  'softsign',
  'mish',
  'relu6',
  'softmax',
  'logSoftmax',
  leakyRelu({ alpha: 0.3 }),
  elu({ alpha: 0.4 }),
  softplus({ beta: 2.5 }),
] as const
for (const kind of ACTIVATIONS) {
  test(`${typeof kind === 'string' ? kind : kind.kind} goes out and comes back`, () => {
    goAndComeBack([dense(5, { activation: kind })])
    goAndComeBack([dense(1), batchNorm(), activation(kind)])
  })
}

test('layers go out and come back as themselves', () => {
  const { model, again } = goAndComeBack([
    dense(6, { name: 'first' }),
    batchNorm({ epsilon: 1e-3 }),
    layerNorm({ trainable: false }),
    prelu(),
    dropout(0.25),
    gaussianNoise(0.5),
    alphaDropout(0.1),
    residual([dense(4, { activation: 'gelu' }), residual([dense(4, { useBias: false })]), dense(6)]),
    layerNorm({ affine: false }),
    batchNorm({ affine: false, synchronized: true }),
    dense(2, { activation: 'softmax', trainable: false }),
  ])
  assert.equal(again.layers, model.layers)
  assert.equal(bits(again), bits(model))
})

test('branches go out as they are; what TensorFlow.js lacks is refused by name', () => {
  const model = sequential([input(3), concatenate([[dense(2), scale()], []]), dense(1)], { seed: 1 })
  const { config } = exportTfjs(model).modelJson.modelTopology as unknown as {
    config: { layers: { class_name: string }[] }
  }
  assert.equal(
    config.layers.map((layer) => layer.class_name),
    ['InputLayer', 'Dense', 'BatchNormalization', 'Concatenate', 'Dense'],
  )
  for (const [layer, says] of [
    [blend('relu'), 'TensorFlow.js has no blend'],
    [select({ columns: 0 }), 'TensorFlow.js has no select'],
    [activation('cos'), 'TensorFlow.js has no activation cos'],
  ] as const) {
    refuses(() => exportTfjs(sequential([input(3), layer], { seed: 1 })), RangeError, says)
  }
})

test('weight and batch renormalization go out as what they compute', () => {
  const { again } = goAndComeBack([
    dense(6, { weightNorm: true }),
    batchRenorm(),
    dense(2),
    batchRenorm({ affine: false }),
  ])
  assert.equal(
    again.layers.map(({ kind }) => kind),
    ['input', 'dense', 'batchNorm', 'dense', 'batchNorm'],
  )
})

test('class names and metadata go along, and what others keep', () => {
  const model = sequential([input(2), dense(3)], { seed: 1 })
  model.classNames = ['a', 'b', 'c']
  model.metadata = { scaler: { mean: [1, 2] } }
  const { modelJson, weights } = exportTfjs(model)
  const again = importTfjs(JSON.stringify(modelJson), weights)
  assert.equal([again.classNames, again.metadata], [model.classNames, model.metadata])
  const other = importTfjs({ ...modelJson, userDefinedMetadata: { version: 3 } }, weights)
  assert.equal([other.classNames, other.metadata], [undefined, { version: 3 }])
  const odd = { ...modelJson, userDefinedMetadata: { fourlane: { classNames: ['a', 2, 'c'] } } }
  refuses(() => importTfjs(odd, weights), RangeError, 'a class name must be a text, got 2')
})

test('refused: layers that TensorFlow.js does not have', () => {
  for (const layer of [rmsNorm(), groupNorm(2, { name: 'grouped' }), instanceNorm({ channels: 2 })]) {
    const model = sequential([input(4), layer])
    refuses(() => exportTfjs(model), RangeError, `exportTfjs: TensorFlow.js has no ${layer.kind}`)
  }
})

test('models of Keras go out as well', () => {
  for (const { id, files, x, y } of kerasCases) {
    if (!files.keras || /refused|layers/.test(id)) continue
    const { modelJson, weights } = exportTfjs(importKeras(kerasFile(files.keras)))
    assertClose(importTfjs(modelJson, weights).predict(x.flat()), y.flat(), INTEROP, id)
  }
})

test.run()
