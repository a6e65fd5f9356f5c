/** Builds an ONNX model: nodes, and shared constants. */
import { MessageWriter } from '../protobuf.ts'

/** Floats are written as float32; numbers marked as integers, as integers; arrays as lists of strings. */
export type Attributes = Readonly<
  Record<
    string,
    | number
    | string
    | readonly string[]
    | { readonly int: number }
    | { readonly ints: readonly number[] }
    | { readonly floats: readonly number[] }
  >
>

/** TensorProto.DataType. */
export const FLOAT = 1
export const INT64 = 7
export const TEXT = 8
export const BOOL = 9
export const DOUBLE = 11

/** Opset version of domains other than ONNX's own: the oldest with the operators used. */
const DOMAIN_VERSION = 2

interface Node {
  readonly op: string
  readonly domain: string
  readonly inputs: readonly string[]
  output: string
  readonly attributes: Attributes
}

/** A model output: the value and its public name. */
export interface Result {
  readonly from: string
  readonly name: string
  readonly columns: number
}

/** Names of the input, the output and the row dimension in files. */
export const INPUT = 'x'
export const OUTPUT = 'y'
const BATCH = 'rows'

/** The file format (IR) version released with each opset. */
const irVersion = (opset: number): number => {
  const first = [9, 10, 11, 12, 15, 19, 21, 23]
  const versions = [4, 5, 6, 7, 8, 9, 10, 11]
  return versions[first.findLastIndex((least) => opset >= least)]
}

export class GraphWriter {
  readonly opset: number
  readonly #nodes: Node[] = []
  readonly #tensors = new Map<string, MessageWriter>()
  readonly #names = new Set([OUTPUT])
  /** Names of constants that any node may use. */
  readonly #constants = new Map<string, string>()
  readonly #inputs: MessageWriter[] = []
  #output = OUTPUT
  #scope = ''

  constructor(opset: number) {
    this.opset = opset
  }

  /** Prefixes the names that `write` adds with the layer's. */
  within<T>(scope: string, write: () => T): T {
    const outer = this.#scope
    this.#scope = outer + scope
    const written = write()
    this.#scope = outer
    return written
  }

  /** Adds an input with that many columns; must come before other names. @returns its name. */
  input(name: string, type = FLOAT, columns = 1): string {
    this.#names.add(name)
    if (name === OUTPUT) this.#output = `${OUTPUT}_2`
    this.#inputs.push(value(name, columns, type))
    return name
  }

  /** Adds a node. @returns the name of its output. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    const output = this.#unused(`${this.#scope}${op}`)
    this.#nodes.push({ op, domain, inputs, output, attributes })
    return output
  }

  /** Adds a tensor that belongs to the current layer. @returns its name. */
  tensor(name: string, shape: readonly number[], values: Float32Array | Float64Array): string {
    const full = this.#unused(this.#scope + name)
    this.#tensors.set(full, tensor(full, values instanceof Float32Array ? FLOAT : DOUBLE, shape, bytesOf(values)))
    return full
  }

  /** A shared scalar. @returns its name. */
  scalar(value: number): string {
    return this.#shared(`constant/${Math.fround(value)}`, FLOAT, [], bytesOf(Float32Array.of(value)))
  }

  /** Likewise in float64. */
  double(value: number): string {
    return this.#shared(`constant/${value}d`, DOUBLE, [], bytesOf(Float64Array.of(value)))
  }

  /** Shared integers, such as a shape. @returns their name. */
  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    return this.#shared(`constant/[${values.join()}]`, INT64, [values.length], bytes)
  }

  #shared(name: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    const known = this.#constants.get(name)
    if (known !== undefined) return known
    const full = this.#unused(name)
    this.#constants.set(name, full)
    this.#tensors.set(full, tensor(full, type, shape, bytes))
    return full
  }

  #unused(name: string): string {
    let free = name
    for (let i = 2; this.#names.has(free); i++) free = `${name}_${i}`
    this.#names.add(free)
    return free
  }

  /** The complete model. Results get their public names; `metadata` are strings. */
  finish(results: readonly Result[], metadata: Readonly<Record<string, string>>): MessageWriter {
    const outputs = results.map(({ from, name, columns }) => {
      const output = name === OUTPUT ? this.#output : this.#unused(name)
      const last = this.#nodes.find((node) => node.output === from)
      const isRead = this.#nodes.some((node) => node.inputs.includes(from))
      if (last && !isRead) last.output = output
      else this.#nodes.push({ op: 'Identity', domain: '', inputs: [from], output, attributes: {} })
      return value(output, columns, FLOAT)
    })
    const graph = new MessageWriter()
    for (const node of this.#nodes) graph.message(1, nodeMessage(node))
    graph.text(2, 'fourlane')
    for (const each of this.#tensors.values()) graph.message(5, each)
    for (const each of this.#inputs) graph.message(11, each)
    for (const output of outputs) graph.message(12, output)

    const model = new MessageWriter().int(1, irVersion(this.opset)).text(2, 'fourlane').message(7, graph)
    model.message(8, new MessageWriter().text(1, '').int(2, this.opset))
    const others = new Set(this.#nodes.map(({ domain }) => domain).filter((domain) => domain !== ''))
    for (const domain of others) model.message(8, new MessageWriter().text(1, domain).int(2, DOMAIN_VERSION))
    for (const [key, text] of Object.entries(metadata))
      model.message(14, new MessageWriter().text(1, key).text(2, text))
    return model
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

function tensor(name: string, type: number, shape: readonly number[], bytes: Uint8Array): MessageWriter {
  const message = new MessageWriter()
  for (const size of shape) message.int(1, size)
  return message.int(2, type).text(8, name).bytes(9, bytes)
}

function nodeMessage({ op, domain, inputs, output, attributes }: Node): MessageWriter {
  const message = new MessageWriter()
  for (const name of inputs) message.text(1, name)
  message.text(2, output).text(3, `node/${output}`).text(4, op)
  if (domain !== '') message.text(7, domain)
  for (const [name, given] of Object.entries(attributes)) {
    const attribute = new MessageWriter().text(1, name)
    if (typeof given === 'number') attribute.float(2, given).int(20, 1)
    else if (typeof given === 'string') attribute.text(4, given).int(20, 3)
    else if ('int' in given) attribute.int(3, given.int).int(20, 2)
    else if ('floats' in given) {
      for (const each of given.floats) attribute.float(7, each)
      attribute.int(20, 6)
    } else if (!('ints' in given)) {
      for (const each of given) attribute.text(9, each)
      attribute.int(20, 8)
    } else {
      for (const each of given.ints) attribute.int(8, each)
      attribute.int(20, 7)
    }
    message.message(5, attribute)
  }
  return message
}

/** A ValueInfoProto: any number of rows of `size` values. */
function value(name: string, size: number, elements: number): MessageWriter {
  const shape = new MessageWriter()
    .message(1, new MessageWriter().text(2, BATCH))
    .message(1, new MessageWriter().int(1, size))
  const type = new MessageWriter().int(1, elements).message(2, shape)
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, type))
}
