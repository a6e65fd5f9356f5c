/** A dense network in float64: loss, gradient, Hessian and Gauss-Newton products, written from the chain rule. */
import { combine, type Matrix, map, matrix, multiply, transpose } from './matrix.ts'

export interface Layer {
  /** [outputs, inputs] */
  readonly w: Matrix
  readonly b: readonly number[] | undefined
}
export type Network = readonly Layer[]

export type ActivationKind = 'linear' | 'tanh' | 'relu' | 'sigmoid' | 'softplus'
export type LossKind = 'cross_entropy' | 'mse' | 'bce'

export interface Task {
  /** Of hidden layers; the last one is linear. */
  readonly activation: ActivationKind
  /** Mean over rows; `mse` and `bce` over outputs too. All but `mse` take logits. */
  readonly loss: LossKind
  readonly x: Matrix
  /** Values, or for `cross_entropy` one class a row. */
  readonly y: Matrix
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))

/** Value, slope and curvature of each activation. */
const ACTIVATIONS: Readonly<Record<ActivationKind, readonly [f: Entry, slope: Entry, curvature: Entry]>> = {
  linear: [(z) => z, () => 1, () => 0],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2, (z) => -2 * Math.tanh(z) * (1 - Math.tanh(z) ** 2)],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0), () => 0],
  sigmoid: [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z)), (z) => sigmoid(z) * (1 - sigmoid(z)) * (1 - 2 * sigmoid(z))],
  softplus: [(z) => Math.log1p(Math.exp(z)), sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
}
type Entry = (z: number) => number

const softmax = (z: readonly number[]) => {
  const top = Math.max(...z)
  const powers = z.map((value) => Math.exp(value - top))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((value) => value / sum)
}

/** The Hessian of one row's loss by the outputs z. */
export function outputHessian(loss: LossKind, z: readonly number[]): number[][] {
  const k = z.length
  if (loss === 'mse') return matrix(k, k, (i, j) => (i === j ? 2 / k : 0))
  if (loss === 'bce') return matrix(k, k, (i, j) => (i === j ? (sigmoid(z[i]) * (1 - sigmoid(z[i]))) / k : 0))
  const p = softmax(z)
  return matrix(k, k, (i, j) => (i === j ? p[i] : 0) - p[i] * p[j])
}

/** One row's loss. */
function rowLoss(loss: LossKind, z: readonly number[], y: readonly number[]): number {
  const k = z.length
  if (loss === 'mse') return z.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / k
  if (loss === 'bce')
    return z.reduce((sum, v, i) => sum + Math.max(v, 0) - v * y[i] + Math.log1p(Math.exp(-Math.abs(v))), 0) / k
  return -Math.log(softmax(z)[y[0]])
}

/** Its gradient by z. */
function rowGradient(loss: LossKind, z: readonly number[], y: readonly number[]): number[] {
  const k = z.length
  if (loss === 'mse') return z.map((value, i) => (2 * (value - y[i])) / k)
  if (loss === 'bce') return z.map((value, i) => (sigmoid(value) - y[i]) / k)
  return softmax(z).map((p, i) => p - (i === y[0] ? 1 : 0))
}

export interface Pass {
  /** What every layer sees, and its outputs before the activation: rows x units. */
  readonly inputs: readonly Matrix[]
  readonly outputs: readonly Matrix[]
}

const withBias = (z: Matrix, b: readonly number[] | undefined) =>
  z.map((row) => row.map((value, j) => value + (b?.[j] ?? 0)))

export function forward(network: Network, { activation, x }: Task): Pass {
  const inputs: Matrix[] = []
  const outputs: Matrix[] = []
  let a = x
  for (const { w, b } of network) {
    inputs.push(a)
    const z = withBias(multiply(a, transpose(w)), b)
    outputs.push(z)
    a = map(z, ACTIVATIONS[activation][0])
  }
  return { inputs, outputs }
}

export const slopes = (activation: ActivationKind, z: Matrix): number[][] => map(z, ACTIVATIONS[activation][1])

const times = (a: Matrix, b: Matrix) => combine(a, b, (x, y) => x * y)
const plus = (a: Matrix, b: Matrix) => combine(a, b, (x, y) => x + y)
const columnSums = (a: Matrix) => a[0].map((_, j) => a.reduce((sum, row) => sum + row[j], 0))
const layerOf = (dw: Matrix, dz: Matrix, { b }: Layer): Layer => ({ w: dw, b: b && columnSums(dz) })

/** Gradients of Σ dz · outputs by the parameters. */
function backward(network: Network, { activation }: Task, { inputs, outputs }: Pass, top: Matrix): Network {
  const gradients: Layer[] = []
  let dz = top
  for (let l = network.length - 1; l >= 0; l--) {
    gradients.unshift(layerOf(multiply(transpose(dz), inputs[l]), dz, network[l]))
    if (l > 0) dz = times(multiply(dz, network[l].w), slopes(activation, outputs[l - 1]))
  }
  return gradients
}

export function lossAndGradient(network: Network, task: Task): { loss: number; gradient: Network } {
  const pass = forward(network, task)
  const z = pass.outputs[network.length - 1]
  const rows = z.length
  const loss = z.reduce((sum, row, r) => sum + rowLoss(task.loss, row, task.y[r]), 0) / rows
  const dz = z.map((row, r) => rowGradient(task.loss, row, task.y[r]).map((value) => value / rows))
  return { loss, gradient: backward(network, task, pass, dz) }
}

/** How the outputs of every layer change along `v`: the R-operator, forward (Pearlmutter 1994). */
function forwardAlong(network: Network, { activation }: Task, { inputs, outputs }: Pass, v: Network) {
  const rInputs: Matrix[] = []
  const rOutputs: Matrix[] = []
  let ra: Matrix = map(inputs[0], () => 0)
  network.forEach(({ w }, l) => {
    rInputs.push(ra)
    const rz = withBias(plus(multiply(inputs[l], transpose(v[l].w)), multiply(ra, transpose(w))), v[l].b)
    rOutputs.push(rz)
    ra = times(slopes(activation, outputs[l]), rz)
  })
  return { rInputs, rOutputs }
}

/** The Hessians of the rows' losses by the outputs, times `rz`, over the number of rows. */
const throughLoss = ({ loss }: Task, z: Matrix, rz: Matrix): number[][] =>
  z.map((row, r) => multiply(outputHessian(loss, row), transpose([rz[r]])).map(([value]) => value / z.length))

/** mean Jᵀ H J v: forward along v, through the loss's Hessian, back (Schraudolph 2002). */
export function gaussNewtonProduct(network: Network, task: Task, v: Network): Network {
  const pass = forward(network, task)
  const { rOutputs } = forwardAlong(network, task, pass, v)
  const last = network.length - 1
  return backward(network, task, pass, throughLoss(task, pass.outputs[last], rOutputs[last]))
}

/** The Hessian of the mean loss times v: the R-operator through forward and backward pass (Pearlmutter 1994). */
export function hessianProduct(network: Network, task: Task, v: Network): Network {
  const pass = forward(network, task)
  const { rInputs, rOutputs } = forwardAlong(network, task, pass, v)
  const last = network.length - 1
  const z = pass.outputs[last]
  const [, slope, curvature] = ACTIVATIONS[task.activation]
  let dz: Matrix = z.map((row, r) => rowGradient(task.loss, row, task.y[r]).map((value) => value / z.length))
  let rdz: Matrix = throughLoss(task, z, rOutputs[last])
  const products: Layer[] = []
  for (let l = last; l >= 0; l--) {
    const rdw = plus(multiply(transpose(rdz), pass.inputs[l]), multiply(transpose(dz), rInputs[l]))
    products.unshift(layerOf(rdw, rdz, network[l]))
    if (l === 0) break
    const da = multiply(dz, network[l].w)
    const rda = plus(multiply(rdz, network[l].w), multiply(dz, v[l].w))
    const below = pass.outputs[l - 1]
    rdz = plus(times(rda, map(below, slope)), times(times(da, map(below, curvature)), rOutputs[l - 1]))
    dz = times(da, map(below, slope))
  }
  return products
}

/** Parameters in a row: w row-major, then b, layer after layer. */
export const flatten = (network: Network): number[] => network.flatMap(({ w, b }) => [...w.flat(), ...(b ?? [])])

/** The reverse, shaped like `like`. */
export function unflatten(values: ArrayLike<number>, like: Network): Network {
  let at = 0
  const take = () => values[at++]
  return like.map(({ w, b }) => ({ w: map(w, take), b: b?.map(take) }))
}

/** The matrix whose products these are, column by column. */
export function matrixOf(product: (v: Network) => Network, like: Network): number[][] {
  const n = flatten(like).length
  const columns = Array.from({ length: n }, (_, j) =>
    flatten(
      product(
        unflatten(
          Array.from({ length: n }, (_, i) => (i === j ? 1 : 0)),
          like,
        ),
      ),
    ),
  )
  return transpose(columns)
}
