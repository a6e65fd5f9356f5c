/** Builds an ONNX model: nodes, and the tensors that they share. */
import { MessageWriter } from '../protobuf.ts'

/** Floats are written as float32; whole numbers, marked as such, as integers. */
export type Attributes = Readonly<
  Record<string, number | string | { readonly int: number } | { readonly ints: readonly number[] }>
>

const FLOAT = 1
const INT64 = 7

interface Node {
  readonly op: string
  readonly inputs: readonly string[]
  output: string
  readonly attributes: Attributes
}

/** What a model puts out: the value that it is, and what that is to be called. */
export interface Result {
  readonly from: string
  readonly name: string
  readonly columns: number
}

/** What a model is called in its file, and what its rows are. */
export const INPUT = 'x'
export const OUTPUT = 'y'
const BATCH = 'rows'

/** The version of the file format that came with each version of the operators. */
const irVersion = (opset: number): number => {
  const first = [9, 10, 11, 12, 15, 19, 21, 23]
  const versions = [4, 5, 6, 7, 8, 9, 10, 11]
  return versions[first.findLastIndex((least) => opset >= least)]
}

export class GraphWriter {
  readonly opset: number
  readonly #nodes: Node[] = []
  readonly #tensors = new Map<string, MessageWriter>()
  readonly #names = new Set([INPUT, OUTPUT])
  #scope = ''

  constructor(opset: number) {
    this.opset = opset
  }

  /** What `write` adds is named after the layer that it belongs to. */
  within<T>(scope: string, write: () => T): T {
    const outer = this.#scope
    this.#scope = outer + scope
    const written = write()
    this.#scope = outer
    return written
  }

  /** Adds a node. @returns the name of what it makes. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.#unused(`${this.#scope}${op}`)
    this.#nodes.push({ op, inputs, output, attributes })
    return output
  }

  /** Adds a tensor of the layer's own. @returns its name. */
  tensor(name: string, shape: readonly number[], values: Float32Array): string {
    const full = this.#unused(this.#scope + name)
    this.#tensors.set(full, tensor(full, FLOAT, shape, bytesOf(values)))
    return full
  }

  /** A number that any node may use. @returns its name. */
  scalar(value: number): string {
    return this.#shared(`constant/${Math.fround(value)}`, FLOAT, [], bytesOf(Float32Array.of(value)))
  }

  /** Whole numbers that any node may use, such as a shape. @returns their name. */
  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    return this.#shared(`constant/[${values.join()}]`, INT64, [values.length], bytes)
  }

  #shared(name: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    if (!this.#tensors.has(name)) this.#tensors.set(name, tensor(name, type, shape, bytes))
    return name
  }

  #unused(name: string): string {
    let free = name
    for (let i = 2; this.#names.has(free); i++) free = `${name}_${i}`
    this.#names.add(free)
    return free
  }

  /** The whole model. What it puts out goes by its name in the file; entries of `metadata` are texts. */
  finish(results: readonly Result[], inputs: number, metadata: Readonly<Record<string, string>>): MessageWriter {
    const outputs = results.map(({ from, name, columns }) => {
      const output = name === OUTPUT ? name : this.#unused(name)
      const last = this.#nodes.find((node) => node.output === from)
      const isRead = this.#nodes.some((node) => node.inputs.includes(from))
      if (last && !isRead) last.output = output
      else this.#nodes.push({ op: 'Identity', inputs: [from], output, attributes: {} })
      return value(output, columns)
    })
    const graph = new MessageWriter()
    for (const node of this.#nodes) graph.message(1, nodeMessage(node))
    graph.text(2, 'fourlane')
    for (const each of this.#tensors.values()) graph.message(5, each)
    graph.message(11, value(INPUT, inputs))
    for (const output of outputs) graph.message(12, output)

    const model = new MessageWriter().int(1, irVersion(this.opset)).text(2, 'fourlane').message(7, graph)
    model.message(8, new MessageWriter().text(1, '').int(2, this.opset))
    for (const [key, text] of Object.entries(metadata))
      model.message(14, new MessageWriter().text(1, key).text(2, text))
    return model
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

function tensor(name: string, type: number, shape: readonly number[], bytes: Uint8Array): MessageWriter {
  const message = new MessageWriter()
  for (const size of shape) message.int(1, size)
  return message.int(2, type).text(8, name).bytes(9, bytes)
}

function nodeMessage({ op, inputs, output, attributes }: Node): MessageWriter {
  const message = new MessageWriter()
  for (const name of inputs) message.text(1, name)
  message.text(2, output).text(3, `node/${output}`).text(4, op)
  for (const [name, given] of Object.entries(attributes)) {
    const attribute = new MessageWriter().text(1, name)
    if (typeof given === 'number') attribute.float(2, given).int(20, 1)
    else if (typeof given === 'string') attribute.text(4, given).int(20, 3)
    else if ('int' in given) attribute.int(3, given.int).int(20, 2)
    else {
      for (const each of given.ints) attribute.int(8, each)
      attribute.int(20, 7)
    }
    message.message(5, attribute)
  }
  return message
}

/** A ValueInfoProto: any number of rows of so many values. */
function value(name: string, size: number): MessageWriter {
  const shape = new MessageWriter()
    .message(1, new MessageWriter().text(2, BATCH))
    .message(1, new MessageWriter().int(1, size))
  const type = new MessageWriter().int(1, FLOAT).message(2, shape)
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, type))
}
