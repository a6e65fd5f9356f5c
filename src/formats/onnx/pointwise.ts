/** Scalar operators as float64 functions, used for constant folding and for recognizing activations. */
import type { Call } from './graph.ts'
import { isFloat, type OnnxAttribute } from './schema.ts'

/** Operands; undefined if omitted. */
export type Scalar = (...x: (number | undefined)[]) => number

/** Functions without optional operands. */
type Plain = (...x: number[]) => number

const float = ({ attributes }: Call, name: string, otherwise: number): number =>
  attributes.get(name)?.float ?? otherwise

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const clip = (x: number, low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY): number =>
  Math.min(Math.max(x, low), high)
const truth = (value: boolean): number => (value ? 1 : 0)

/**
 * The error function, 2 / sqrt(pi) times the integral of e^(-t²) from 0 to x: below 3 by its power series, whose terms do not
 * cancel, above by the continued fraction of the complement.
 */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (size > 6) return Math.sign(x)
  const square = size * size
  if (size < 3) {
    let term = size
    let sum = size
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * square) / (2 * n + 1)
      sum += term
    }
    return (Math.sign(x) * 2 * Math.exp(-square) * sum) / Math.sqrt(Math.PI)
  }
  let fraction = size
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction
  return Math.sign(x) * (1 - Math.exp(-square) / (fraction * Math.sqrt(Math.PI)))
}

const SELU_ALPHA = 1.6732632423543772
const SELU_SCALE = 1.0507009873554805

export const gelu = (x: number): number => (x / 2) * (1 + erf(x * Math.SQRT1_2))
export const geluTanh = (x: number): number =>
  (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
export const mish = (x: number): number => x * Math.tanh(softplus(x))
export const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x))
export const selu = (x: number, alpha = SELU_ALPHA, scale = SELU_SCALE): number => scale * elu(x, alpha)
export const hardSigmoid = (x: number, alpha = 1 / 6, beta = 0.5): number => clip(alpha * x + beta, 0, 1)

/** Cast to a TensorProto.DataType: to floating point, boolean, integer. */
function cast(to: OnnxAttribute | undefined): Plain {
  const type = to?.int ?? 1
  if (isFloat(type)) return (x) => x
  return type === 9 ? (x) => truth(x !== 0) : Math.trunc
}

/** By operator name, in ONNX's own domain. */
const functions: Readonly<Record<string, (call: Call) => Plain>> = {
  Abs: () => Math.abs,
  Add: () => (a, b) => a + b,
  And: () => (a, b) => truth(a !== 0 && b !== 0),
  Cast: ({ attributes }) => cast(attributes.get('to')),
  Celu: (call) => {
    const alpha = float(call, 'alpha', 1)
    return (x) => elu(x / alpha, 1) * alpha
  },
  Div: () => (a, b) => a / b,
  Elu: (call) => {
    const alpha = float(call, 'alpha', 1)
    return (x) => elu(x, alpha)
  },
  Equal: () => (a, b) => truth(a === b),
  Erf: () => erf,
  Exp: () => Math.exp,
  Cos: () => Math.cos,
  Sin: () => Math.sin,
  Gelu: ({ attributes }) => (attributes.get('approximate')?.text === 'tanh' ? geluTanh : gelu),
  Greater: () => (a, b) => truth(a > b),
  GreaterOrEqual: () => (a, b) => truth(a >= b),
  HardSigmoid: (call) => {
    const [alpha, beta] = [float(call, 'alpha', 0.2), float(call, 'beta', 0.5)]
    return (x) => hardSigmoid(x, alpha, beta)
  },
  HardSwish: () => (x) => x * hardSigmoid(x),
  LeakyRelu: (call) => {
    const alpha = float(call, 'alpha', 0.01)
    return (x) => (x < 0 ? alpha * x : x)
  },
  Less: () => (a, b) => truth(a < b),
  LessOrEqual: () => (a, b) => truth(a <= b),
  Log: () => Math.log,
  Max: () => Math.max,
  Min: () => Math.min,
  Mish: () => mish,
  Mul: () => (a, b) => a * b,
  Neg: () => (x) => -x,
  Not: () => (x) => truth(x === 0),
  Or: () => (a, b) => truth(a !== 0 || b !== 0),
  Pow: () => (a, b) => a ** b,
  PRelu: () => (x, slope) => (x < 0 ? slope * x : x),
  Reciprocal: () => (x) => 1 / x,
  Relu: () => (x) => Math.max(x, 0),
  Selu: (call) => {
    const [alpha, scale] = [float(call, 'alpha', SELU_ALPHA), float(call, 'gamma', SELU_SCALE)]
    return (x) => selu(x, alpha, scale)
  },
  Sigmoid: () => sigmoid,
  Sign: () => Math.sign,
  Softplus: () => softplus,
  Softsign: () => (x) => x / (1 + Math.abs(x)),
  Sqrt: () => Math.sqrt,
  Sub: () => (a, b) => a - b,
  Sum:
    () =>
    (...x) =>
      x.reduce((sum, value) => sum + value, 0),
  Swish: (call) => {
    const alpha = float(call, 'alpha', 1)
    return (x) => x * sigmoid(alpha * x)
  },
  Tanh: () => Math.tanh,
  Where: () => (condition, a, b) => (condition !== 0 ? a : b),
}

/** A node's function; undefined if it is not a scalar operator. */
export function scalarOf(call: Call): Scalar | undefined {
  if (call.domain !== '') return undefined
  if (call.op === 'Clip') {
    // before opset 11 the bounds were attributes
    const low = call.attributes.get('min')?.float
    const high = call.attributes.get('max')?.float
    return (x = Number.NaN, min = low, max = high) => clip(x, min, max)
  }
  if (!Object.hasOwn(functions, call.op)) return undefined
  // an omitted operand becomes NaN; all of these functions need theirs
  return functions[call.op](call) as Scalar
}

export const isPointwise = ({ domain, op }: Call): boolean =>
  domain === '' && (op === 'Clip' || Object.hasOwn(functions, op))
