// MNIST with 784-128-10: FOURLANE_DATA names the folder that holds mnist/train-images-idx3-ubyte.gz and its three companions.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { adam, dense, input, progressBar, readIdx, sequential } from 'fourlane'

const folder = process.env.FOURLANE_DATA
if (!folder) {
  console.error('Set FOURLANE_DATA to the folder that holds mnist/*.gz (the four original files).')
  process.exit(1)
}
const read = (name: string) => readIdx(gunzipSync(readFileSync(join(folder, 'mnist', name)))).values
const images = (name: string) => new Float32Array(read(name)).map((pixel) => pixel / 255)
const labels = (name: string) => new Int32Array(read(name))

const model = sequential([input(784), dense(128, { activation: 'relu' }), dense(10, { activation: 'softmax' })], {
  seed: 1,
})
model.compile({ optimizer: adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
await model.fit(images('train-images-idx3-ubyte.gz'), labels('train-labels-idx1-ubyte.gz'), {
  epochs: Number(process.argv[2] ?? 5),
  batchSize: 128,
  callbacks: [progressBar()],
})
const { accuracy } = model.evaluate(images('t10k-images-idx3-ubyte.gz'), labels('t10k-labels-idx1-ubyte.gz'))
console.log(`test accuracy ${accuracy.toFixed(4)}`)
