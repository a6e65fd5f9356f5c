/** Keras' files: `.keras`, a zip of a configuration and weights; `.h5` with both; and weights only. */
import { quote } from '../../lib/check.ts'
import { type Hdf5Node, isHdf5, readHdf5 } from '../hdf5/hdf5.ts'
import type { NamedTensor } from '../matchWeights.ts'
import type { Network } from '../network.ts'
import { parseJson } from '../safetensorsHeader.ts'
import { countOf, showShape } from '../shapes.ts'
import { readZip, type ZipOptions } from '../zip.ts'
import { asObject, type Json } from './json.ts'
import { type KerasWeights, networkFrom } from './topology.ts'

const WEIGHTS = 'model.weights.h5'

/** Whether bytes start like a zip archive. */
const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b

/** Whether bytes start like one of Keras' file formats. */
export const isKeras = (bytes: Uint8Array): boolean => isHdf5(bytes) || isZip(bytes)

/**
 * The network in a `.keras` or `.h5` file.
 * @throws RangeError for a file that is damaged or contains only weights, and for an unsupported layer, by name.
 */
export function readKeras(where: string, bytes: Uint8Array, options: ZipOptions = {}): Network {
  if (isHdf5(bytes)) return readLegacy(where, readHdf5(where, bytes))
  if (!isZip(bytes)) throw new RangeError(`${where}: not a .keras or .h5 file: it is neither a zip archive nor HDF5`)
  const files = readZip(where, bytes, options)
  const open = (name: string): Uint8Array => {
    const unpack = files.get(name)
    if (!unpack) throw new RangeError(`${where}: the archive holds no ${name}: it is not a .keras file`)
    return unpack()
  }
  // copies, since text decoders reject shared memory
  const read = (name: string) => parse(where, name, new TextDecoder().decode(new Uint8Array(open(name))))
  const config = read('config.json')
  const metadata = files.has('metadata.json') ? read('metadata.json') : {}
  const root = readHdf5(where, open(WEIGHTS))
  return networkFrom(where, config, classWeights(where, root), isOld(metadata.keras_version))
}

function parse(where: string, what: string, text: string): Json {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new RangeError(`${where}: ${what} is not JSON that can be read: the file is damaged`, { cause })
  }
  return asObject(`${where}: ${what}`, value)
}

/** Whether the version is before Keras 3. */
const isOld = (version: unknown): boolean => typeof version !== 'string' || /^[012]\./.test(version)

function readLegacy(where: string, root: Hdf5Node): Network {
  const text = root.texts('model_config')?.[0]
  const weights = root.children.get('model_weights')
  if (text === undefined || !weights) {
    throw new RangeError(
      `${where}: the file holds weights and no model; build the model and use loadWeights(model, bytes, { layout: 'keras' })`,
    )
  }
  const topology = parse(where, 'the attribute "model_config"', text)
  return networkFrom(where, topology, namedWeights(where, weights), isOld(root.texts('keras_version')?.[0]))
}

/** A variable's values as float32. @throws RangeError unless they are floats; quantized weights are not. */
function floatsOf(what: string, node: Hdf5Node, size: number): Float32Array {
  const { shape = [] } = node
  const count = countOf(shape)
  if (count !== size) throw new RangeError(`${what} is ${showShape(shape)}, expected ${size} values`)
  if (!node.element?.includes('float'))
    throw new RangeError(`${what} holds no floats; quantized layers are not supported`)
  return Float32Array.from(node.read())
}

/** Weights as written by Keras 3: `layers/dense_1/vars/0`, with a nested `layers` for nested models. */
function classWeights(where: string, root: Hdf5Node): KerasWeights {
  return {
    variables(path, classPath, names, sizes) {
      const name = quote(path[path.length - 1])
      let node: Hdf5Node | undefined = root
      for (const part of classPath)
        node = (node?.children.get('layers') ?? node?.children.get('_layer_checkpoint_dependencies'))?.children.get(
          part,
        )
      const variables = node?.children.get('vars')
      if (!variables)
        throw new RangeError(`${where}: there are no weights of layer ${name}, ${quote(classPath.join('/'))}`)
      return names.map((variable, i) => {
        const found = variables.children.get(`${i}`)
        if (!found) throw new RangeError(`${where}: there is no ${variable} of layer ${name}`)
        return floatsOf(`${where}: ${variable} of layer ${name}`, found, sizes[i])
      })
    },
  }
}

/** An attribute that is a list, which is split if it is long. */
function listOf(node: Hdf5Node, name: string): string[] | undefined {
  const whole = node.texts(name)
  if (whole) return whole
  const pieces: string[] = []
  for (let i = 0; ; i++) {
    const piece = node.texts(`${name}${i}`)
    if (!piece) return i === 0 ? undefined : pieces
    for (const text of piece) pieces.push(text)
  }
}

interface LegacyVariable {
  /** Group, the layer in it if that is a nested model, and the variable: `model_1`, `dense`, `kernel`. */
  readonly group: string
  readonly layer: string
  readonly variable: string
  readonly node: Hdf5Node
}

/** The variables in a legacy file, layer by layer, as named by its attributes: `dense/kernel:0`. */
function legacyVariables(where: string, root: Hdf5Node): LegacyVariable[] | undefined {
  return listOf(root, 'layer_names')?.flatMap((group) => {
    const holder = root.children.get(group)
    if (!holder) throw new RangeError(`${where}: there is no group ${quote(group)} of weights`)
    return (listOf(holder, 'weight_names') ?? []).map((name) => {
      const parts = name.split('/')
      const node = parts.reduce<Hdf5Node | undefined>((parent, part) => parent?.children.get(part), holder)
      if (!node?.shape) throw new RangeError(`${where}: there are no weights ${quote(name)} in ${quote(group)}`)
      const variable = parts[parts.length - 1].replace(/:\d+$/, '')
      return { group, layer: parts[parts.length - 2] ?? group, variable, node }
    })
  })
}

function namedWeights(where: string, root: Hdf5Node): KerasWeights {
  const byName = new Map<string, Hdf5Node>()
  for (const { group, layer, variable, node } of legacyVariables(where, root) ?? []) {
    byName.set(`${group}/${layer}/${variable}`, node)
    // the layer may have been renamed after it was built
    byName.set(`${group}//${variable}`, node)
  }
  return {
    variables(path, _, names, sizes) {
      const [group, name] = [path[0], path[path.length - 1]]
      return names.map((variable, i) => {
        const found = byName.get(path.length > 1 ? `${group}/${name}/${variable}` : `${group}//${variable}`)
        if (!found) throw new RangeError(`${where}: there is no ${variable} of layer ${quote(name)}`)
        return floatsOf(`${where}: ${variable} of layer ${quote(name)}`, found, sizes[i])
      })
    },
  }
}

/** Variables of Keras' classes in the order of creation, by their number. */
const VARIABLES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  dense: [['kernel'], ['kernel', 'bias']],
  batch_normalization: [
    ['moving_mean', 'moving_variance'],
    ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  ],
  layer_normalization: [['gamma', 'beta']],
  group_normalization: [['gamma', 'beta']],
  rms_normalization: [['scale']],
  p_re_lu: [['alpha']],
}

/** Tensors of a file, named as by `exportWeights`, and whether they are in layer order. */
export interface KerasTensors {
  readonly tensors: Map<string, NamedTensor>
  readonly ordered: boolean
}

/** The weights in a Keras file, with or without a model. @throws RangeError for a file that is damaged or has none. */
export function readKerasTensors(where: string, bytes: Uint8Array): KerasTensors {
  const packed = isZip(bytes) ? readZip(where, bytes).get(WEIGHTS) : () => bytes
  if (!packed) throw new RangeError(`${where}: the archive holds no ${WEIGHTS}: it is not a .keras file`)
  const root = readHdf5(where, packed())
  const legacy = legacyVariables(where, root.children.get('model_weights') ?? root)
  const found: [name: string, node: Hdf5Node][] = legacy
    ? legacy.map(({ group, layer, variable, node }) => [
        `${group === layer ? '' : `${group}/`}${layer}/${variable}`,
        node,
      ])
    : variablesBelow(where, root, '')
  if (found.length === 0) throw new RangeError(`${where}: the file holds no weights of layers`)
  const tensors = new Map<string, NamedTensor>()
  for (const [name, node] of found) {
    const { shape = [] } = node
    const size = countOf(shape)
    if (tensors.has(name)) throw new RangeError(`${where}: two variables are named ${quote(name)}`)
    tensors.set(name, { name, shape, data: floatsOf(`${where}: ${quote(name)}`, node, size) })
  }
  return { tensors, ordered: legacy !== undefined }
}

function variablesBelow(where: string, node: Hdf5Node, prefix: string): [name: string, node: Hdf5Node][] {
  const layers = node.children.get('layers') ?? node.children.get('_layer_checkpoint_dependencies')
  if (!layers) return []
  return Array.from(layers.children).flatMap(([name, layer]) => {
    const variables = layer.children.get('vars')?.children
    const inner = variablesBelow(where, layer, `${prefix}${name}/`)
    if (!variables || variables.size === 0) return inner
    const stem = name.replace(/_\d+$/, '')
    const known = Object.hasOwn(VARIABLES, stem) ? VARIABLES[stem] : []
    const names = known.find(({ length }) => length === variables.size)
    if (!names) {
      throw new RangeError(
        `${where}: which ${variables.size} variables layer ${quote(name)} has is not known; use importKeras with the whole model`,
      )
    }
    return [
      ...inner,
      ...names.map((variable, i): [string, Hdf5Node] => {
        const found = variables.get(`${i}`)
        if (!found) throw new RangeError(`${where}: layer ${quote(name)} has no variable ${i}`)
        return [`${prefix}${name}/${variable}`, found]
      }),
    ]
  })
}
