/** Converts the configuration of a Keras model to a network: sequential, functional, and nested models. */
import { quote, show } from '../../lib/check.ts'
import type { Network, Stage } from '../network.ts'
import { countOf } from '../shapes.ts'
import { type Converted, snakeCase } from './context.ts'
import { type GraphNode, stackOf } from './graph.ts'
import { asList, asObject, asText, isObject, type Json } from './json.ts'
import { convertLayer } from './layers.ts'

/** Access to the values of a model's variables. */
export interface KerasWeights {
  /**
   * The variables of a layer in the order of creation.
   * @param path names of the enclosing models, outermost first and without the whole model, then the layer's.
   * @param classPath Keras 3's names for them in files, derived from their classes.
   * @throws RangeError for one that is missing or has a different number of values.
   */
  variables(
    path: readonly string[],
    classPath: readonly string[],
    names: readonly string[],
    sizes: readonly number[],
  ): Float32Array[]
}

interface Scope {
  readonly where: string
  readonly old: boolean
  readonly weights: KerasWeights
  readonly path: readonly string[]
  readonly classPath: readonly string[]
  /** Names used for parameters so far. */
  readonly names: Set<string>
  readonly filled: (length: number, value: number) => Float32Array
}

/** Maximum total length of constant columns that no file stores: a small file may describe many wide layers. */
const MOST_FILLED = 2 ** 20

function fillingUpTo(where: string): Scope['filled'] {
  let left = MOST_FILLED
  return (length, value) => {
    left -= length
    if (left < 0) throw new RangeError(`${where}: layers that scale take more than ${MOST_FILLED} values`)
    return new Float32Array(length).fill(value)
  }
}

/** A model or a part of it: its stages, and the shape of its rows. */
interface Part {
  readonly stages: readonly Stage[]
  readonly inputs: readonly number[]
  readonly shape: readonly number[]
}

const MODELS = ['Sequential', 'Functional', 'Model']
const DEEPEST = 20

/**
 * @param old whether the file is from Keras 2 or TensorFlow.js.
 * @throws RangeError naming the unsupported layer and the reason.
 */
export function networkFrom(where: string, topology: Json, weights: KerasWeights, old: boolean): Network {
  const part = readModel(
    { where, old, weights, path: [], classPath: [], names: new Set(), filled: fillingUpTo(where) },
    topology,
    undefined,
  )
  const inputs = countOf(part.inputs)
  if (part.shape.length !== 1)
    throw new RangeError(`${where}: the model's outputs are rows of [${part.shape.slice(0, 8).join(', ')}]`)
  return { inputs, stages: part.stages }
}

/**
 * A layer's name, if it can be used for parameters: a user-given one, unlike `dense_3`, which depends on the layers that Keras
 * created before; and neither in use already nor reserved for another layer.
 */
function ownNameOf({ names }: Scope, { name, className }: Entry): string | undefined {
  const isCounted = name.replace(/_\d+$/, '') === snakeCase(className) || /^[a-zA-Z]+_\d+$/.test(name)
  if (isCounted || name === '' || name.includes('.') || name.length > 100 || names.has(name)) return undefined
  names.add(name)
  return name
}

interface Entry {
  readonly name: string
  readonly className: string
  readonly config: Json
  readonly inbound: readonly unknown[]
  /** Keras 3's name for it in files. */
  readonly fileName: string
}

function readEntries(where: string, layers: unknown): Entry[] {
  const seen: Record<string, number> = {}
  return asList(`${where}: "layers"`, layers).map((value, i) => {
    const layer = asObject(`${where}: layer ${i}`, value)
    const className = asText(`${where}: the class of layer ${i}`, layer.class_name)
    const config = asObject(`${where}: the configuration of layer ${i}`, layer.config)
    const name = asText(`${where}: the name of layer ${i}`, layer.name ?? config.name ?? '')
    const snake = snakeCase(className)
    const number = Object.hasOwn(seen, snake) ? seen[snake] + 1 : 0
    seen[snake] = number
    return {
      name,
      className,
      config,
      inbound: Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [],
      fileName: number === 0 ? snake : `${snake}_${number}`,
    }
  })
}

/** @param given shape of the input rows if it is nested in another model. */
function readModel(scope: Scope, topology: Json, given: readonly number[] | undefined): Part {
  const { where } = scope
  if (scope.path.length > DEEPEST) throw new RangeError(`${where}: models are nested more than ${DEEPEST} deep`)
  const className = asText(`${where}: the class of the model`, topology.class_name)
  if (!MODELS.includes(className))
    throw new RangeError(`${where}: the model is a ${quote(className).slice(1, -1)}, expected Sequential or Functional`)
  // before 2019, the configuration of a sequential model was the list of its layers
  const config: Json = Array.isArray(topology.config)
    ? { layers: topology.config }
    : asObject(`${where}: "config"`, topology.config)
  const entries = readEntries(where, config.layers)
  return className === 'Sequential'
    ? readSequential(scope, entries, config, given)
    : readFunctional(scope, entries, config, given)
}

/** Shape of a row, from a shape that includes the batch dimension. */
function sizesOf(where: string, shape: unknown): number[] {
  const [, ...sizes] = asList(`${where}: the input's shape`, shape)
  if (sizes.length === 0 || !sizes.every((size) => Number.isSafeInteger(size) && Number(size) > 0))
    throw new RangeError(
      `${where}: the input has rows of [${sizes.slice(0, 8).map(String).join(', ')}], expected fixed sizes`,
    )
  return sizes as number[]
}

const inputShape = ({ batch_shape, batch_input_shape, input_shape }: Json): unknown =>
  batch_shape ?? batch_input_shape ?? (Array.isArray(input_shape) ? [null, ...input_shape] : undefined)

/** The input shape stated by the first layer, or by the first layer of a nested model. */
function statedShape(config: Json, depth = 0): unknown {
  const [first] = Array.isArray(config.layers) ? config.layers : []
  const inner = isObject(first) && isObject(first.config) ? first.config : {}
  return inputShape(inner) ?? config.build_input_shape ?? (depth < DEEPEST ? statedShape(inner, depth + 1) : undefined)
}

function readSequential(
  scope: Scope,
  entries: readonly Entry[],
  config: Json,
  given: readonly number[] | undefined,
): Part {
  const { where } = scope
  const stated = statedShape(config)
  if (given === undefined && stated === undefined)
    throw new RangeError(`${where}: the model states no input shape; save it after it has been built`)
  const inputs = given ?? sizesOf(where, stated)
  let shape = inputs
  const stages = entries.flatMap((entry) => {
    if (entry.className === 'InputLayer') return []
    const converted = readLayer(scope, entry, shape)
    shape = converted.shape
    return converted.stages
  })
  return { stages, inputs, shape }
}

/** Converts a layer or a nested model. */
function readLayer(scope: Scope, entry: Entry, shape: readonly number[]): Omit<Part, 'inputs'> {
  const { where, old, weights } = scope
  const { name, className, config, fileName } = entry
  const path = [...scope.path, name]
  const classPath = [...scope.classPath, fileName]
  if (MODELS.includes(className))
    return readModel({ ...scope, path, classPath }, { class_name: className, config }, shape)
  return converting(scope, entry, () =>
    convertLayer({
      where,
      name,
      ownName: ownNameOf(scope, entry),
      className,
      config,
      shape,
      old,
      filled: scope.filled,
      variables: (names, sizes) => weights.variables(path, classPath, names, sizes),
    }),
  )
}

/** Names the Keras layer in errors thrown by our own layers. */
function converting({ where }: Scope, { name, className }: Entry, convert: () => Converted): Converted {
  try {
    return convert()
  } catch (cause) {
    const { message } = cause as Error
    if (message.startsWith(`${where}: `)) throw cause
    throw new RangeError(`${where}: layer ${quote(name)} (${quote(className).slice(1, -1)}): ${message}`, { cause })
  }
}

/** Merge layers; Keras 3 also has functions of these names. */
const MERGES = ['Add', 'Multiply', 'Subtract', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot']

function readFunctional(
  scope: Scope,
  entries: readonly Entry[],
  config: Json,
  given: readonly number[] | undefined,
): Part {
  const { where } = scope
  const input = onlyName(where, 'input', config.input_layers)
  const output = onlyName(where, 'output', config.output_layers)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  if (byName.size < entries.length) throw new RangeError(`${where}: two layers have the same name`)
  const nodes = new Map<string, GraphNode & { readonly shape: readonly number[] }>()
  let inputs = given
  const make = (entry: Entry): void => {
    const { name, className } = entry
    const order = nodes.size
    const before = inboundOf(where, entry).map((source) => nodes.get(source))
    if (className === 'InputLayer') {
      inputs ??= sizesOf(where, inputShape(entry.config))
      nodes.set(name, { name, stages: [], order, inputs: [], shape: inputs })
      return
    }
    const sources = before.flatMap((node) => node ?? [])
    const [source] = sources
    if (!source) throw new RangeError(`${where}: layer ${quote(name)} has no input`)
    if (MERGES.includes(className))
      nodes.set(name, { name, stages: [], order, inputs: sources, merge: className, shape: source.shape })
    else if (sources.length > 1)
      throw new RangeError(
        `${where}: layer ${quote(name)} (${quote(className).slice(1, -1)}) has ${sources.length} inputs, which is not supported`,
      )
    else {
      const { stages, shape } = readLayer(scope, entry, source.shape)
      nodes.set(name, { name, stages, order, inputs: [source], shape })
    }
  }
  for (const name of inOrder(where, output, byName)) make(byName.get(name) as Entry)
  const [start, end] = [nodes.get(input), nodes.get(output)]
  if (!start || !end || !inputs)
    throw new RangeError(`${where}: the output ${quote(output)} does not depend on the input`)
  return { stages: stackOf(where, end, start), inputs, shape: end.shape }
}

/** Names of the layers that `output` depends on, in topological order. */
function inOrder(where: string, output: string, byName: ReadonlyMap<string, Entry>): string[] {
  const done = new Set<string>()
  const open = new Set<string>()
  const stack = [output]
  while (stack.length > 0) {
    const name = stack[stack.length - 1]
    const entry = byName.get(name)
    if (!entry) throw new RangeError(`${where}: there is no layer ${quote(name)}`)
    const missing = done.has(name) ? [] : inboundOf(where, entry).filter((source) => !done.has(source))
    if (missing.length === 0) {
      stack.pop()
      open.delete(name)
      done.add(name)
    } else {
      if (open.has(name)) throw new RangeError(`${where}: layer ${quote(name)} depends on itself`)
      open.add(name)
      stack.push(...new Set(missing))
    }
  }
  return [...done]
}

/** `[["dense", 0, 0]]`, or `["dense", 0, 0]`, which Keras 3 writes for a single one. */
function onlyName(where: string, what: string, value: unknown): string {
  const list = asList(`${where}: "${what}_layers"`, value)
  const [first] = typeof list[0] === 'string' ? [list] : list
  if (typeof list[0] !== 'string' && list.length !== 1)
    throw new RangeError(`${where}: the model has ${list.length} ${what}s, which is not supported`)
  return asText(`${where}: the name of the ${what}`, asList(`${where}: the ${what}`, first)[0])
}

const found = new WeakMap<Entry, readonly string[]>()

/** Names of a layer's inputs. */
function inboundOf(where: string, entry: Entry): readonly string[] {
  const known = found.get(entry)
  if (known) return known
  const { name, inbound } = entry
  if (inbound.length > 1)
    throw new RangeError(`${where}: layer ${quote(name)} is used in ${inbound.length} places, which is not supported`)
  const names: string[] = []
  const visit = (value: unknown, depth = 0): void => {
    if (depth > 8) throw new RangeError(`${where}: the inputs of layer ${quote(name)} are nested too deep`)
    if (Array.isArray(value)) {
      // Keras 2: ["dense", 0, 0, {}]
      if (typeof value[0] === 'string' && typeof value[1] === 'number') names.push(value[0])
      else for (const item of value) visit(item, depth + 1)
    } else if (isObject(value)) {
      if (value.class_name === '__keras_tensor__')
        visit(asObject(`${where}: an input of layer ${quote(name)}`, value.config).keras_history, depth + 1)
      else if ('args' in value) visit(value.args, depth + 1)
    } else if (typeof value === 'number')
      throw new RangeError(`${where}: layer ${quote(name)} takes the constant ${show(value)}, which is not supported`)
  }
  visit(inbound)
  found.set(entry, names)
  return names
}
