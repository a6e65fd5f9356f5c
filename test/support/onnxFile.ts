/** ONNX files of any nodes, as tests want them. */
import { MessageWriter } from '../../src/formats/protobuf.ts'

export type AttributeValue =
  | number
  | string
  | { int: number }
  | { ints: number[] }
  | { floats: number[] }
  | { texts: string[] }
  | TensorSpec

export interface TensorSpec {
  readonly shape: readonly number[]
  readonly floats?: readonly number[]
  readonly ints?: readonly number[]
  readonly texts?: readonly string[]
  /** In another file. */
  readonly external?: Readonly<Record<string, string>>
}

/** op, inputs, outputs, attributes; the domain before the op, as in `ai.onnx.ml.Scaler`. */
export type NodeSpec = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeValue>>,
  name?: string,
]

export interface FileSpec {
  readonly nodes: readonly NodeSpec[]
  readonly tensors?: Readonly<Record<string, TensorSpec>>
  /** Sizes of the input; undefined for the rows. Default [rows, 4] called x. */
  readonly inputs?: Readonly<Record<string, readonly (number | undefined)[]>>
  /** TensorProto.DataType by name: 1 for floats. Default y, of floats. */
  readonly outputs?: Readonly<Record<string, number>>
  readonly opset?: number
  readonly functions?: readonly {
    readonly name: string
    readonly inputs: readonly string[]
    readonly outputs: readonly string[]
    readonly nodes: readonly NodeSpec[]
  }[]
  readonly metadata?: Readonly<Record<string, string>>
}

export const floats = (shape: readonly number[], values: readonly number[] | ((i: number) => number)): TensorSpec => ({
  shape,
  floats:
    typeof values === 'function'
      ? Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => values(i))
      : values,
})
export const ints = (shape: readonly number[], values: readonly number[]): TensorSpec => ({ shape, ints: values })

function tensorMessage({ shape, ...values }: TensorSpec, name: string): MessageWriter {
  const message = new MessageWriter()
  for (const size of shape) message.int(1, size)
  if (values.external) {
    message.int(2, 1).int(14, 1)
    for (const [key, text] of Object.entries(values.external))
      message.message(13, new MessageWriter().text(1, key).text(2, text))
  } else if (values.ints) {
    message.int(2, 7).bytes(9, new Uint8Array(BigInt64Array.from(values.ints, BigInt).buffer))
  } else if (values.texts) {
    message.int(2, 8)
    for (const text of values.texts) message.text(6, text)
  } else message.int(2, 1).bytes(9, new Uint8Array(Float32Array.from(values.floats ?? []).buffer))
  return message.text(8, name)
}

function nodeMessage([op, inputs, outputs, attributes = {}, name = '']: NodeSpec): MessageWriter {
  const message = new MessageWriter()
  for (const input of inputs) message.text(1, input)
  for (const output of outputs) message.text(2, output)
  const dot = op.lastIndexOf('.')
  message
    .text(3, name)
    .text(4, op.slice(dot + 1))
    .text(7, op.slice(0, Math.max(dot, 0)))
  for (const [key, value] of Object.entries(attributes)) {
    const attribute = new MessageWriter().text(1, key)
    if (typeof value === 'number') attribute.float(2, value)
    else if (typeof value === 'string') attribute.text(4, value)
    else if ('shape' in value) attribute.message(5, tensorMessage(value, ''))
    else if ('int' in value) attribute.int(3, value.int)
    else if ('ints' in value) for (const int of value.ints) attribute.int(8, int)
    else if ('floats' in value) for (const float of value.floats) attribute.float(7, float)
    else for (const text of value.texts) attribute.text(9, text)
    message.message(5, attribute)
  }
  return message
}

function valueMessage(name: string, type: number, sizes: readonly (number | undefined)[]): MessageWriter {
  const shape = new MessageWriter()
  for (const size of sizes) {
    const dimension = new MessageWriter()
    shape.message(1, size === undefined ? dimension.text(2, 'n') : dimension.int(1, size))
  }
  const tensor = new MessageWriter().int(1, type).message(2, shape)
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor))
}

/** The bytes of a file. */
export function onnxFile({
  nodes,
  tensors = {},
  inputs = { x: [undefined, 4] },
  outputs = { y: 1 },
  opset = 17,
  functions = [],
  metadata = {},
}: FileSpec): Uint8Array {
  const graph = new MessageWriter()
  for (const node of nodes) graph.message(1, nodeMessage(node))
  for (const [name, spec] of Object.entries(tensors)) graph.message(5, tensorMessage(spec, name))
  for (const [name, sizes] of Object.entries(inputs)) graph.message(11, valueMessage(name, 1, sizes))
  for (const [name, type] of Object.entries(outputs)) graph.message(12, valueMessage(name, type, []))
  const versions = () => new MessageWriter().text(1, '').int(2, opset)
  const model = new MessageWriter().int(1, 8).message(7, graph).message(8, versions())
  model
    .message(8, new MessageWriter().text(1, 'ai.onnx.ml').int(2, 3))
    .message(8, new MessageWriter().text(1, 'local').int(2, 1))
  for (const { name, inputs: given, outputs: made, nodes: body } of functions) {
    const message = new MessageWriter().text(1, name).text(10, 'local').message(9, versions())
    for (const input of given) message.text(4, input)
    for (const output of made) message.text(5, output)
    for (const node of body) message.message(7, nodeMessage(node))
    model.message(25, message)
  }
  for (const [key, text] of Object.entries(metadata)) model.message(14, new MessageWriter().text(1, key).text(2, text))
  return model.finish()
}
