// Why deep networks fail to train, and what helps: what comes back to each layer, with bad and with good initial weights,
// with batch normalization, and with residual blocks, before training, and how far five epochs on the digits then get.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  activation,
  adam,
  batchNorm,
  type Diagnosis,
  dense,
  diagnose,
  diagnosisTable,
  input,
  type Layer,
  randomNormal,
  readIdx,
  residual,
  sequential,
  standardScaler,
  trainTestSplit,
} from 'fourlane'
import { dataFile } from './data.ts'

const WIDTH = 32
const EPOCHS = 5

const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
const split = trainTestSplit(
  Float32Array.from(read('digits-images-idx3-ubyte.gz')),
  Int32Array.from(read('digits-labels-idx1-ubyte.gz')),
  { testSize: 0.15, seed: 37, columns: 64 },
)
const scaler = standardScaler()
const xTrain = scaler.fitTransform(split.xTrain, 64)
const xTest = scaler.transform(split.xTest)
const yTrain = Int32Array.from(split.yTrain)
const yTest = Int32Array.from(split.yTest)

const times = (count: number, layers: () => Layer[]): Layer[] => Array.from({ length: count }, layers).flat()
const tiny = randomNormal({ stddev: 0.05 })

const stacks: Readonly<Record<string, Layer[]>> = {
  '10 tanh layers, weights from N(0, 0.05²)': times(10, () => [
    dense(WIDTH, { activation: 'tanh', kernelInitializer: tiny }),
  ]),
  '10 tanh layers, N(0, 0.05²), batch normalization': times(10, () => [
    dense(WIDTH, { useBias: false, kernelInitializer: tiny }),
    batchNorm(),
    activation('tanh'),
  ]),
  '10 tanh layers, Glorot': times(10, () => [dense(WIDTH, { activation: 'tanh' })]),
  '10 sigmoid layers, Glorot': times(10, () => [dense(WIDTH, { activation: 'sigmoid' })]),
  '30 relu layers, weights from N(0, 0.05²)': times(30, () => [
    dense(WIDTH, { activation: 'relu', kernelInitializer: tiny }),
  ]),
  '30 relu layers, He': times(30, () => [dense(WIDTH, { activation: 'relu', kernelInitializer: 'heNormal' })]),
  '30 relu layers, N(0, 0.05²), batch normalization': times(30, () => [
    dense(WIDTH, { useBias: false, kernelInitializer: tiny }),
    batchNorm(),
    activation('relu'),
  ]),
  // 30 normalizations in a row make gradients explode: each multiplies them by about 1.21 (Yang et al. 2019, arXiv:1902.08129)
  '30 relu layers, N(0, 0.05²), in 15 residual blocks': [
    dense(WIDTH),
    ...times(15, () => [
      residual([
        dense(WIDTH, { activation: 'relu', kernelInitializer: tiny }),
        dense(WIDTH, { activation: 'relu', kernelInitializer: tiny }),
      ]),
    ]),
  ],
}

/** The first and last few lines: the ones between tell the same. */
function excerpt(diagnosis: Diagnosis): string {
  const { layers } = diagnosis
  if (layers.length <= 12) return diagnosisTable(diagnosis)
  const lines = diagnosisTable({ ...diagnosis, layers: [...layers.slice(0, 5), ...layers.slice(-5)] }).split('\n')
  return [...lines.slice(0, 7), `... ${layers.length - 10} more`, ...lines.slice(7)].join('\n')
}

const summary: string[] = []
for (const [name, layers] of Object.entries(stacks)) {
  const model = sequential([input(64), ...layers, dense(10, { activation: 'softmax' })], { seed: 37 })
  model.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const before = diagnose(model, xTrain.subarray(0, 256 * 64), yTrain.subarray(0, 256))
  console.log(`\n${name}, before training\n\n${excerpt(before)}`)
  await model.fit(xTrain, yTrain, { epochs: EPOCHS, batchSize: 32 })
  const { accuracy } = model.evaluate(xTest, yTest)
  const first = before.layers[0].gradientDeviation.toExponential(1)
  const last = before.layers[before.layers.length - 1].gradientDeviation.toExponential(1)
  summary.push(`${name.padEnd(52)} ${first.padStart(8)} ${last.padStart(8)} ${accuracy.toFixed(3).padStart(9)}`)
}
console.log(`\n${''.padEnd(52)} gradient ± of layer`)
console.log(
  `${''.padEnd(52)} ${'first'.padStart(8)} ${'last'.padStart(8)} ${'accuracy'.padStart(9)} after ${EPOCHS} epochs`,
)
console.log(summary.join('\n'))
