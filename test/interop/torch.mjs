// PyTorch reads what exportWeights gives, where Python has it.
import { exportWeights, writeSafetensors } from '../src/entries/formats.js'
import * as fourlane from '../src/entries/full.js'
import { readByPython, settled } from './support/python.mjs'

const { activation, batchNorm, dense, dropout, groupNorm, input, layerNorm, prelu, residual, rmsNorm } = fourlane

const models = {
  layers: [
    input(5),
    dense(6, { weightNorm: true, activation: 'relu' }),
    batchNorm({ momentum: null }),
    groupNorm(2),
    dropout(0.3),
    rmsNorm(),
    residual([prelu(), dense(6, { useBias: false, activation: 'gelu' }), batchNorm({ affine: false })]),
    layerNorm(),
    dense(1),
  ],
  blocks: [
    input(3),
    dense(4),
    residual([dense(7, { activation: 'tanh' }), residual([dense(7), activation('silu')]), dense(4)]),
    dense(2, { activation: 'softmax' }),
  ],
}
const files = {}
for (const [name, layers] of Object.entries(models)) {
  const made = settled(layers)
  files[`${name}.safetensors`] = writeSafetensors(exportWeights(made.model, { layout: 'torch' }), { format: 'pt' })
  files[`${name}.json`] = JSON.stringify(made.case)
}
readByPython('torch', ['torch', 'safetensors'], files)
