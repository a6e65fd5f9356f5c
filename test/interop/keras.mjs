// Keras takes the weights that exportWeights gives, where Python has it.
import { exportWeights, writeSafetensors } from '../src/entries/formats.js'
import * as fourlane from '../src/entries/full.js'
import { readByPython, settled } from './support/python.mjs'

const { activation, batchNorm, dense, dropout, groupNorm, input, layerNorm, prelu, rmsNorm } = fourlane

const models = {
  layers: [
    input(5),
    dense(6, { activation: 'relu' }),
    batchNorm({ epsilon: 1e-3 }),
    dropout(0.3),
    dense(8, { useBias: false }),
    layerNorm({ epsilon: 1e-3 }),
    prelu(),
    dense(4),
    groupNorm(2, { epsilon: 1e-3 }),
    rmsNorm({ epsilon: 1e-6 }),
    dense(1),
  ],
  activations: [
    input(3),
    ...['selu', 'gelu', 'silu', 'softplus', 'softsign', 'mish', 'tanh', 'hardSwish'].flatMap((name) => [
      dense(7, { activation: name }),
    ]),
    batchNorm({ affine: false, epsilon: 1e-3 }),
    activation('elu'),
    dense(2, { activation: 'softmax' }),
  ],
}
const files = {}
for (const [name, layers] of Object.entries(models)) {
  const made = settled(layers)
  files[`${name}.safetensors`] = writeSafetensors(exportWeights(made.model, { layout: 'keras' }))
  files[`${name}.json`] = JSON.stringify(made.case)
}
readByPython('keras', ['keras', 'safetensors'], files)
