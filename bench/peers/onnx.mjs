// onnxruntime-node, native code, inference only: one thread, two, and 8 bits with dynamic quantization. The model files are written
// here, as protocol buffer bytes.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const ort = require('onnxruntime-node')

const { version } = require('onnxruntime-node/package.json')

function varint(value) {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Buffer.from([...bytes, value])
}
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])
const text = (field, value) => bytes(field, Buffer.from(value))
const message = (field, ...parts) => bytes(field, Buffer.concat(parts))

// TensorProto: dims 1, data_type 2 (1: float, 3: int8), name 8, raw_data 9
const tensor = (field, name, shape, values) => {
  const { buffer, byteOffset, byteLength } = values
  return message(
    field,
    ...shape.map((size) => number(1, size)),
    number(2, values instanceof Int8Array ? 3 : 1),
    text(8, name),
    bytes(9, Buffer.from(buffer, byteOffset, byteLength)),
  )
}
// NodeProto: input 1, output 2, op_type 4, attribute 5 { name 1, i 3, type 20 (2: int) }
const node = (type, inputs, outputs, attributes = {}) =>
  message(
    1,
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(4, type),
    ...Object.entries(attributes).map(([name, i]) => message(5, text(1, name), number(3, i), number(20, 2))),
  )
// ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }
const value = (field, name, shape) =>
  message(
    field,
    text(1, name),
    message(2, message(1, number(1, 1), message(2, ...shape.map((size) => message(1, number(1, size)))))),
  )

const OPERATORS = { relu: 'Relu', tanh: 'Tanh', softmax: 'Softmax', sigmoid: 'Sigmoid' }

/** A dense layer in floats: nodes and tensors. */
const floats = (i, x, inputs, units, [kernel, bias]) => ({
  nodes: [node('Gemm', [x, `w${i}`, `b${i}`], [`z${i}`])],
  tensors: [tensor(5, `w${i}`, [inputs, units], kernel), tensor(5, `b${i}`, [units], bias)],
})

/** The same as onnxruntime's `quantize_dynamic` makes it: activations with their own range, weights with one scale per unit. */
function bits8(i, x, inputs, units, [kernel, bias]) {
  const scales = new Float32Array(units)
  kernel.forEach((value, at) => {
    scales[at % units] = Math.max(scales[at % units], Math.abs(value) / 127)
  })
  const weights = Int8Array.from(kernel, (value, at) => Math.round(value / scales[at % units]))
  return {
    nodes: [
      node('DynamicQuantizeLinear', [x], [`q${i}`, `s${i}`, `o${i}`]),
      node('MatMulInteger', [`q${i}`, `w${i}`, `o${i}`], [`sums${i}`]),
      node('Cast', [`sums${i}`], [`f${i}`], { to: 1 }),
      node('Mul', [`s${i}`, `ws${i}`], [`scales${i}`]),
      node('Mul', [`f${i}`, `scales${i}`], [`scaled${i}`]),
      node('Add', [`scaled${i}`, `b${i}`], [`z${i}`]),
    ],
    tensors: [
      tensor(5, `w${i}`, [inputs, units], weights),
      tensor(5, `ws${i}`, [units], scales),
      tensor(5, `b${i}`, [units], bias),
    ],
  }
}

// ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }; GraphProto: node 1, name 2, initializer 5, input 11, output 12
function model({ widths, hidden, last, rows }, weights, layerOf) {
  const units = widths.slice(1)
  const layers = units.map((count, i) =>
    layerOf(i, i ? `y${i - 1}` : 'x', widths[i], count, [weights[2 * i], weights[2 * i + 1]]),
  )
  return Buffer.concat([
    number(1, 8),
    message(
      7,
      ...layers.flatMap(({ nodes }, i) => [
        ...nodes,
        node(OPERATORS[i === layers.length - 1 ? last : hidden], [`z${i}`], [`y${i}`]),
      ]),
      text(2, 'dense'),
      ...layers.flatMap(({ tensors }) => tensors),
      value(11, 'x', [rows, widths[0]]),
      value(12, `y${layers.length - 1}`, [rows, widths[widths.length - 1]]),
    ),
    message(8, number(2, 13)),
  ])
}

const peer = (name, threads, layerOf, tolerance) => ({
  name,
  version,
  tolerance,
  open: async () => {},
  async inference(load, x, weights) {
    const session = await ort.InferenceSession.create(model(load, weights, layerOf), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
    })
    const output = session.outputNames[0]
    return async () =>
      (await session.run({ x: new ort.Tensor('float32', x, [load.rows, load.widths[0]]) }))[output].data
  },
})

export const peers = async () => [
  peer('onnxruntime-node', 1, floats),
  peer('onnxruntime-node, 2 threads', 2, floats),
  peer('onnxruntime-node int8', 1, bits8, 0.1),
]
