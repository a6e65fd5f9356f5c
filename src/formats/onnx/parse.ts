/**
 * Parses an ONNX file. Messages are read by field number as in onnx.proto; irrelevant fields are
 * skipped: documentation, shapes of intermediate values, quantization.
 */
import { MessageReader, NumberList } from '../protobuf.ts'
import {
  MOST_AXES,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './schema.ts'

/** Maximum number of objects: a two-byte message takes a hundred times that in memory. */
const MOST = 2 ** 16

/** @throws RangeError for bytes that are damaged, not ONNX, or contain too many objects. */
export function parseModel(where: string, bytes: Uint8Array): OnnxModel {
  return new Parser((text) => new RangeError(`${where}: ${text}`)).model(bytes)
}

/** ONNX's own domain has two names. */
const domainOf = (name: string): string => (name === 'ai.onnx' ? '' : name)

class Parser {
  readonly #fail: (text: string) => Error
  #things = 0

  constructor(fail: (text: string) => Error) {
    this.#fail = fail
  }

  #count(): void {
    if (++this.#things > MOST) throw this.#fail(`the model is made of more than ${MOST} nodes, tensors and names`)
  }

  /** A name; counted, since there may be many. */
  #name(reader: MessageReader): string {
    this.#count()
    return reader.text()
  }

  model(bytes: Uint8Array): OnnxModel {
    const reader = new MessageReader(bytes, this.#fail)
    const opsets = new Map<string, number>()
    const metadata = new Map<string, string>()
    const functions: OnnxFunction[] = []
    let producer = ''
    let graph: OnnxGraph | undefined
    while (reader.next()) {
      if (reader.field === 2) producer = reader.text()
      else if (reader.field === 7) {
        if (graph) throw this.#fail('the file is damaged: it has two graphs')
        graph = this.#graph(reader.message())
      } else if (reader.field === 8) this.#opset(reader.message(), opsets)
      else if (reader.field === 14) this.#entry(reader.message(), metadata)
      else if (reader.field === 25) functions.push(this.#function(reader.message()))
      else reader.skip()
    }
    if (!graph) throw this.#fail('the file holds no ONNX model: it has no graph')
    if (opsets.size === 0)
      throw this.#fail('the file holds no ONNX model: it does not say the version of its operators (opset_import)')
    return { opsets, producer, graph, functions, metadata }
  }

  #opset(reader: MessageReader, to: Map<string, number>): void {
    this.#count()
    let domain = ''
    let version = 0
    while (reader.next()) {
      if (reader.field === 1) domain = reader.text()
      else if (reader.field === 2) version = reader.int()
      else reader.skip()
    }
    to.set(domainOf(domain), version)
  }

  /** A StringStringEntryProto. */
  #entry(reader: MessageReader, to: Map<string, string>): void {
    this.#count()
    let key = ''
    let value = ''
    while (reader.next()) {
      if (reader.field === 1) key = reader.text()
      else if (reader.field === 2) value = reader.text()
      else reader.skip()
    }
    to.set(key, value)
  }

  #graph(reader: MessageReader): OnnxGraph {
    const nodes: OnnxNode[] = []
    const initializers: OnnxTensor[] = []
    const inputs: OnnxValue[] = []
    const outputs: OnnxValue[] = []
    while (reader.next()) {
      if (reader.field === 1) nodes.push(this.#node(reader.message()))
      else if (reader.field === 5) initializers.push(this.#tensor(reader.message()))
      else if (reader.field === 11) inputs.push(this.#value(reader.message()))
      else if (reader.field === 12) outputs.push(this.#value(reader.message()))
      else if (reader.field === 15) throw this.#fail('sparse initializers are not supported; store them dense')
      else reader.skip()
    }
    return { nodes, initializers, inputs, outputs }
  }

  #node(reader: MessageReader): OnnxNode {
    this.#count()
    const inputs: string[] = []
    const outputs: string[] = []
    const attributes = new Map<string, OnnxAttribute>()
    let [name, op, domain] = ['', '', '']
    while (reader.next()) {
      if (reader.field === 1) inputs.push(this.#name(reader))
      else if (reader.field === 2) outputs.push(this.#name(reader))
      else if (reader.field === 3) name = reader.text()
      else if (reader.field === 4) op = reader.text()
      else if (reader.field === 5) this.#attribute(reader.message(), attributes)
      else if (reader.field === 7) domain = reader.text()
      else reader.skip()
    }
    return { name, op, domain: domainOf(domain), inputs, outputs, attributes }
  }

  #attribute(reader: MessageReader, to: Map<string, OnnxAttribute>): void {
    this.#count()
    const floats = new NumberList()
    const ints = new NumberList()
    const texts: string[] = []
    const single: { reference?: string; float?: number; int?: number; text?: string; tensor?: OnnxTensor } = {}
    let name = ''
    while (reader.next()) {
      if (reader.field === 1) name = reader.text()
      else if (reader.field === 2) single.float = reader.float()
      else if (reader.field === 3) single.int = reader.int()
      else if (reader.field === 4) single.text = reader.text()
      else if (reader.field === 5) single.tensor = this.#tensor(reader.message())
      else if (reader.field === 7) reader.numbers('float', floats)
      else if (reader.field === 8) reader.numbers('varint', ints)
      else if (reader.field === 9) texts.push(this.#name(reader))
      else if (reader.field === 21) single.reference = reader.text()
      else reader.skip()
    }
    to.set(name, { ...single, floats: floats.values, ints: ints.values, texts })
  }

  #tensor(reader: MessageReader): OnnxTensor {
    this.#count()
    const shape = new NumberList()
    const numbers = new NumberList()
    const texts: string[] = []
    const entries = new Map<string, string>()
    let name = ''
    let type = 0
    let isExternal = false
    let raw: Uint8Array | undefined
    while (reader.next()) {
      if (reader.field === 1) reader.numbers('varint', shape)
      else if (reader.field === 2) type = reader.int()
      else if (reader.field === 4) reader.numbers('float', numbers)
      // int32_data, int64_data, uint64_data
      else if (reader.field === 5 || reader.field === 7 || reader.field === 11) reader.numbers('varint', numbers)
      else if (reader.field === 6) texts.push(this.#name(reader))
      else if (reader.field === 8) name = reader.text()
      else if (reader.field === 9) raw = reader.bytes()
      else if (reader.field === 10) reader.numbers('double', numbers)
      else if (reader.field === 13) this.#entry(reader.message(), entries)
      else if (reader.field === 14) isExternal = reader.int() === 1
      else reader.skip()
    }
    return {
      name,
      shape: this.#shape(shape.values),
      type,
      numbers: numbers.values,
      texts,
      ...(raw && { raw }),
      ...(isExternal && { external: entries }),
    }
  }

  #shape(values: Float64Array): number[] {
    if (values.length > MOST_AXES)
      throw this.#fail(`a tensor of ${values.length} dimensions is none of a dense network`)
    if (!values.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw this.#fail('the file is damaged: the size of a tensor is no whole number')
    return [...values]
  }

  /** A ValueInfoProto; only plain tensor types are used. */
  #value(reader: MessageReader): OnnxValue {
    this.#count()
    let value: Omit<OnnxValue, 'name'> = {}
    let name = ''
    while (reader.next()) {
      if (reader.field === 1) name = reader.text()
      else if (reader.field === 2) {
        const type = reader.message()
        while (type.next()) {
          if (type.field === 1) value = this.#tensorType(type.message())
          else type.skip()
        }
      } else reader.skip()
    }
    return { name, ...value }
  }

  #tensorType(reader: MessageReader): Omit<OnnxValue, 'name'> {
    let type = 0
    let shape: (number | undefined)[] | undefined
    while (reader.next()) {
      if (reader.field === 1) type = reader.int()
      else if (reader.field === 2) shape = this.#sizes(reader.message())
      else reader.skip()
    }
    return { type, ...(shape && { shape }) }
  }

  #sizes(reader: MessageReader): (number | undefined)[] {
    const sizes: (number | undefined)[] = []
    while (reader.next()) {
      if (reader.field !== 1) {
        reader.skip()
        continue
      }
      if (sizes.length === MOST_AXES) throw this.#fail('a value has too many dimensions for a dense network')
      const dimension = reader.message()
      let size: number | undefined
      while (dimension.next()) {
        if (dimension.field === 1) size = dimension.int()
        else dimension.skip()
      }
      // exporters write 0 and -1 for unknown sizes
      sizes.push(size !== undefined && size > 0 ? size : undefined)
    }
    return sizes
  }

  #function(reader: MessageReader): OnnxFunction {
    this.#count()
    const inputs: string[] = []
    const outputs: string[] = []
    const nodes: OnnxNode[] = []
    const opsets = new Map<string, number>()
    const defaults = new Map<string, OnnxAttribute>()
    let [name, domain] = ['', '']
    while (reader.next()) {
      if (reader.field === 1) name = reader.text()
      else if (reader.field === 4) inputs.push(this.#name(reader))
      else if (reader.field === 5) outputs.push(this.#name(reader))
      else if (reader.field === 7) nodes.push(this.#node(reader.message()))
      else if (reader.field === 9) this.#opset(reader.message(), opsets)
      else if (reader.field === 10) domain = reader.text()
      else if (reader.field === 11) this.#attribute(reader.message(), defaults)
      else reader.skip()
    }
    return { domain, name, inputs, outputs, nodes, opsets, defaults }
  }
}
