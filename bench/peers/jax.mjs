// jax-js on its WebAssembly device: the whole update is one jitted function. One thread, as Node has no global Worker.
import { readFileSync } from 'node:fs'
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'

export const name = 'jax-js wasm'
export const version = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.resolve('@jax-js/jax')), 'utf8'),
).version

export async function open() {
  await init('wasm')
  defaultDevice('wasm')
}

const array = (values, shape) => np.array(Float32Array.from(values)).reshape(shape)
const parametersOf = (widths, weights) =>
  widths.slice(1).map((units, i) => ({
    kernel: array(weights[2 * i], [widths[i], units]),
    bias: array(weights[2 * i + 1], [units]),
  }))

function forward(layers, x, hidden) {
  return layers.reduce((a, { kernel, bias }, i) => {
    const z = np.matmul(a, kernel).add(bias)
    return i === layers.length - 1 ? z : hidden(z)
  }, x)
}

const activationOf = (hidden) => (hidden === 'tanh' ? np.tanh : nn.relu)
const square = (x) => x.ref.mul(x)

/** State blocks and (parameter, gradient, state, t) -> [parameter, state]; every argument is used exactly once more than its refs. */
function ruleOf({ kind, learningRate, momentum, weightDecay = 0 }) {
  if (kind === 'sgd' && !momentum) {
    return { places: 0, update: (p, g) => [p.sub(g.mul(learningRate)), []] }
  }
  if (kind === 'sgd') {
    return {
      places: 1,
      update(p, g, [velocity]) {
        const next = velocity.mul(momentum).add(g)
        return [p.sub(next.ref.mul(learningRate)), [next]]
      },
    }
  }
  if (kind === 'adadelta') {
    return {
      places: 2,
      update(p, g, [squares, deltas]) {
        const nextSquares = squares.mul(0.9).add(square(g.ref).mul(0.1))
        const delta = g.mul(np.sqrt(deltas.ref.add(1e-6)).div(np.sqrt(nextSquares.ref.add(1e-6))))
        const nextDeltas = deltas.mul(0.9).add(square(delta.ref).mul(0.1))
        return [p.sub(delta.mul(learningRate)), [nextSquares, nextDeltas]]
      },
    }
  }
  return {
    places: 2,
    update(p, g, [first, second], [correction1, correction2]) {
      const m = first.mul(0.9).add(g.ref.mul(0.1))
      const v = second.mul(0.999).add(square(g).mul(0.001))
      const delta = m.ref.mul(correction1).div(np.sqrt(v.ref).mul(correction2).add(1e-8))
      return [p.mul(1 - learningRate * weightDecay).sub(delta.mul(learningRate)), [m, v]]
    },
  }
}

export function training({ widths, hidden, batch, optimizer }, { x, y }, weights) {
  const outputs = widths[widths.length - 1]
  const batches = Array.from({ length: y.length / batch }, (_, i) => {
    const targets = new Float32Array(batch * outputs)
    for (let row = 0; row < batch; row++) targets[row * outputs + y[i * batch + row]] = 1
    return {
      features: array(x.subarray(i * batch * widths[0], (i + 1) * batch * widths[0]), [batch, widths[0]]),
      targets: array(targets, [batch, outputs]),
    }
  })
  const activation = activationOf(hidden)
  const lossOf = (layers, features, targets) =>
    nn
      .logSoftmax(forward(layers, features, activation))
      .mul(targets)
      .sum()
      .mul(-1 / batch)
  const evaluate = jit(lossOf)
  const rule = ruleOf(optimizer)
  const corrected = optimizer.kind === 'adam' || optimizer.kind === 'adamw'
  const update = jit((layers, states, correction1, correction2, features, targets) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(layers), features, targets)
    const nextLayers = []
    const nextStates = []
    layers.forEach((layer, i) => {
      const nextLayer = {}
      const nextState = {}
      for (const key of ['kernel', 'bias']) {
        const corrections = corrected ? [correction1.ref, correction2.ref] : []
        const [value, state] = rule.update(layer[key], gradients[i][key], states[i][key], corrections)
        nextLayer[key] = value
        nextState[key] = state
      }
      nextLayers.push(nextLayer)
      nextStates.push(nextState)
    })
    correction1.dispose()
    correction2.dispose()
    return [loss, nextLayers, nextStates]
  })
  let layers = parametersOf(widths, weights)
  let states = layers.map(({ kernel, bias }) => ({
    kernel: Array.from({ length: rule.places }, () => np.zeros(kernel.shape)),
    bias: Array.from({ length: rule.places }, () => np.zeros(bias.shape)),
  }))
  let t = 0
  let last
  return {
    step() {
      const { features, targets } = batches[t++ % batches.length]
      last?.dispose()
      const correction1 = np.array([1 / (1 - 0.9 ** t)])
      const correction2 = np.array([1 / Math.sqrt(1 - 0.999 ** t)])
      ;[last, layers, states] = update(layers, states, correction1, correction2, features.ref, targets.ref)
    },
    /** Updates may be queued. */
    settle: () => blockUntilReady(layers),
    loss: () => evaluate(tree.ref(layers), batches[0].features.ref, batches[0].targets.ref).js(),
    close() {
      for (const { features, targets } of batches) {
        features.dispose()
        targets.dispose()
      }
    },
  }
}

export function inference({ widths, hidden, last, rows }, x, weights) {
  const layers = parametersOf(widths, weights)
  const activation = activationOf(hidden)
  const final = last === 'softmax' ? nn.softmax : nn.sigmoid
  const predict = jit((parameters, features) => final(forward(parameters, features, activation)))
  return () => predict(tree.ref(layers), np.array(x).reshape([rows, widths[0]])).dataSync()
}
