// L2 and weight decay are the same thing under SGD, and two different things under Adam: what L2 adds to a gradient is divided
// by Adam's running size of that gradient, so weights with small gradients decay far more than was asked for, and those with
// large ones hardly (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).
import { readFileSync } from 'node:fs'
import {
  adam,
  adamw,
  dense,
  input,
  l2,
  type Optimizer,
  readCsv,
  sequential,
  sgd,
  standardScaler,
  trainTestSplit,
} from 'fourlane'
import { dataFile } from './data.ts'

const { columns, values, rows } = readCsv(readFileSync(dataFile('breast_cancer.csv'), 'utf8'))
const features = columns.length - 1
const x = new Float32Array(rows * features)
const y = new Int32Array(rows)
for (let row = 0; row < rows; row++) {
  x.set(values.subarray(row * columns.length, row * columns.length + features), row * features)
  y[row] = values[row * columns.length + features]
}
const { xTrain, xTest, yTrain, yTest } = trainTestSplit(x, y, {
  columns: features,
  testSize: 0.25,
  seed: 1,
  stratify: true,
})
const scaler = standardScaler()
const train = scaler.fitTransform(xTrain, features)
const test = scaler.transform(xTest)

async function run(name: string, optimizer: Optimizer, penalty = 0): Promise<void> {
  const model = sequential(
    [
      input(features),
      dense(16, {
        activation: 'tanh',
        ...(penalty && { kernelRegularizer: l2(penalty), biasRegularizer: l2(penalty) }),
      }),
      dense(1, {
        activation: 'sigmoid',
        ...(penalty && { kernelRegularizer: l2(penalty), biasRegularizer: l2(penalty) }),
      }),
    ],
    { seed: 1 },
  )
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  await model.fit(train, yTrain, { epochs: 60, batchSize: 32 })
  const weights = model.parameters.flatMap((parameter) => Array.from(parameter.get()))
  const norm = Math.hypot(...weights)
  const { accuracy } = model.evaluate(test, yTest)
  console.log(`${name.padEnd(34)} |w| ${norm.toFixed(3)}   test accuracy ${accuracy.toFixed(3)}`)
}

const decay = 0.02
await run('SGD', sgd({ learningRate: 0.1 }))
await run('SGD, L2 penalty', sgd({ learningRate: 0.1 }), decay)
await run('SGD, weight decay', sgd({ learningRate: 0.1, weightDecay: decay }))
await run('Adam', adam({ learningRate: 0.01 }))
await run('Adam, L2 penalty', adam({ learningRate: 0.01 }), decay)
await run('Adam, weight decay inside (L2)', adam({ learningRate: 0.01, weightDecay: decay }))
await run('AdamW, decoupled weight decay', adamw({ learningRate: 0.01, weightDecay: decay }))
