/** Activations as nodes: a single one if the opset has it, otherwise its parts. */
import { type Activation, type ActivationName, alphaOf } from '../../catalogue/activations.ts'
import type { GraphWriter } from './graphWriter.ts'

type Write = (graph: GraphWriter, x: string, alpha: number) => string

const single =
  (op: string): Write =>
  (graph, x) =>
    graph.node(op, [x])

const overRow =
  (op: string): Write =>
  (graph, x) =>
    graph.node(op, [x], { axis: { int: -1 } })

/** x (1 + y) / 2 */
function halfOf(graph: GraphWriter, x: string, y: string): string {
  const gate = graph.node('Add', [y, graph.scalar(1)])
  return graph.node('Mul', [graph.node('Mul', [x, gate]), graph.scalar(0.5)])
}

const writers: Readonly<Record<ActivationName, Write>> = {
  linear: (_, x) => x,
  relu: single('Relu'),
  leakyRelu: (graph, x, alpha) => graph.node('LeakyRelu', [x], { alpha }),
  elu: (graph, x, alpha) => graph.node('Elu', [x], { alpha }),
  selu: single('Selu'),
  gelu(graph, x) {
    if (graph.opset >= 20) return graph.node('Gelu', [x])
    return halfOf(graph, x, graph.node('Erf', [graph.node('Mul', [x, graph.scalar(Math.SQRT1_2)])]))
  },
  geluTanh(graph, x) {
    if (graph.opset >= 20) return graph.node('Gelu', [x], { approximate: 'tanh' })
    const cube = graph.node('Mul', [graph.node('Mul', [x, x]), x])
    const sum = graph.node('Add', [x, graph.node('Mul', [cube, graph.scalar(0.044715)])])
    return halfOf(graph, x, graph.node('Tanh', [graph.node('Mul', [sum, graph.scalar(Math.sqrt(2 / Math.PI))])]))
  },
  sigmoid: single('Sigmoid'),
  hardSigmoid: (graph, x) => graph.node('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 }),
  tanh: single('Tanh'),
  silu: (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]),
  hardSwish(graph, x) {
    if (graph.opset >= 14) return graph.node('HardSwish', [x])
    return graph.node('Mul', [x, graph.node('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 })])
  },
  softplus(graph, x, beta) {
    if (beta === 1) return graph.node('Softplus', [x])
    const steep = graph.node('Softplus', [graph.node('Mul', [x, graph.scalar(beta)])])
    return graph.node('Div', [steep, graph.scalar(beta)])
  },
  softsign: single('Softsign'),
  mish(graph, x) {
    if (graph.opset >= 18) return graph.node('Mish', [x])
    return graph.node('Mul', [x, graph.node('Tanh', [graph.node('Softplus', [x])])])
  },
  relu6(graph, x) {
    if (graph.opset < 11) return graph.node('Clip', [x], { min: 0, max: 6 })
    return graph.node('Clip', [x, graph.scalar(0), graph.scalar(6)])
  },
  softmax: overRow('Softmax'),
  logSoftmax: overRow('LogSoftmax'),
  exponential: single('Exp'),
  cos: single('Cos'),
  sin: single('Sin'),
}

/** @returns the name of activation(x). */
export const writeActivation = (graph: GraphWriter, x: string, activation: Activation): string =>
  writers[activation.kind](graph, x, alphaOf(activation) ?? 0)
