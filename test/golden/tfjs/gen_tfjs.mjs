// Layers-models that TensorFlow.js has saved, with inputs and outputs: node gen_tfjs.mjs > models.json (@tensorflow/tfjs 4.22)
import * as tf from '@tensorflow/tfjs'

const { layers } = tf
const cases = []
let seed = 1
const wave = (length) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(++seed + i * 1.7)))

async function record(id, model, error) {
  const settled = model.weights.map(({ name, shape }) => {
    const values = wave(shape.reduce((product, size) => product * size, 1))
    return tf.tensor(/variance/.test(name) ? values.map((value) => 0.5 + Math.abs(value)) : values.map((v) => v * 0.7), shape)
  })
  model.setWeights(settled)
  const inputs = model.inputs[0].shape.slice(1)
  const size = inputs.reduce((product, length) => product * length, 1)
  const x = wave(4 * size)
  const y = await model.predict(tf.tensor(x, [4, ...inputs])).data()
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, ...more }) => {
      const modelJson = { modelTopology, weightsManifest: [{ paths: ['./model.weights.bin'], weights: weightSpecs }] }
      for (const key of ['format', 'generatedBy', 'convertedBy']) modelJson[key] = more[key]
      cases.push({ id, modelJson, weights: Buffer.from(weightData).toString('base64'), x: [...x], y: [...y], ...(error && { error_must_name: error }) })
      return { modelArtifactsInfo: { dateSaved: new Date(0) } }
    }),
  )
}

const names = ['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu']
await record('activations', tf.sequential({ layers: names.map((activation, i) => layers.dense({ units: 3, activation, ...(i === 0 && { inputShape: [4] }) })) }))
await record('layers', tf.sequential({
  layers: [
    layers.dense({ units: 6, inputShape: [3], useBias: false, name: 'stem' }),
    layers.batchNormalization({ epsilon: 0.01 }),
    layers.reLU(),
    layers.dense({ units: 4, trainable: false }),
    layers.leakyReLU({ alpha: 0.2 }),
    layers.layerNormalization(),
    layers.prelu(),
    layers.dropout({ rate: 0.3 }),
    layers.gaussianNoise({ stddev: 0.1 }),
    layers.activation({ activation: 'hardSigmoid' }),
    layers.batchNormalization({ center: false, scale: false }),
    layers.elu(),
    layers.reLU({ maxValue: 6 }),
    layers.dense({ units: 2 }),
    layers.softmax(),
  ],
}))
const input = tf.input({ shape: [5] })
let x = layers.dense({ units: 5, activation: 'tanh' }).apply(input)
x = layers.add().apply([x, layers.dense({ units: 5 }).apply(layers.dense({ units: 3, activation: 'relu' }).apply(x))])
x = layers.add().apply([layers.dense({ units: 5 }).apply(x), x])
await record('residual', tf.model({ inputs: input, outputs: layers.dense({ units: 1 }).apply(x) }))
await record('flat', tf.sequential({ layers: [layers.flatten({ inputShape: [2, 3] }), layers.dense({ units: 2 })] }))
await record('inner', tf.sequential({
  layers: [
    tf.sequential({ layers: [layers.dense({ units: 4, inputShape: [3], name: 'a' }), layers.dense({ units: 3, name: 'b' })], name: 'body' }),
    layers.dense({ units: 2, name: 'c' }),
  ],
}))
await record('refused', tf.sequential({ layers: [layers.reshape({ targetShape: [4, 1], inputShape: [4] }), layers.lstm({ units: 2, name: 'memory' })] }), ['reshape'])
console.log(JSON.stringify({ cases, generator: { tfjs: tf.version.tfjs } }))
