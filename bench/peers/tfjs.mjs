// TensorFlow.js on its WebAssembly backend: SIMD, one thread. Its optimizers have no decoupled weight decay: AdamW runs as Adam.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

export const name = 'tfjs wasm'
export const version = tf.version.tfjs

export async function open() {
  const require = createRequire(import.meta.url)
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`)
  setThreadsCount(1)
  await tf.setBackend('wasm')
  await tf.ready()
}

const activations = { relu: tf.relu, tanh: tf.tanh, softmax: tf.softmax, sigmoid: tf.sigmoid }

/** Fused matrix product and bias; the activation apart, because only some can be fused where gradients are needed. */
function forward(x, layers, hidden) {
  return layers.reduce((a, { kernel, bias }, i) => {
    const z = tf.fused.matMul({ a, b: kernel, bias })
    return i === layers.length - 1 ? z : hidden(z)
  }, x)
}

const layersOf = (widths, weights, make) =>
  widths.slice(1).map((units, i) => ({
    kernel: make(tf.tensor2d(weights[2 * i], [widths[i], units])),
    bias: make(tf.tensor1d(weights[2 * i + 1])),
  }))

function optimizerOf({ kind, learningRate, momentum }) {
  if (kind === 'adam' || kind === 'adamw') return tf.train.adam(learningRate, 0.9, 0.999, 1e-8)
  if (kind === 'adadelta') return tf.train.adadelta(learningRate, 0.9, 1e-6)
  return momentum ? tf.train.momentum(learningRate, momentum) : tf.train.sgd(learningRate)
}

/** Steps on one batch after the other. */
function trainer(rule, batches, lossOf, variables) {
  let at = 0
  return {
    step() {
      const next = batches[at++ % batches.length]
      rule.minimize(() => lossOf(next), false, variables)
    },
    loss: () => tf.tidy(() => lossOf(batches[0]).dataSync()[0]),
    close() {
      tf.disposeVariables()
      for (const batch of batches) tf.dispose(Object.values(batch))
    },
  }
}

export function training({ widths, hidden, batch, optimizer }, { x, y }, weights) {
  const layers = layersOf(widths, weights, (tensor) => tf.variable(tensor))
  const variables = layers.flatMap(({ kernel, bias }) => [kernel, bias])
  const outputs = widths[widths.length - 1]
  const batches = Array.from({ length: y.length / batch }, (_, i) => ({
    features: tf.tensor2d(x.subarray(i * batch * widths[0], (i + 1) * batch * widths[0]), [batch, widths[0]]),
    targets: tf.oneHot(tf.tensor1d(y.subarray(i * batch, (i + 1) * batch), 'int32'), outputs).toFloat(),
  }))
  const lossOf = ({ features, targets }) =>
    tf.losses.softmaxCrossEntropy(targets, forward(features, layers, activations[hidden]))
  return trainer(optimizerOf(optimizer), batches, lossOf, variables)
}

export function inference({ widths, hidden, last, rows }, x, weights) {
  const layers = layersOf(widths, weights, (tensor) => tensor)
  return () =>
    tf.tidy(() => activations[last](forward(tf.tensor2d(x, [rows, widths[0]]), layers, activations[hidden])).dataSync())
}

/**
 * Rows of a table. The gradient of `gather` takes a loop over all rows of the table in JavaScript, minutes a step, and its kernel is missing
 * from the WebAssembly backend; `scatterND`, which adds up rows that meet, is the way that is fast.
 */
const rowsOf = (table, indices) =>
  tf.customGrad((given) => ({
    value: tf.gather(given, indices),
    gradFunc: (dy) => tf.scatterND(tf.expandDims(indices, 1), dy, given.shape),
  }))(table)

/** Two tables and a dense layer by plain SGD. */
export function recommender({ users, items, units, batch, learningRate }, { x, y }, weights) {
  const variables = [
    tf.variable(tf.tensor2d(weights[0], [users, units])),
    tf.variable(tf.tensor2d(weights[1], [items, units])),
    tf.variable(tf.tensor2d(weights[2], [2 * units, 1])),
    tf.variable(tf.tensor1d(weights[3])),
  ]
  const [table, others, kernel, bias] = variables
  const column = (first, c) => Int32Array.from({ length: batch }, (_, r) => x[2 * (first + r) + c])
  const batches = Array.from({ length: y.length / batch }, (_, i) => ({
    user: tf.tensor1d(column(i * batch, 0), 'int32'),
    item: tf.tensor1d(column(i * batch, 1), 'int32'),
    targets: tf.tensor2d(y.subarray(i * batch, (i + 1) * batch), [batch, 1]),
  }))
  const lossOf = ({ user, item, targets }) => {
    const both = tf.concat([rowsOf(table, user), rowsOf(others, item)], 1)
    return tf.losses.meanSquaredError(targets, tf.add(tf.matMul(both, kernel), bias))
  }
  return trainer(tf.train.sgd(learningRate), batches, lossOf, variables)
}
