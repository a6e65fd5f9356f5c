// Parameters that Keras has trained: its files, and ours under its names.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportWeights, importKeras, loadWeights, writeSafetensors } from '../../src/entries/formats.ts'
import {
  activation,
  batchNorm,
  dense,
  dropout,
  groupNorm,
  input,
  type Layer,
  layerNorm,
  prelu,
  rmsNorm,
  sequential,
} from '../../src/entries/public.ts'
import { assertClose } from '../support/golden.ts'
import { INTEROP, interopCases, interopFile, kerasFile, kerasCases as savedCases } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'
import { bits } from '../support/samples.ts'

test('Keras names: the first of a kind has no number', () => {
  const layers = () => [dense(4), batchNorm(), dense(4), prelu(), layerNorm(), dense(4), groupNorm(2), rmsNorm()]
  const model = sequential([input(4), ...layers()], { seed: 1 })
  const tensors = exportWeights(model, { layout: 'keras' })
  assert.equal(
    [...tensors.keys()],
    [
      'dense/kernel',
      'dense/bias',
      'batch_normalization/gamma',
      'batch_normalization/beta',
      'batch_normalization/moving_mean',
      'batch_normalization/moving_variance',
      'dense_1/kernel',
      'dense_1/bias',
      'p_re_lu/alpha',
      'layer_normalization/gamma',
      'layer_normalization/beta',
      'dense_2/kernel',
      'dense_2/bias',
      'group_normalization/gamma',
      'group_normalization/beta',
      'rms_normalization/scale',
    ],
  )
  const again = sequential([input(4), ...layers()], { seed: 2 })
  loadWeights(again, tensors, { layout: 'keras' })
  assert.equal(bits(again), bits(model))
  // where names do not say it, layer and group normalization of one shape are not for us to guess
  const renamed = new Map(Array.from(tensors, ([name, found]) => [name.replace('layer_normalization', 'norm'), found]))
  refuses(() => loadWeights(again, renamed, { layout: 'keras' }), RangeError, 'say so, as in { names: {')
  loadWeights(again, renamed, { layout: 'keras', names: { 'layerNorm_1.gamma': 'norm/gamma' } })
  assert.equal(bits(again), bits(model))
})

/** The models of Keras' files, built by hand. */
const KERAS: Record<string, readonly Layer[]> = {
  'keras-mlp': [dense(8, { activation: 'tanh' }), dense(3, { activation: 'softmax' })],
  'keras-norm-dropout': [
    dense(8),
    batchNorm({ epsilon: 1e-3 }),
    activation('relu'),
    dropout(0.2),
    dense(6, { activation: 'gelu' }),
    layerNorm({ epsilon: 1e-3 }),
    dense(2),
  ],
}
const kerasCases = interopCases.filter(({ files }) => files.keras_weights_h5)
for (const { id, files, inputs, x, y } of kerasCases) {
  for (const kind of ['keras_weights_h5', 'keras_h5', 'keras_v3']) {
    test(`Keras' weights: ${id}, ${kind}`, () => {
      const model = sequential([input(inputs), ...KERAS[id]], { seed: 1 })
      loadWeights(model, interopFile(files[kind]), { layout: 'keras' })
      assertClose(model.predict(x.flat()), y.flat(), INTEROP, id)
      const again = sequential([input(inputs), ...KERAS[id]], { seed: 2 })
      loadWeights(again, writeSafetensors(exportWeights(model, { layout: 'keras' })), { layout: 'keras' })
      assert.equal(bits(again), bits(model))
    })
  }
}
for (const { id, files, x, y } of savedCases) {
  if (!files['weights.h5']) continue
  test(`Keras' weights, into the model they are of: ${id}`, () => {
    const model = importKeras(kerasFile(files.keras))
    for (const parameter of model.parameters) parameter.set(new Float32Array(parameter.size))
    loadWeights(model, kerasFile(files['weights.h5']), { layout: 'keras' })
    assertClose(model.predict(x.flat()), y.flat(), INTEROP, id)
  })
}

test('all of Keras is there', () => assert.equal(kerasCases.map(({ id }) => id).sort(), Object.keys(KERAS).sort()))

test.run()
