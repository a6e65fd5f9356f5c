/** The operators of ONNX that work element by element, in float64. */
import type { OnnxNode } from '../../src/formats/onnx/schema.ts'

const erf = (x: number): number => {
  // the midpoint rule, on as many points as float64 has use for
  const n = 4000
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.exp(-((((i + 0.5) * x) / n) ** 2))
  return Math.abs(x) > 6 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * sum * (x / n)
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)))

/** A node's number by name, with what it is where the file says none. */
export type Attributes = (name: string, otherwise?: number) => number
export const unary: Readonly<Record<string, (x: number, a: Attributes, node: OnnxNode) => number>> = {
  Abs: Math.abs,
  Celu: (x, a) => Math.max(0, x) + Math.min(0, a('alpha', 1) * Math.expm1(x / a('alpha', 1))),
  Elu: (x, a) => (x >= 0 ? x : a('alpha', 1) * Math.expm1(x)),
  Erf: erf,
  Exp: Math.exp,
  Cos: Math.cos,
  Sin: Math.sin,
  Floor: Math.floor,
  Gelu: (x, _, { attributes }) =>
    attributes.get('approximate')?.text === 'tanh'
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.sqrt(2))),
  HardSigmoid: (x, a) => Math.min(1, Math.max(0, a('alpha', 0.2) * x + a('beta', 0.5))),
  HardSwish: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
  IsNaN: (x) => (Number.isNaN(x) ? 1 : 0),
  LeakyRelu: (x, a) => (x >= 0 ? x : a('alpha', 0.01) * x),
  Log: Math.log,
  Mish: (x) => x * Math.tanh(softplus(x)),
  Neg: (x) => -x,
  Not: (x) => (x ? 0 : 1),
  Reciprocal: (x) => 1 / x,
  Relu: (x) => Math.max(0, x),
  Selu: (x, a) => a('gamma', 1.0507009873554805) * (x > 0 ? x : a('alpha', 1.6732632423543772) * Math.expm1(x)),
  Sigmoid: sigmoid,
  Sign: Math.sign,
  Softplus: softplus,
  Softsign: (x) => x / (1 + Math.abs(x)),
  Sqrt: Math.sqrt,
  Swish: (x, a) => x * sigmoid(a('alpha', 1) * x),
  Tanh: Math.tanh,
}
export const many: Readonly<Record<string, (...x: number[]) => number>> = {
  Add: (a, b) => a + b,
  And: (a, b) => (a && b ? 1 : 0),
  Div: (a, b) => a / b,
  Equal: (a, b) => (a === b ? 1 : 0),
  Greater: (a, b) => (a > b ? 1 : 0),
  GreaterOrEqual: (a, b) => (a >= b ? 1 : 0),
  Less: (a, b) => (a < b ? 1 : 0),
  LessOrEqual: (a, b) => (a <= b ? 1 : 0),
  Max: Math.max,
  Min: Math.min,
  Mul: (a, b) => a * b,
  Or: (a, b) => (a || b ? 1 : 0),
  PRelu: (x, slope) => (x >= 0 ? x : x * slope),
  Pow: (a, b) => a ** b,
  Sub: (a, b) => a - b,
  Sum: (...x) => x.reduce((a, b) => a + b),
  Where: (condition, a, b) => (condition ? a : b),
}
