/** ONNX graphs in float64, node by node, tensors of any rank: slow, and it knows no layers. */
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '../../src/formats/onnx/schema.ts'
import { type Attributes, many, unary } from './onnxElementwise.ts'

export interface Tensor {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
  /** Instead of numbers. */
  readonly texts?: readonly string[]
}
type Maybe = Tensor | undefined

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
const tensor = (shape: readonly number[], at: (i: number) => number): Tensor => ({
  shape,
  data: Float64Array.from({ length: count(shape) }, (_, i) => at(i)),
})

function fromFile({ shape, raw, numbers, type }: OnnxTensor): Tensor {
  if (!raw) return { shape, data: numbers }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const read: Readonly<Record<number, [bytes: number, read: (at: number) => number]>> = {
    1: [4, (at) => view.getFloat32(at, true)],
    6: [4, (at) => view.getInt32(at, true)],
    7: [8, (at) => Number(view.getBigInt64(at, true))],
    9: [1, (at) => view.getUint8(at)],
    11: [8, (at) => view.getFloat64(at, true)],
  }
  const known = read[type]
  if (!known) throw new Error(`the oracle does not read tensors of type ${type}`)
  return tensor(shape, (i) => known[1](i * known[0]))
}

/** Index of a broadcast tensor's value. */
function indexIn(shape: readonly number[], of: readonly number[], i: number): number {
  let [at, step, rest] = [0, 1, i]
  for (let axis = of.length - 1; axis >= 0; axis--) {
    const own = axis - (of.length - shape.length)
    const coordinate = rest % of[axis]
    rest = Math.floor(rest / of[axis])
    if (own < 0) continue
    if (shape[own] > 1) at += coordinate * step
    step *= shape[own]
  }
  return at
}

function broadcast(tensors: readonly Tensor[], f: (...x: number[]) => number): Tensor {
  const rank = Math.max(...tensors.map(({ shape }) => shape.length))
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...tensors.map((each) => each.shape[axis - rank + each.shape.length] ?? 1)),
  )
  return tensor(shape, (i) => f(...tensors.map((each) => each.data[indexIn(each.shape, shape, i)])))
}

/** Runs along an axis: `f` gets the values, and gives as many or one. */
function along({ shape, data }: Tensor, axis: number, f: (x: number[]) => number[]): number[] {
  const [size, run] = [shape[axis], count(shape.slice(axis + 1))]
  const out: number[] = []
  for (let before = 0; before < count(shape.slice(0, axis)); before++) {
    for (let r = 0; r < run; r++) {
      const at = (k: number) => (before * size + k) * run + r
      f(Array.from({ length: size }, (_, k) => data[at(k)])).forEach((value, k, { length }) => {
        out[length === 1 ? before * run + r : at(k)] = value
      })
    }
  }
  return out
}

const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0)
const mean = (x: readonly number[]): number => sum(x) / x.length
const normalize = (x: readonly number[], epsilon: number, centered = true): number[] => {
  const middle = centered ? mean(x) : 0
  const deviation = Math.sqrt(mean(x.map((v) => (v - middle) ** 2)) + epsilon)
  return x.map((v) => (v - middle) / deviation)
}
const softmax = (x: readonly number[]): number[] => {
  const powers = x.map((v) => Math.exp(v - Math.max(...x)))
  return powers.map((v) => v / sum(powers))
}
const reductions: Readonly<Record<string, (x: number[]) => number>> = {
  ReduceLogSumExp: (x) => Math.max(...x) + Math.log(sum(x.map((v) => Math.exp(v - Math.max(...x))))),
  ReduceMax: (x) => Math.max(...x),
  ReduceMean: mean,
  ReduceMin: (x) => Math.min(...x),
  ReduceSum: sum,
}

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

function matmul(a: Tensor, b: Tensor): Tensor {
  const right = b.shape.length === 1 ? [b.shape[0], 1] : b.shape
  const [k, n] = right
  const out = tensor([...a.shape.slice(0, -1), n], (i) => {
    const [row, column] = [Math.floor(i / n), i % n]
    return sum(Array.from({ length: k }, (_, j) => a.data[row * k + j] * b.data[j * n + column]))
  })
  return b.shape.length === 1 ? { ...out, shape: a.shape.slice(0, -1) } : out
}

const swapped = ({ shape: [rows, cols], data }: Tensor): Tensor =>
  tensor([cols, rows], (i) => data[(i % rows) * cols + Math.floor(i / rows)])

/** Channels of axis 1, each with a value of its own. */
const ofChannel = (values: Tensor, shape: readonly number[], i: number): number =>
  values.data[Math.floor(i / count(shape.slice(2))) % values.data.length]

function reshaped({ shape, data }: Tensor, target: readonly number[]): Tensor {
  const sizes = target.map((size, i) => (size === 0 ? shape[i] : size))
  const rest = count(shape) / Math.abs(count(sizes))
  return { shape: sizes.map((size) => (size === -1 ? rest : size)), data }
}

function run(node: OnnxNode, x: readonly Maybe[], opset: number): Tensor {
  const attribute = (name: string): OnnxAttribute | undefined => node.attributes.get(name)
  const number: Attributes = (name, otherwise = 0) => attribute(name)?.float ?? attribute(name)?.int ?? otherwise
  const ints = (name: string, operand: Maybe): number[] | undefined =>
    attribute(name) ? [...(attribute(name)?.ints ?? [])] : operand && Array.from(operand.data)
  const [a, b, c] = x as readonly Tensor[]
  const given = x.filter((each): each is Tensor => each !== undefined)
  const name = node.domain === '' ? node.op : `${node.domain}.${node.op}`
  if (Object.hasOwn(unary, name)) return tensor(a.shape, (i) => unary[name](a.data[i], number, node))
  if (Object.hasOwn(many, name)) return broadcast(given, many[name])
  if (Object.hasOwn(reductions, name)) {
    const [axis] = (ints('axes', b) ?? []).map((each) => positive(each, a.shape.length))
    const data = along(a, axis, (values) => [reductions[name](values)])
    const kept = a.shape.map((size, i) => (i === axis ? 1 : size))
    return { shape: number('keepdims', 1) ? kept : kept.filter((_, i) => i !== axis), data }
  }
  switch (name) {
    case 'Identity':
    case 'Dropout':
    case 'CastLike':
    case 'ai.onnx.ml.ZipMap':
      return a
    case 'Cast':
      return [1, 10, 11, 16].includes(number('to')) ? a : tensor(a.shape, (i) => Math.trunc(a.data[i]))
    case 'Constant':
      return fromFile(attribute('value')?.tensor as OnnxTensor)
    case 'Gemm': {
      const product = matmul(number('transA') ? swapped(a) : a, number('transB') ? swapped(b) : b)
      const scaled = tensor(product.shape, (i) => number('alpha', 1) * product.data[i])
      return c ? broadcast([scaled, c], (z, bias) => z + number('beta', 1) * bias) : scaled
    }
    case 'MatMul':
      return matmul(a, b)
    case 'Clip': {
      const low = attribute('min')?.float ?? b?.data[0] ?? Number.NEGATIVE_INFINITY
      const high = attribute('max')?.float ?? c?.data[0] ?? Number.POSITIVE_INFINITY
      return tensor(a.shape, (i) => Math.min(high, Math.max(low, a.data[i])))
    }
    case 'Softmax':
    case 'LogSoftmax': {
      const axis = positive(number('axis', opset < 13 ? 1 : -1), a.shape.length)
      const data = along(a, axis, (values) => softmax(values))
      return { shape: a.shape, data: name === 'Softmax' ? data : data.map(Math.log) }
    }
    case 'BatchNormalization': {
      const [scale, bias, middle, variance] = x.slice(1) as Tensor[]
      const at = (values: Tensor, i: number) => ofChannel(values, a.shape, i)
      const deviation = (i: number) => Math.sqrt(at(variance, i) + number('epsilon', 1e-5))
      return tensor(a.shape, (i) => ((a.data[i] - at(middle, i)) / deviation(i)) * at(scale, i) + at(bias, i))
    }
    case 'LayerNormalization':
    case 'RMSNormalization': {
      const axis = positive(number('axis', -1), a.shape.length)
      const flat = { shape: [count(a.shape.slice(0, axis)), count(a.shape.slice(axis))], data: a.data }
      const data = along(flat, 1, (values) => normalize(values, number('epsilon', 1e-5), name !== 'RMSNormalization'))
      const scaled = broadcast(
        [
          { ...flat, data },
          { shape: [b.data.length], data: b.data },
        ],
        (z, gamma) => z * gamma,
      )
      const shifted = c ? broadcast([scaled, { shape: [c.data.length], data: c.data }], (z, beta) => z + beta) : scaled
      return { ...shifted, shape: a.shape }
    }
    case 'InstanceNormalization':
    case 'GroupNormalization': {
      const groups = name === 'InstanceNormalization' ? a.shape[1] : number('num_groups')
      const flat = { shape: [a.shape[0] * groups, count(a.shape.slice(1)) / groups], data: a.data }
      const data = along(flat, 1, (values) => normalize(values, number('epsilon', 1e-5)))
      const wide = [a.shape[0], b.data.length, count(a.shape.slice(1)) / b.data.length]
      return tensor(a.shape, (i) => data[i] * ofChannel(b, wide, i) + ofChannel(c, wide, i))
    }
    case 'Flatten': {
      const axis = positive(number('axis', 1), a.shape.length)
      return { shape: [count(a.shape.slice(0, axis)), count(a.shape.slice(axis))], data: a.data }
    }
    case 'Reshape':
      return reshaped(a, ints('shape', b) ?? [])
    case 'Squeeze': {
      const axes = ints('axes', b)?.map((axis) => positive(axis, a.shape.length))
      return { ...a, shape: a.shape.filter((size, i) => !(axes ? axes.includes(i) : size === 1)) }
    }
    case 'Unsqueeze': {
      const axes = ints('axes', b) ?? []
      const rank = a.shape.length + axes.length
      const at = axes.map((axis) => positive(axis, rank))
      const rest = [...a.shape]
      return { ...a, shape: Array.from({ length: rank }, (_, i) => (at.includes(i) ? 1 : (rest.shift() ?? 1))) }
    }
    case 'Transpose': {
      const order = ints('perm', undefined) ?? a.shape.map((_, i) => a.shape.length - 1 - i)
      const shape = order.map((axis) => a.shape[axis])
      return tensor(shape, (i) => {
        const index: number[] = []
        let rest = i
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          index[order[axis]] = rest % shape[axis]
          rest = Math.floor(rest / shape[axis])
        }
        return a.data[index.reduce((at, k, axis) => at * a.shape[axis] + k, 0)]
      })
    }
    case 'Shape':
      return { shape: [a.shape.length], data: [...a.shape] }
    case 'Concat': {
      const axis = positive(number('axis'), a.shape.length)
      const shape = a.shape.map((size, i) => (i === axis ? sum(given.map((each) => each.shape[axis])) : size))
      const data: number[] = []
      for (let before = 0; before < count(shape.slice(0, axis)); before++) {
        for (const each of given) {
          const length = count(each.shape.slice(axis))
          for (let i = 0; i < length; i++) data.push(each.data[before * length + i])
        }
      }
      return { shape, data }
    }
    case 'Expand':
      return broadcast([a, tensor(Array.from(b.data), () => 0)], (value) => value)
    case 'Gather': {
      const axis = positive(number('axis'), a.shape.length)
      const run = count(a.shape.slice(axis + 1))
      const shape = [...a.shape.slice(0, axis), ...b.shape, ...a.shape.slice(axis + 1)]
      return tensor(shape, (i) => {
        const [inner, k] = [i % run, Math.floor(i / run) % count(b.shape)]
        const before = Math.floor(i / run / count(b.shape))
        return a.data[(before * a.shape[axis] + positive(b.data[k], a.shape[axis])) * run + inner]
      })
    }
    case 'Slice': {
      // along the first axis only
      const run = count(a.shape.slice(1))
      const [begin, end] = [b.data[0], Math.min(c.data[0], a.shape[0])]
      return tensor([end - begin, ...a.shape.slice(1)], (i) => a.data[begin * run + i])
    }
    case 'ai.onnx.ml.Scaler': {
      const list = (key: string, i: number) => {
        const values = attribute(key)?.floats ?? []
        return values.length === 1 ? values[0] : values[i % a.shape[1]]
      }
      return tensor(a.shape, (i) => (a.data[i] - list('offset', i)) * list('scale', i))
    }
    case 'ai.onnx.ml.LabelEncoder': {
      const keys = attribute('keys_strings')?.texts ?? []
      const values = attribute('values_int64s')?.ints ?? attribute('values_floats')?.floats ?? []
      const other = attribute('default_int64')?.int ?? attribute('default_float')?.float ?? Number.NaN
      return tensor(a.shape, (i) => values[keys.indexOf(a.texts?.[i] ?? '')] ?? other)
    }
    case 'ai.onnx.ml.LinearRegressor': {
      const [k, floats] = [a.shape[1], (key: string) => attribute(key)?.floats ?? new Float64Array(0)]
      const weights = { shape: [floats('coefficients').length / k, k], data: floats('coefficients') }
      const product = matmul(a, swapped(weights))
      const bias = floats('intercepts')
      return broadcast([product, { shape: [bias.length], data: bias }], (z, shift) => z + shift)
    }
    default:
      throw new Error(`the oracle does not know ${name}`)
  }
}

/** The first output of a graph without functions, for its one input, or for several by name. */
export function evaluate(
  model: OnnxModel,
  x: Tensor | ReadonlyMap<string, Tensor>,
  output = model.graph.outputs[0].name,
): Tensor {
  const { graph, opsets } = model
  const values = new Map<string, Tensor>()
  for (const each of graph.initializers) values.set(each.name, fromFile(each))
  const inputs = graph.inputs.filter(({ name }) => !values.has(name))
  if (x instanceof Map) for (const { name } of inputs) values.set(name, x.get(name))
  else values.set(inputs[0].name, x as Tensor)
  const needed = new Set([output])
  const nodes: OnnxNode[] = []
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue
    nodes.unshift(node)
    for (const name of node.inputs) needed.add(name)
  }
  for (const node of nodes) {
    const operands = node.inputs.map((name) => (name === '' ? undefined : values.get(name)))
    values.set(node.outputs[0], run(node, operands, opsets.get(node.domain) ?? 0))
  }
  const found = values.get(output)
  if (!found) throw new Error(`the oracle found no ${output}`)
  return found
}
