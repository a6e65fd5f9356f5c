// PyTorch reads what exportWeights gives, where Python has it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exportWeights, writeSafetensors } from '../src/entries/formats.js'
import * as fourlane from '../src/entries/full.js'

const { activation, batchNorm, dense, dropout, groupNorm, input, layerNorm, prelu, residual, rmsNorm } = fourlane

const wave = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) * 1.5)
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
const folder = fileURLToPath(new URL('torch', import.meta.url))
mkdirSync(folder, { recursive: true })
for (const [name, layers] of Object.entries(models)) {
  const model = fourlane.sequential(layers, { seed: 1 })
  for (const [i, parameter] of model.parameters.entries()) {
    const positive = /runningVariance|scale|batches/.test(parameter.name)
    parameter.set(wave(parameter.size, i).map((value) => (positive ? Math.ceil(Math.abs(value)) : value * 0.5)))
  }
  const rows = Array.from({ length: 4 }, (_, row) => [...wave(layers[0].size, row)])
  writeFileSync(
    `${folder}/${name}.safetensors`,
    writeSafetensors(exportWeights(model, { layout: 'torch' }), { format: 'pt' }),
  )
  writeFileSync(`${folder}/${name}.json`, JSON.stringify({ x: rows, y: [...model.predict(rows)] }))
}
const script = fileURLToPath(new URL('read_torch.py', import.meta.url))
if (spawnSync('python3', ['-c', 'import torch, safetensors']).status !== 0)
  console.log('skipped  torch: no python3 that has it')
else process.exitCode = spawnSync('python3', [script, folder], { stdio: 'inherit' }).status
