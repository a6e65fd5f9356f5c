// The smallest network that needs a hidden layer: exclusive or.
import { adam, dense, input, sequential } from 'fourlane'

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]
const y = [0, 1, 1, 0]

const model = sequential([input(2), dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })], { seed: 1 })
model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] })
await model.fit(x, y, { epochs: 300, batchSize: 4 })

const probabilities = model.predict(x)
x.forEach(([a, b], i) => {
  console.log(`${a} xor ${b} = ${Math.round(probabilities[i])}   (probability of 1: ${probabilities[i].toFixed(3)})`)
})
console.log(`accuracy ${model.evaluate(x, y).accuracy.toFixed(4)}`)
