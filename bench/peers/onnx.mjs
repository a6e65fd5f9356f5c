// onnxruntime-node, native code, one thread, inference only. The model file is written here, as protocol buffer bytes.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const ort = require('onnxruntime-node')

export const name = 'onnxruntime-node'
export const version = require('onnxruntime-node/package.json').version
export const open = async () => {}

function varint(value) {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Buffer.from([...bytes, value])
}
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])
const text = (field, value) => bytes(field, Buffer.from(value))
const message = (field, ...parts) => bytes(field, Buffer.concat(parts))

// TensorProto: dims 1, data_type 2 (1: float), name 8, raw_data 9
const tensor = (field, name, shape, values) =>
  message(
    field,
    ...shape.map((size) => number(1, size)),
    number(2, 1),
    text(8, name),
    bytes(9, Buffer.from(Float32Array.from(values).buffer)),
  )
// NodeProto: input 1, output 2, op_type 4
const node = (type, inputs, output) =>
  message(1, ...inputs.map((input) => text(1, input)), text(2, output), text(4, type))
// ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }
const value = (field, name, shape) =>
  message(
    field,
    text(1, name),
    message(2, message(1, number(1, 1), message(2, ...shape.map((size) => message(1, number(1, size)))))),
  )

const OPERATORS = { relu: 'Relu', tanh: 'Tanh', softmax: 'Softmax', sigmoid: 'Sigmoid' }

// ModelProto: ir_version 1, graph 7, opset_import 8 { version 2 }; GraphProto: node 1, name 2, initializer 5, input 11, output 12
export function model({ widths, hidden, last, rows }, weights) {
  const layers = widths.slice(1)
  return Buffer.concat([
    number(1, 8),
    message(
      7,
      ...layers.flatMap((_, i) => [
        node('Gemm', [i ? `y${i - 1}` : 'x', `w${i}`, `b${i}`], `z${i}`),
        node(OPERATORS[i === layers.length - 1 ? last : hidden], [`z${i}`], `y${i}`),
      ]),
      text(2, 'dense'),
      ...layers.flatMap((units, i) => [
        tensor(5, `w${i}`, [widths[i], units], weights[2 * i]),
        tensor(5, `b${i}`, [units], weights[2 * i + 1]),
      ]),
      value(11, 'x', [rows, widths[0]]),
      value(12, `y${layers.length - 1}`, [rows, widths[widths.length - 1]]),
    ),
    message(8, number(2, 13)),
  ])
}

export async function inference(load, x, weights) {
  const session = await ort.InferenceSession.create(model(load, weights), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  })
  const output = session.outputNames[0]
  return async () => (await session.run({ x: new ort.Tensor('float32', x, [load.rows, load.widths[0]]) }))[output].data
}
