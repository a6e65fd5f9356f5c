// Writes digits.safetensors: a network trained on the digits of examples/data: pixels from 0 to 1.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { dense, input, readIdx, sequential, sgd } from 'fourlane'

const read = (name) => readIdx(gunzipSync(readFileSync(new URL(`../data/${name}`, import.meta.url)))).values
const x = Float32Array.from(read('digits-images-idx3-ubyte.gz'), (pixel) => pixel / 16)
const y = Int32Array.from(read('digits-labels-idx1-ubyte.gz'))
const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })], {
  seed: 37,
})
model.compile({
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
})
await model.fit(x, y, { epochs: 15 })
console.log(`accuracy ${model.evaluate(x, y).accuracy.toFixed(4)}`)
await model.save(new URL('digits.safetensors', import.meta.url).pathname)
