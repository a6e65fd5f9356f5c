/** Imports ONNX models: parses the file, evaluates its nodes symbolically as steps on rows, and turns these into layers. */
import { checkOptions, quote, show } from '../../lib/check.ts'
import { headsStage, type Network, type Stage } from '../network.ts'
import { assemble, scalerOf } from './assemble.ts'
import { classReaders } from './classes.ts'
import { type Constant, ConstantReader, type ExternalData } from './constants.ts'
import { elementwise } from './elementwise.ts'
import { type Context, type Flow, type Reader, rows, sizeOf, type Value } from './flows.ts'
import { fold, isFoldable } from './fold.ts'
import { type Call, describe, inline } from './graph.ts'
import { type Given, inputsOf } from './inputs.ts'
import { normReaders } from './norms.ts'
import { classNamesOf, headNames, outputsOf, scoresAmong, scoresIn } from './outputs.ts'
import { parseModel } from './parse.ts'
import { productReaders } from './products.ts'
import { Recognizer } from './recognize.ts'
import { itemsBetween, trunkOf } from './regions.ts'
import { rowReaders } from './rowwise.ts'
import type { OnnxModel, OnnxValue } from './schema.ts'
import { shapeReaders } from './shapes.ts'
import { valueReaders } from './values.ts'

export interface OnnxOptions {
  /**
   * Returns the contents of the external data files of a model (used above 2 GB), by the location stated in the model, a
   * relative path.
   */
  readonly externalData?: ExternalData
  /** The graph output to use if there are several. */
  readonly output?: string
}

/** Supported opset versions. */
const OPSETS = { least: 9, most: 23 }

const readers: () => Readonly<Record<string, Reader>> = () => ({
  ...shapeReaders,
  ...productReaders,
  ...normReaders,
  ...rowReaders,
  ...classReaders,
  ...valueReaders,
})

/**
 * The network in an ONNX file.
 * @throws RangeError for a file that is damaged or not ONNX, and for a model that is not a stack of layers, naming the first
 * unsupported node with its operator, name and inputs. TypeError or RangeError naming the option.
 */
export function decodeOnnx(where: string, bytes: Uint8Array, options: OnnxOptions = {}): Network {
  checkOptions(where, options, ['externalData', 'output'])
  const { externalData, output } = options
  if (externalData !== undefined && typeof externalData !== 'function')
    throw new TypeError(`${where}: "externalData" must be a function, got ${show(externalData)}`)
  const model = parseModel(where, bytes)
  const opset = model.opsets.get('')
  if (opset !== undefined && !(opset >= OPSETS.least && opset <= OPSETS.most)) {
    throw new RangeError(
      `${where}: the model uses opset ${opset}, but ${OPSETS.least} to ${OPSETS.most} are known; export it with one of these`,
    )
  }
  return new Importer(where, model, bytes.length, externalData).network(output)
}

class Importer implements Context {
  readonly #where: string
  readonly #model: OnnxModel
  readonly #calls: readonly Call[]
  readonly #constants: ConstantReader
  readonly #values = new Map<string, Value>()
  readonly #readers = readers()
  #flows = 0
  #budget: number

  constructor(where: string, model: OnnxModel, size: number, externalData: ExternalData | undefined) {
    this.#where = where
    this.#model = model
    this.#calls = inline(where, model)
    this.#constants = new ConstantReader(where, externalData)
    this.#budget = 2 ** 20 + 2 * size
  }

  fail(call: Call, reason: string): Error {
    return new RangeError(`${this.#where}: ${describe(call)} is not supported: ${reason}`)
  }

  spend(values: number): void {
    this.#budget -= values
    if (!(this.#budget + this.#constants.external >= 0))
      throw new RangeError(`${this.#where}: the model computes far more constants than the file holds`)
  }

  flow(step: Omit<Flow, 'id'>): Flow {
    return { ...step, id: ++this.#flows }
  }

  read(tensor: Parameters<ConstantReader['read']>[0]): Constant {
    return this.#constants.read(tensor)
  }

  network(wanted: string | undefined): Network {
    const { graph, metadata } = this.#model
    const outputs = outputsOf(this.#where, graph, wanted)
    const strict = this.#neededFor(scoresAmong(outputs))
    const needed = this.#neededFor(outputs)
    for (const call of this.#calls) {
      if (strict.has(call) && !this.#isKnown(call))
        throw this.fail(call, 'there is no layer for it, and it is no part of one')
    }
    for (const tensor of graph.initializers) {
      if (needed.names.has(tensor.name)) this.#values.set(tensor.name, this.read(tensor))
    }
    const source = this.#give(inputsOf(this.#where, graph, this.#calls, needed.names))
    for (const call of this.#calls) if (needed.has(call)) this.#readCall(call, strict.has(call))

    const found = outputs.map(({ name }) => this.#valueOf(name, outputs))
    const scores = scoresIn(this.#where, found, outputs)
    const recognizer = new Recognizer()
    const flows = scores.map(({ value }) => value.flow)
    const trunk = flows.length === 1 ? flows[0] : trunkOf(source, flows)
    const items = itemsBetween(source, trunk, recognizer, this)
    const stages = assemble(items, source.size, this)
    if (flows.length > 1) {
      const branches = flows.map((flow) => assemble(itemsBetween(trunk, flow, recognizer, this), trunk.size, this))
      stages.push(this.#heads(headNames(scores), branches))
    }
    const classNames = flows.length === 1 ? classNamesOf(found, scores[0].value, metadata) : undefined
    const scaler = scalerOf(items, source.size)
    return {
      inputs: source.size,
      stages,
      ...(classNames && { classNames }),
      ...(scaler && { metadata: { scaler } }),
    }
  }

  #heads(names: readonly string[], branches: readonly (readonly Stage[])[]): Stage {
    try {
      return headsStage(names, branches)
    } catch (cause) {
      const { message } = cause as Error
      throw new RangeError(`${this.#where}: the outputs are no ${message}; choose one with { output }`, { cause })
    }
  }

  /** The calls that outputs depend on, and the names of all values involved. */
  #neededFor(outputs: readonly OnnxValue[]): Set<Call> & { names: Set<string> } {
    const names = new Set(outputs.map(({ name }) => name))
    const calls = new Set<Call>()
    for (let i = this.#calls.length - 1; i >= 0; i--) {
      const call = this.#calls[i]
      if (!call.outputs.some((name) => names.has(name))) continue
      calls.add(call)
      for (const name of call.inputs) names.add(name)
    }
    return Object.assign(calls, { names })
  }

  #readerOf({ domain, op }: Call): Reader | undefined {
    const name = domain === '' ? op : `${domain}.${op}`
    return Object.hasOwn(this.#readers, name) ? this.#readers[name] : undefined
  }

  #isKnown(call: Call): boolean {
    return this.#readerOf(call) !== undefined || isFoldable(call)
  }

  /** Concatenates all inputs to one wide row, of which each is a slice. */
  #give(inputs: readonly Given[]): Flow {
    const widths = inputs.map(({ dims }) => sizeOf(dims))
    const total = widths.reduce((sum, width) => sum + width, 0)
    const source = this.flow({ call: undefined, from: [], size: total })
    for (const [i, { name, dims }] of inputs.entries()) {
      const part: Omit<Flow, 'id'> = { call: undefined, from: [source], size: widths[i], role: 'part' }
      this.#values.set(name, rows(inputs.length === 1 ? source : this.flow(part), dims))
    }
    return source
  }

  #readCall(call: Call, isStrict: boolean): void {
    if (!isStrict && !this.#isKnown(call)) {
      // only labels depend on it, and their values do not matter
      for (const name of call.outputs) this.#define(call, name, { kind: 'labels' })
      return
    }
    const operands = call.inputs.map((name) => (name === '' ? undefined : this.#operand(call, name)))
    const made = this.#make(call, operands)
    for (const [i, name] of call.outputs.entries()) if (made[i]) this.#define(call, name, made[i])
  }

  #make(call: Call, operands: readonly (Value | undefined)[]): readonly Value[] {
    const folded = fold(call, operands, this)
    return folded ? [folded] : (this.#readerOf(call) ?? elementwise)(call, operands, this)
  }

  #operand(call: Call, name: string): Value {
    const value = this.#values.get(name)
    if (!value) throw this.fail(call, `no node before it makes ${quote(name)}`)
    return value
  }

  #define(call: Call, name: string, value: Value): void {
    if (name === '') return
    if (this.#values.has(name)) throw this.fail(call, `${quote(name)} is there already`)
    this.#values.set(name, value)
  }

  #valueOf(name: string, outputs: readonly OnnxValue[]): Value {
    const value = this.#values.get(name)
    if (value && value.kind !== 'constant') return value
    throw new RangeError(
      `${this.#where}: output ${quote(name)} does not depend on the input${outputs.length > 1 ? '; choose one with { output }' : ''}`,
    )
  }
}
