// Trains a small network on 1797 handwritten digits, shows the results, saves it, reloads it and classifies a few digits.
// `--svg [FOLDER]` writes the loss curve and the confusion matrix as pictures too, by default here.
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  confusionMatrix,
  dense,
  describeRuntime,
  input,
  loadModel,
  progressBar,
  readIdx,
  sequential,
  sgd,
  standardScaler,
  trainTestSplit,
} from 'fourlane'
import { confusion, lineChart } from 'fourlane/charts'
import { confusionTable, drawImage, plot } from 'fourlane/terminal'
import { dataFile } from './data.ts'

const EPOCHS = 15

const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
const images = new Float32Array(read('digits-images-idx3-ubyte.gz'))
const labels = new Int32Array(read('digits-labels-idx1-ubyte.gz'))

// The held-out 15 % choose nothing: no early stopping, no tuning. They draw the validation curve and give the test score.
const split = trainTestSplit(images, labels, { columns: 64, testSize: 0.15, seed: 37 })
const scaler = standardScaler()
const xTrain = scaler.fitTransform(split.xTrain, 64)
const xTest = scaler.transform(split.xTest)
const yTrain = split.yTrain
const yTest = split.yTest

const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })], {
  seed: 37,
})
model.compile({
  optimizer: sgd({ learningRate: 0.1 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
})
console.log(
  `${model.summary()}\n\n${yTrain.length} digits to learn from, ${yTest.length} held out; ${describeRuntime().target} kernels\n`,
)

const started = performance.now()
const { metrics } = await model.fit(xTrain, yTrain, {
  epochs: EPOCHS,
  batchSize: 32,
  validationData: [xTest, yTest],
  callbacks: [progressBar()],
})
const seconds = (performance.now() - started) / 1000

console.log(`\n${plot({ loss: metrics.loss, 'validation loss': metrics.val_loss }, { height: 8 })}`)
console.log(`\n${plot({ accuracy: metrics.accuracy, 'validation accuracy': metrics.val_accuracy }, { height: 8 })}`)
console.log(
  `\n${Math.round((EPOCHS * yTrain.length) / seconds).toLocaleString('en-US')} samples/s, validation and reporting included\n`,
)

const classOf = (probabilities: Float32Array) => probabilities.indexOf(Math.max(...probabilities))
const predicted = (probabilities: Float32Array) =>
  Int32Array.from({ length: probabilities.length / 10 }, (_, row) =>
    classOf(probabilities.subarray(row * 10, row * 10 + 10)),
  )

const guesses = predicted(model.predict(xTest))
const matrix = confusionMatrix(yTest, guesses)
console.log(`rows: the digit, columns: what the network read\n${confusionTable(matrix)}\n`)
console.log(`test accuracy ${model.evaluate(xTest, yTest).accuracy.toFixed(4)}`)

const path = join(tmpdir(), 'digits.safetensors')
await model.save(path)
console.log(`saved to ${path}\n`)

const svg = process.argv.indexOf('--svg')
if (svg >= 0) {
  const save = (name: string, picture: string) => {
    const file = join(process.argv[svg + 1] ?? '.', name)
    writeFileSync(file, picture)
    console.log(`drew ${file}`)
  }
  const series = { training: metrics.loss, 'held out': metrics.val_loss }
  save(
    'digits-loss.svg',
    lineChart({ title: 'Digits', series, xLabel: 'epoch', yLabel: 'cross-entropy', yScale: 'log' }),
  )
  save('digits-confusion.svg', confusion({ title: `Digits: ${yTest.length} held out`, matrix }))
}

const again = await loadModel(path)
const shown = 6
const drawings = Array.from({ length: shown }, (_, i) => {
  const probabilities = again.predict(xTest.subarray(i * 64, (i + 1) * 64))
  const digit = classOf(probabilities)
  const caption = `${digit} (${Math.round(probabilities[digit] * 100)} %)${digit === yTest[i] ? '' : ` is ${yTest[i]}`}`
  return [...drawImage(split.xTest.subarray(i * 64, (i + 1) * 64), 8, 8, { maximum: 16 }).split('\n'), caption]
})
console.log('the reloaded model reads:')
for (let line = 0; line < drawings[0].length; line++) {
  console.log(
    drawings
      .map((drawing) => drawing[line].padEnd(18))
      .join('')
      .trimEnd(),
  )
}
