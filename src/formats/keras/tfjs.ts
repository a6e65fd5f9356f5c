/** TensorFlow.js layers-models: a JSON description, and weight files that contain only values. */
import { quote, show } from '../../lib/check.ts'
import { type ElementType, elements, readElements } from '../elements.ts'
import type { Network } from '../network.ts'
import { countOf, isShape, showShape } from '../shapes.ts'
import { asList, asNumber, asObject, asText, isObject, type Json } from './json.ts'
import { type KerasWeights, networkFrom } from './topology.ts'

/** The contents of all weight files concatenated in manifest order. */
export interface TfjsModel {
  readonly modelJson: Json
  readonly weights: Uint8Array
}

/** A weight as listed in the manifest. */
interface Listed {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: ElementType
  /** How the values are stored, and how they are dequantized. */
  readonly stored: ElementType
  readonly scale: number
  readonly minimum: number
  readonly at: number
}

/** Types of TensorFlow.js. */
const TYPES: Readonly<Record<string, ElementType>> = {
  float32: 'float32',
  int32: 'int32',
  bool: 'bool',
  uint8: 'uint8',
  uint16: 'uint16',
  float16: 'float16',
}
const typeOf = (what: string, value: unknown): ElementType => {
  const name = asText(`${what}: the type`, value)
  if (!Object.hasOwn(TYPES, name)) throw new RangeError(`${what} is ${show(name)}, which is not supported`)
  return TYPES[name]
}

/** @throws RangeError for weights whose sizes do not match the files. */
function readManifest(where: string, manifest: unknown, bytes: number): Map<string, Listed> {
  const listed = new Map<string, Listed>()
  let at = 0
  for (const [g, group] of asList(`${where}: "weightsManifest"`, manifest).entries()) {
    const { weights } = asObject(`${where}: group ${g} of weights`, group)
    for (const value of asList(`${where}: group ${g} of weights`, weights)) {
      const weight = asObject(`${where}: a weight of group ${g}`, value)
      const name = asText(`${where}: a weight's name`, weight.name)
      const what = `${where}: weight ${quote(name)}`
      const shape = asList(`${what}: the shape`, weight.shape)
      if (!isShape(shape)) throw new RangeError(`${what} must have a shape of whole numbers`)
      const type = typeOf(what, weight.dtype)
      const quantized =
        weight.quantization === undefined ? undefined : asObject(`${what}: "quantization"`, weight.quantization)
      const stored = quantized ? typeOf(what, quantized.dtype) : type
      // float16 is not scaled
      const isScaled = quantized !== undefined && stored !== 'float16'
      const scale = isScaled ? asNumber(`${what}: the scale`, quantized.scale) : 1
      const minimum = isScaled ? asNumber(`${what}: the minimum`, quantized.min) : 0
      if (listed.has(name)) throw new RangeError(`${where}: two weights are named ${quote(name)}`)
      listed.set(name, { name, shape, type, stored, scale, minimum, at })
      at += countOf(shape) * elements[stored].size
      if (at > bytes) throw new RangeError(`${what} ends at byte ${at}, but there are ${bytes} bytes of weights`)
    }
  }
  if (at !== bytes) throw new RangeError(`${where}: the weights have ${bytes} bytes, but the manifest lists ${at}`)
  return listed
}

/**
 * The network of a layers-model.
 * @throws RangeError for anything but a layers-model, for missing weights, and for an unsupported layer, by name.
 */
export function readTfjs(where: string, { modelJson, weights }: TfjsModel): Network {
  const { format, modelTopology, weightsManifest } = modelJson
  if (format === 'graph-model') {
    throw new RangeError(
      `${where}: the model is a graph-model, which has operations in the place of layers; convert the original to a layers-model`,
    )
  }
  const described = asObject(`${where}: "modelTopology"`, modelTopology)
  const topology = isObject(described.model_config) ? described.model_config : described
  const listed = readManifest(where, weightsManifest, weights.length)
  const values = valuesOf(where, listed, weights)
  const version = described.keras_version
  const isOld = typeof version !== 'string' || !/^([3-9]|\d\d)\./.test(version)
  return { ...networkFrom(where, topology, values, isOld), ...readUserDefined(where, modelJson.userDefinedMetadata) }
}

/** User-defined metadata; ours is under a key of its own. */
function readUserDefined(where: string, value: unknown): Pick<Network, 'classNames' | 'metadata'> {
  if (!isObject(value)) return {}
  if (!isObject(value.fourlane)) return { metadata: value }
  const { classNames, metadata } = value.fourlane
  const names = classNames === undefined ? undefined : asList(`${where}: "classNames"`, classNames)
  return {
    ...(names && { classNames: names.map((name) => asText(`${where}: a class name`, name)) }),
    ...(metadata !== undefined && { metadata }),
  }
}

/** Variables by the last parts of their names, `dense_1/kernel`, even if the model's name comes first. */
function valuesOf(where: string, listed: ReadonlyMap<string, Listed>, bytes: Uint8Array): KerasWeights {
  const byLayer = new Map<string, Listed | undefined>()
  for (const weight of listed.values()) {
    const key = weight.name.replace(/:\d+$/, '').split('/').slice(-2).join('/')
    // an ambiguous name is unusable
    byLayer.set(key, byLayer.has(key) ? undefined : weight)
  }
  return {
    variables(path, _, names, sizes) {
      const layer = path[path.length - 1]
      return names.map((name, i) => {
        const found = listed.get(`${path.join('/')}/${name}`) ?? byLayer.get(`${layer}/${name}`)
        if (!found) throw new RangeError(`${where}: there is no ${name} of layer ${quote(layer)} among the weights`)
        const { shape, type, stored, scale, minimum, at } = found
        const size = countOf(shape)
        if (size !== sizes[i]) {
          throw new RangeError(
            `${where}: weight ${quote(found.name)} is ${showShape(shape)}, expected ${sizes[i]} values`,
          )
        }
        if (type !== 'float32')
          throw new RangeError(`${where}: weight ${quote(found.name)} is ${type}, expected float32`)
        const data = readElements(stored, bytes, at, size)
        return Float32Array.from(data, (value) => value * scale + minimum)
      })
    },
  }
}
