// TensorFlow.js runs what exportTfjs gives, with the same outputs; what it saves of that comes back.
import * as tf from '@tensorflow/tfjs'
import { exportTfjs, importTfjs } from '../src/entries/formats.js'
import * as fourlane from '../src/entries/full.js'

const { activation, batchNorm, batchRenorm, dense, dropout, elu, gaussianNoise, input, layerNorm, leakyRelu } = fourlane
const { prelu, residual, sequential } = fourlane

const wave = (length, seed = 1) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) * 1.5)

/** Parameters that are not their defaults. */
function settle(model) {
  for (const [i, parameter] of model.parameters.entries()) {
    const positive = /running(Variance|Deviation)|scale/.test(parameter.name)
    parameter.set(wave(parameter.size, i).map((value) => (positive ? 0.5 + Math.abs(value) : value * 0.5)))
  }
  return model
}

/** The largest difference, in units of 1e-5 absolute + 1e-5 relative. */
const differenceOf = (actual, expected) =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]) / (1e-5 + 1e-5 * Math.abs(value))))

async function run(name, layers, inputs = 6) {
  const model = settle(sequential([input(inputs), ...layers], { seed: 1 }))
  const { modelJson, weights } = exportTfjs(model)
  const { modelTopology, weightsManifest } = JSON.parse(JSON.stringify(modelJson))
  const weightSpecs = weightsManifest[0].weights
  const theirs = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData: weights.buffer }))
  const x = wave(5 * inputs, 3)
  const y = model.predict(x)
  const there = differenceOf(theirs.predict(tf.tensor2d(x, [5, inputs])).dataSync(), y)
  let saved
  await theirs.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts
      return { modelArtifactsInfo: { dateSaved: new Date(0) } }
    }),
  )
  const manifest = [{ paths: ['weights.bin'], weights: saved.weightSpecs }]
  const again = importTfjs({ modelTopology: saved.modelTopology, weightsManifest: manifest }, saved.weightData)
  const back = differenceOf(again.predict(x), y)
  const passed = there <= 1 && back <= 1
  console.log(
    `${passed ? 'passed' : 'FAILED'}  tfjs: ${name}: there ${there.toFixed(3)}, and back ${back.toFixed(3)} of the tolerance`,
  )
  return passed
}

const activations = [
  ...['linear', 'relu', 'leakyRelu', 'elu', 'selu', 'gelu', 'geluTanh', 'sigmoid', 'hardSigmoid', 'tanh', 'silu'],
  ...['hardSwish', 'softplus', 'softsign', 'mish', 'relu6', 'softmax', 'logSoftmax'],
  leakyRelu({ alpha: 0.3 }),
  elu({ alpha: 0.4 }),
]
const results = []
for (const kind of activations) {
  const name = typeof kind === 'string' ? kind : `${kind.kind} of ${kind.alpha}`
  results.push(await run(name, [dense(4, { activation: kind }), batchNorm(), activation(kind), dense(1)]))
}
results.push(
  await run('every layer', [
    dense(6, { weightNorm: true, name: 'a name with blanks' }),
    batchNorm({ momentum: null }),
    batchRenorm(),
    layerNorm(),
    prelu(),
    dropout(0.3),
    gaussianNoise(0.2),
    residual([
      dense(5, { activation: 'tanh' }),
      residual([dense(5, { activation: 'hardSwish' })]),
      dense(6, { useBias: false }),
    ]),
    layerNorm({ affine: false }),
    batchNorm({ affine: false }),
    dense(2),
  ]),
)
results.push(await run('one unit', [dense(1)], 1))
console.log(`${results.filter(Boolean).length} passed, ${results.filter((passed) => !passed).length} failed`)
process.exitCode = results.every(Boolean) ? 0 : 1
