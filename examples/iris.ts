// Three species of iris from a CSV file, stopping when the validation loss no longer falls.
import { readFileSync } from 'node:fs'
import { adam, dense, earlyStopping, input, readCsv, sequential, standardScaler, trainTestSplit } from 'fourlane'
import { dataFile } from './data.ts'

const { columns, values, rows } = readCsv(readFileSync(dataFile('iris.csv'), 'utf8'))
const features = columns.length - 1
const x = new Float32Array(rows * features)
const y = new Int32Array(rows)
for (let row = 0; row < rows; row++) {
  x.set(values.subarray(row * columns.length, row * columns.length + features), row * features)
  y[row] = values[row * columns.length + features]
}

const { xTrain, xTest, yTrain, yTest } = trainTestSplit(x, y, {
  columns: features,
  testSize: 0.2,
  seed: 3,
  stratify: true,
})
const scaler = standardScaler()

const model = sequential([input(features), dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })], {
  seed: 3,
})
model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })

const history = await model.fit(scaler.fitTransform(xTrain, features), yTrain, {
  epochs: 200,
  batchSize: 16,
  validationSplit: 0.2,
  callbacks: [earlyStopping({ monitor: 'val_loss', patience: 20, restoreBestWeights: true })],
})
console.log(`stopped after ${history.epoch.length} epochs`)
console.log(`test accuracy ${model.evaluate(scaler.transform(xTest), yTest).accuracy.toFixed(4)}`)
