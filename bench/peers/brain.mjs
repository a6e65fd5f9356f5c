// brain.js on the CPU: one row at a time, squared error, momentum 0.1, its activation in every layer. It has neither
// batches nor softmax, and of the rules only this one; what counts is its rows a second.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const brain = require('brain.js')

export const name = 'brain.js'
export const version = JSON.parse(readFileSync(require.resolve('brain.js/package.json'), 'utf8')).version
export const open = async () => {}

function network(widths, options, weights) {
  const net = new brain.NeuralNetwork(options)
  net.sizes = [...widths]
  net.initialize()
  widths.slice(1).forEach((units, i) => {
    for (let unit = 0; unit < units; unit++) {
      net.biases[i + 1][unit] = weights[2 * i + 1][unit]
      for (let k = 0; k < widths[i]; k++) net.weights[i + 1][unit][k] = weights[2 * i][k * units + unit]
    }
  })
  return net
}

export function training({ widths, hidden, batch }, { x, y }, weights) {
  const outputs = widths[widths.length - 1]
  const net = network(widths, { activation: hidden, learningRate: 0.01 }, weights)
  const parameters = widths.slice(1).reduce((sum, units, i) => sum + units * widths[i], 0)
  /** Rows of a step: not more than take a fraction of a second. */
  const taken = Math.max(1, Math.min(batch, Math.floor(2e7 / parameters)))
  const count = Math.min(y.length, 8 * taken)
  const rows = Array.from({ length: count }, (_, row) => {
    const output = new Float32Array(outputs)
    output[y[row]] = 1
    return { input: x.subarray(row * widths[0], (row + 1) * widths[0]), output }
  })
  let at = 0
  return {
    rows: taken,
    step() {
      for (let i = 0; i < taken; i++) net.trainPattern(rows[at++ % count])
    },
    loss() {
      let sum = 0
      for (const { input, output } of rows.slice(0, taken)) {
        net.runInput(input).forEach((value, i) => {
          sum += (value - output[i]) ** 2
        })
      }
      return sum / taken
    },
    close() {},
  }
}

export function inference({ widths, hidden, rows }, x, weights) {
  const net = network(widths, { activation: hidden }, weights)
  const inputs = Array.from({ length: rows }, (_, row) => x.subarray(row * widths[0], (row + 1) * widths[0]))
  return () => {
    for (const input of inputs) net.runInput(input)
  }
}
