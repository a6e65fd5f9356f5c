/** ONNX models to networks: the file is read, its nodes become steps on rows, these become layers. */
import { checkOptions, quote, show } from '../../lib/check.ts'
import type { Network } from '../network.ts'
import { parseJson } from '../safetensorsHeader.ts'
import { assemble, scalerOf } from './assemble.ts'
import { classReaders } from './classes.ts'
import { type Constant, ConstantReader, constant, type ExternalData } from './constants.ts'
import { elementwise } from './elementwise.ts'
import { type Context, type Flow, type Reader, type Rows, rows, sizeOf, type Value } from './flows.ts'
import { fold, isFoldable } from './fold.ts'
import { type Call, describe, inline } from './graph.ts'
import { CLASS_NAMES } from './names.ts'
import { normReaders } from './norms.ts'
import { parseModel } from './parse.ts'
import { isPointwise } from './pointwise.ts'
import { productReaders } from './products.ts'
import { Recognizer } from './recognize.ts'
import { itemsBetween } from './regions.ts'
import { rowReaders } from './rowwise.ts'
import type { OnnxModel, OnnxValue } from './schema.ts'
import { shapeReaders } from './shapes.ts'

export interface OnnxOptions {
  /**
   * The bytes of the files that a model over 2 GB, or saved so, keeps its tensors in, by the location that the model states: a
   * plain relative path.
   */
  readonly externalData?: ExternalData
  /** Which output the model is to have, where the graph has several. */
  readonly output?: string
}

/** Versions of ONNX's own operators whose meaning is known. */
const OPSETS = { least: 9, most: 23 }

const readers: () => Readonly<Record<string, Reader>> = () => ({
  ...shapeReaders,
  ...productReaders,
  ...normReaders,
  ...rowReaders,
  ...classReaders,
})

/**
 * The network in an ONNX file.
 * @throws RangeError for a file that is damaged or no ONNX model, and for one that is no stack of layers: with the first node that
 * is not understood, its operator, name and inputs. TypeError or RangeError naming the option.
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
    const outputs = this.#outputs(wanted)
    const strict = this.#neededFor(outputs.filter(isScores).length > 0 ? outputs.filter(isScores) : outputs)
    const needed = this.#neededFor(outputs)
    for (const call of this.#calls) {
      if (strict.has(call) && !this.#isKnown(call))
        throw this.fail(call, 'there is no layer for it, and it is no part of one')
    }
    for (const tensor of graph.initializers) {
      if (needed.names.has(tensor.name)) this.#values.set(tensor.name, this.read(tensor))
    }
    const source = this.#readInputs(needed.names)
    for (const call of this.#calls) if (needed.has(call)) this.#readCall(call, strict.has(call))

    const found = outputs.map(({ name }) => this.#valueOf(name, outputs))
    const scores = this.#scoresIn(found, outputs)
    const items = itemsBetween(source, scores.flow, new Recognizer(), this)
    const classNames = this.#classNames(found, scores, metadata)
    const scaler = scalerOf(items, source.size)
    return {
      inputs: source.size,
      stages: assemble(items, source.size, this),
      ...(classNames && { classNames }),
      ...(scaler && { metadata: { scaler } }),
    }
  }

  #outputs(wanted: string | undefined): readonly OnnxValue[] {
    const { outputs } = this.#model.graph
    if (outputs.length === 0) throw new RangeError(`${this.#where}: the graph has no outputs`)
    if (wanted === undefined) return outputs
    const found = outputs.filter(({ name }) => name === wanted)
    if (found.length > 0) return found
    const names = outputs.slice(0, 10).map(({ name }) => quote(name))
    throw new RangeError(`${this.#where}: there is no output ${show(wanted)}; known: ${names.join(', ')}`)
  }

  /** The calls that outputs depend on, and the names of values. */
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
    const isConstant = call.domain === '' && (call.op === 'Constant' || call.op === 'Concat' || call.op === 'CastLike')
    return isConstant || this.#readerOf(call) !== undefined || isFoldable(call) || isPointwise(call)
  }

  /** One wide row of all inputs, of which each is a part. */
  #readInputs(needed: ReadonlySet<string>): Flow {
    const { inputs, initializers } = this.#model.graph
    const stored = new Set(initializers.map(({ name }) => name))
    const given = inputs.filter(({ name }) => !stored.has(name) && needed.has(name))
    if (given.length === 0) throw new RangeError(`${this.#where}: the output depends on no input`)
    const shapes = given.map((value) => this.#dimsOf(value))
    const widths = shapes.map(sizeOf)
    const total = widths.reduce((sum, width) => sum + width, 0)
    const source = this.flow({ call: undefined, from: [], size: total })
    if (given.length === 1) this.#values.set(given[0].name, rows(source, shapes[0]))
    else {
      for (const [i, { name }] of given.entries()) {
        const part = this.flow({ call: undefined, from: [source], size: widths[i], role: 'part' })
        this.#values.set(name, rows(part, shapes[i]))
      }
    }
    return source
  }

  /** Sizes of what a row of the input holds. */
  #dimsOf({ name, shape, type }: OnnxValue): readonly number[] {
    const fail = (reason: string) => new RangeError(`${this.#where}: input ${quote(name)} ${reason}`)
    if (type === undefined || type === 8 || !shape || shape.length === 0)
      throw fail('is no tensor of numbers with rows')
    const [, ...dims] = shape
    const known = dims.flatMap((size) => size ?? [])
    if (known.length === dims.length && dims.length > 0) return known
    const width = dims.length === 1 ? this.#widthOf(name) : undefined
    if (width === undefined)
      throw fail('does not say how many features a row has; export the model with a fixed number')
    return [width]
  }

  /** Features of an input that does not say: as many as the first product takes. */
  #widthOf(input: string): number | undefined {
    const names = new Set([input])
    const stored = new Map(this.#model.graph.initializers.map((tensor) => [tensor.name, tensor.shape]))
    for (const { op, inputs, outputs, attributes } of this.#calls) {
      if (!names.has(inputs[0])) continue
      const shape = stored.get(inputs[1] ?? '')
      const isProduct = (op === 'MatMul' || op === 'Gemm') && shape?.length === 2
      if (isProduct) return shape[op === 'Gemm' && attributes.get('transB')?.int ? 1 : 0]
      const offset = attributes.get('offset')?.floats.length ?? 0
      if (op === 'Scaler' && offset > 1) return offset
      names.add(outputs[0] ?? '')
    }
    return undefined
  }

  #readCall(call: Call, isStrict: boolean): void {
    if (!isStrict && !this.#isKnown(call)) {
      // only labels come of it, and what they are called is of no matter
      for (const name of call.outputs) this.#define(call, name, { kind: 'labels' })
      return
    }
    const operands = call.inputs.map((name) => (name === '' ? undefined : this.#operand(call, name)))
    const made = this.#make(call, operands)
    for (const [i, name] of call.outputs.entries()) if (made[i]) this.#define(call, name, made[i])
  }

  #make(call: Call, operands: readonly (Value | undefined)[]): readonly Value[] {
    if (call.domain === '' && call.op === 'Constant') return [this.#constant(call)]
    const folded = fold(call, operands, this)
    if (folded) return [folded]
    const [first] = operands
    const isCast = call.domain === '' && (call.op === 'Cast' || call.op === 'CastLike')
    if (isCast && first?.kind === 'labels') return [first]
    // numbers of other sizes are the same numbers
    if (isCast && (call.op === 'CastLike' || [1, 10, 11, 16].includes(call.attributes.get('to')?.int ?? 1)))
      return first ? [first] : []
    if (call.domain === '' && call.op === 'Concat') return [this.#join(call, operands)]
    const reader = this.#readerOf(call) ?? elementwise
    if (reader === elementwise && operands.some((operand) => operand?.kind === 'labels')) return [{ kind: 'labels' }]
    return reader(call, operands, this)
  }

  #constant(call: Call): Constant {
    const attribute = (name: string) => call.attributes.get(name)
    const tensor = attribute('value')?.tensor
    if (tensor) return this.read(tensor)
    const float = attribute('value_float')?.float ?? attribute('value_int')?.int
    if (float !== undefined) return constant(Float64Array.of(float), [], attribute('value_int') !== undefined)
    const list = attribute('value_floats')?.floats ?? attribute('value_ints')?.ints
    if (list) return constant(list, [list.length], attribute('value_ints') !== undefined)
    const texts = attribute('value_strings')?.texts
    if (texts) return { ...constant(new Float64Array(0), [texts.length]), texts }
    throw this.fail(call, 'it holds no numbers')
  }

  /** Values side by side: all parts of the input in their order are the input, others are branches. */
  #join(call: Call, operands: readonly (Value | undefined)[]): Value {
    const all = operands.filter((operand): operand is Rows => operand?.kind === 'rows')
    const axis = call.attributes.get('axis')?.int ?? 0
    const isBeside = all.every(({ dims }) => dims.length === 1) && (axis === 1 || axis === -1)
    if (all.length === 0 || all.length !== operands.length || !isBeside)
      throw this.fail(call, 'it must join rows along axis 1')
    const flows = all.map(({ flow }) => flow)
    const size = flows.reduce((sum, flow) => sum + flow.size, 0)
    const [source] = flows[0].from
    const isWhole =
      flows.every(({ role, from, id }, i) => role === 'part' && from[0] === source && id === flows[0].id + i) &&
      size === source?.size
    return rows(isWhole ? source : this.flow({ call, from: flows, size, role: 'join' }))
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

  /** The one output that is more than labels, or the scores that the labels are chosen by. */
  #scoresIn(found: readonly Value[], outputs: readonly OnnxValue[]): Rows {
    const scores = found.filter((value, i): value is Rows => value.kind === 'rows' && isScores(outputs[i]))
    const others = found.flatMap((value) =>
      value.kind === 'rows' ? value : value.kind === 'labels' ? (value.scores ?? []) : [],
    )
    const [first, ...rest] = scores.length > 0 ? scores : others
    if (!first) throw new RangeError(`${this.#where}: the graph has no output that layers compute`)
    if (rest.some(({ flow }) => flow !== first.flow)) {
      const names = outputs.slice(0, 10).map(({ name }) => quote(name))
      throw new RangeError(
        `${this.#where}: the graph has several outputs, which need the layer heads, not there yet; choose one of ${names.join(', ')} with { output }`,
      )
    }
    return first
  }

  #classNames(found: readonly Value[], { flow }: Rows, metadata: ReadonlyMap<string, string>) {
    const named = found.map((value) => (value.kind === 'constant' ? undefined : value.names))
    const names = named.find((list) => list !== undefined) ?? parseNames(metadata.get(CLASS_NAMES))
    return names?.length === flow.size ? names : undefined
  }
}

function parseNames(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  try {
    const names = parseJson(text)
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined
  } catch {
    // a file's metadata are anybody's
    return undefined
  }
}

/** Whether an output's type is not that of labels: whole numbers, truth values, texts. */
const isScores = ({ type }: OnnxValue): boolean => type === undefined || [0, 1, 10, 11, 16].includes(type)
