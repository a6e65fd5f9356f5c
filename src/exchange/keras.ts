/** Models from Keras and TensorFlow.js, whose configurations are alike; export to TensorFlow.js. */
import { readKeras } from '../formats/keras/files.ts'
import { isObject, type Json } from '../formats/keras/json.ts'
import { readTfjs } from '../formats/keras/tfjs.ts'
import { type TfjsFiles, writeTfjs } from '../formats/keras/tfjsExport.ts'
import { parseJson } from '../formats/safetensorsHeader.ts'
import { asBytes, type Bytes } from '../lib/bytes.ts'
import { checkOptions, show } from '../lib/check.ts'
import type { AnyModel, Model } from '../model/model.ts'
import { checkModel, IMPORT_OPTIONS, type ImportOptions, modelOf, networkOf } from './models.ts'

export type { TfjsFiles } from '../formats/keras/tfjsExport.ts'

export interface ImportKerasOptions extends ImportOptions {
  /** Maximum total unpacked size of a `.keras` archive in bytes. Default 1 GiB. */
  maximumBytes?: number
}

/**
 * The model in a `.keras` file, or in an `.h5` file of a whole model: sequential models, functional ones with residual blocks, and
 * nested ones; not compiled. Training-only settings (initializers, regularizers, constraints, the optimizer) are dropped. For files
 * that contain only weights use `loadWeights`.
 * @throws TypeError naming an option; RangeError for a file that is damaged or larger than allowed, and for an unsupported layer,
 * by name and class.
 */
export function importKeras(bytes: Bytes, options: ImportKerasOptions = {}): Model {
  const where = 'importKeras'
  checkOptions(where, options, [...IMPORT_OPTIONS, 'maximumBytes'])
  const { maximumBytes, ...own } = options
  const network = readKeras(where, asBytes(where, 'bytes', bytes), {
    ...(maximumBytes !== undefined && { maximumBytes }),
  })
  return modelOf(where, network, own)
}

/**
 * The model in a TensorFlow.js layers-model, as saved by `model.save` or the converter.
 * @param modelJson the contents of `model.json`, parsed or as text.
 * @param weights the contents of the weight files, in the order of the manifest; may be quantized.
 * @throws TypeError naming the argument; RangeError for anything but a layers-model, for missing weights, and for an
 * unsupported layer, by name and class.
 */
export function importTfjs(
  modelJson: string | object,
  weights: Bytes | readonly Bytes[],
  options: ImportOptions = {},
): Model {
  const where = 'importTfjs'
  checkOptions(where, options, IMPORT_OPTIONS)
  const files = Array.isArray(weights) ? weights : [weights]
  const parts = files.map((file: Bytes) => asBytes(where, 'weights', file))
  return modelOf(where, readTfjs(where, { modelJson: readJson(where, modelJson), weights: joined(parts) }), options)
}

function readJson(where: string, modelJson: unknown): Json {
  let value = modelJson
  if (typeof modelJson === 'string') {
    try {
      value = parseJson(modelJson)
    } catch (cause) {
      throw new RangeError(`${where}: "modelJson" is not JSON that can be read`, { cause })
    }
  }
  if (!isObject(value)) throw new TypeError(`${where}: "modelJson" must be an object or its text, got ${show(value)}`)
  return value
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * The model as a functional float32 layers-model of TensorFlow.js. Layers that TensorFlow.js lacks are composed
 * of others if that is exact: `hardSwish`, `geluTanh`, weight normalization and batch renormalization.
 * @returns the contents of `model.json`, and of `weights.bin` beside it; for `tf.io.fromMemory`, `{ modelTopology,
 * weightSpecs: weightsManifest[0].weights, weightData: weights.buffer }`.
 * @throws TypeError unless it is a model; RangeError naming a layer that cannot be exported: `rmsNorm`, `groupNorm`, `instanceNorm`.
 */
export function exportTfjs(model: AnyModel): TfjsFiles {
  checkModel('exportTfjs', model)
  return writeTfjs('exportTfjs', networkOf(model))
}
