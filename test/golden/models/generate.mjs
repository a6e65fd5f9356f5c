// Writes the files that 0.1.0 saved and what they predict: `node test/golden/models/generate.mjs` in a checkout of 0.1.0, built.
// Later versions must load them and compute the same bits (plain SIMD build), so they are never regenerated.
import { writeFileSync } from 'node:fs'
import * as f from '../../../build/src/entries/core.js'

const wave = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) * 1.5)
const classes = (rows, count) => Int32Array.from({ length: rows }, (_, i) => (i * 7) % count)
const options = { seed: 5, deterministic: true }

const models = {
  plain: () => f.sequential([f.input(4), f.dense(3)], options),
  training: async () => {
    const model = f.sequential(
      [f.input(4), f.dense(7, { activation: 'tanh', kernelRegularizer: f.l1l2({ l1: 1e-3, l2: 1e-2 }) }), f.dense(3, { activation: 'softmax' })],
      options,
    )
    const learningRate = f.joinSchedules([
      { schedule: f.linearWarmup({ learningRate: 0.01, warmup: 5 }), until: 5 },
      { schedule: f.cosineDecay({ learningRate: 0.01, totalSteps: 100 }) },
    ])
    model.compile({
      optimizer: f.nadam({ learningRate }),
      loss: f.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
      metrics: ['accuracy', f.topKAccuracy({ k: 2 })],
      globalClipNorm: 1,
      clipNormOrder: 'infinity',
    })
    await model.fit(wave(40 * 4, 1), classes(40, 3), { epochs: 2, batchSize: 16 })
    return model
  },
  layers: async () => {
    const model = f.sequential(
      [
        f.input(6),
        f.dense(12, { activation: f.leakyRelu({ alpha: 0.2 }), weightNorm: true, name: 'first' }),
        f.batchNorm(),
        f.dropout(0.25),
        f.residual([f.layerNorm(), f.dense(12, { activation: 'gelu', useBias: false }), f.prelu(), f.residual([f.rmsNorm()])]),
        f.gaussianNoise(0.1),
        f.groupNorm(3),
        f.instanceNorm({ channels: 2 }),
        f.batchRenorm(),
        f.activation('mish'),
        f.dense(2, { kernelInitializer: f.constant(0.5), trainable: false }),
      ],
      options,
    )
    model.compile({ optimizer: f.rmsprop({ momentum: 0.9, centered: true }), loss: f.huber({ delta: 2 }) })
    model.freeze(1)
    model.freezeStatistics()
    await model.fit(wave(32 * 6, 2), wave(32 * 2, 3), { epochs: 2, batchSize: 8 })
    return model
  },
}

const predictions = {}
for (const [name, make] of Object.entries(models)) {
  const model = await make()
  const includeOptimizer = model.compiled !== undefined
  writeFileSync(new URL(`${name}.safetensors`, import.meta.url), model.toBytes({ includeOptimizer }))
  const x = wave(5 * model.layers[0].size, 4)
  const before = Array.from(model.predict(x))
  if (includeOptimizer) {
    const outputs = model.predict(x).length / 5
    await model.fit(x, name === 'training' ? classes(5, outputs) : wave(5 * outputs, 5), { epochs: 3, batchSize: 5 })
  }
  predictions[name] = { before, after: Array.from(model.predict(x)) }
}
writeFileSync(new URL('predictions.json', import.meta.url), `${JSON.stringify(predictions)}\n`)
