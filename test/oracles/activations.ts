/** Activations in float64, written from their definitions. */
import type { ActivationName } from '../../src/catalogue/activations.ts'

/** Phi(x): a series that always converges, a continued fraction in the lower tail. */
export function normalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  if (x > 5) return 1 - normalCdf(-x)
  if (x < -5) {
    let fraction = 0
    for (let k = 60; k > 0; k--) fraction = k / (-x + fraction)
    return density / (-x + fraction)
  }
  let term = x
  let sum = 0
  for (let k = 1; k < 120; k++) {
    sum += term
    term *= (x * x) / (2 * k + 1)
  }
  return 0.5 + density * sum
}

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772

/** y by name: x and alpha in, y out. */
export const oracle: Readonly<Record<string, (x: number, alpha: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  leakyRelu: (x, alpha) => (x > 0 ? x : alpha * x),
  elu: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  selu: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  gelu: (x) => x * normalCdf(x),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  sigmoid,
  hardSigmoid: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  tanh: Math.tanh,
  silu: (x) => x * sigmoid(x),
  hardSwish: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  softplus: (x, alpha) => softplus(alpha * x) / alpha,
  softsign: (x) => x / (1 + Math.abs(x)),
  mish: (x) => x * Math.tanh(softplus(x)),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  // where float32 ends
  exponential: (x) => Math.exp(Math.min(x, 88)),
  cos: (x) => Math.cos(Math.min(Math.max(x, -8192), 8192)),
  sin: (x) => Math.sin(Math.min(Math.max(x, -8192), 8192)),
}
/** Where finite differences mean nothing. */
export const kinks: Readonly<Record<string, readonly number[]>> = {
  relu: [0],
  leakyRelu: [0],
  elu: [0],
  selu: [0],
  hardSigmoid: [-3, 3],
  hardSwish: [-3, 3],
  relu6: [0, 6],
}

/** softmax or logSoftmax of a row. */
export function rowOracle(name: ActivationName, x: ArrayLike<number>): Float64Array {
  const row = Float64Array.from(x)
  const top = row.reduce((a, b) => Math.max(a, b))
  const sum = row.reduce((total, value) => total + Math.exp(value - top), 0)
  return row.map((value) => (name === 'softmax' ? Math.exp(value - top) / sum : value - top - Math.log(sum)))
}
