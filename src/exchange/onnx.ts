/** Models from ONNX files, and back. */
import { encodeOnnx, type ExportOnnxOptions as OnnxFileOptions } from '../formats/onnx/export.ts'
import { decodeOnnx, type OnnxOptions } from '../formats/onnx/import.ts'
import { learnKinds } from '../layers/carried.ts'
import { asBytes, type Bytes } from '../lib/bytes.ts'
import { checkOptions, show } from '../lib/check.ts'
import { type Custom, checkCustom } from '../model/custom.ts'
import type { AnyModel, Model } from '../model/model.ts'
import type { Encoder } from '../tables/encoder.ts'
import type { EncoderJson } from '../tables/encoderJson.ts'
import { IMPORT_OPTIONS, type ImportOptions, modelOf, networkOf } from './models.ts'
import { writeEncoder, writeTarget } from './tableGraph.ts'

export interface ExportOnnxOptions extends OnnxFileOptions {
  /**
   * What makes the model's rows of a table: the graph then has its nodes too, an input for each of its columns, float64 or text, and for
   * a regression gives the numbers of the table.
   */
  readonly encoder?: Encoder
}

export interface ImportOnnxOptions extends OnnxOptions, ImportOptions {
  /** `{ heads }`, where a graph of several outputs is to become a model of as many heads: only what a program names is bundled. */
  readonly custom?: Custom
}

/**
 * The model in an ONNX file, opset 9 to 23, as PyTorch's exporters, scikit-learn's converter and others write them; not compiled.
 * Dense layers, normalizations, activations in whatever nodes they are written, residual blocks; scalers in front become part of the
 * first layer. docs/onnx.md says what becomes what.
 * @param options.externalData gives the bytes of the files that a model keeps tensors in, by the relative path that it states.
 * @param options.output chooses an output by name, where the graph has several.
 * @param options.custom `{ heads }` makes all of them heads, under their names: K.
 * @throws TypeError naming an option; RangeError for a file that is damaged, and for a graph that is no stack of our layers, with the
 * first node that is not understood: its operator, name and inputs.
 */
export function importOnnx<K extends string = never>(bytes: Bytes, options: ImportOnnxOptions = {}): Model<K> {
  const where = 'importOnnx'
  checkOptions(where, options, [...IMPORT_OPTIONS, 'externalData', 'output', 'custom'])
  const { externalData, output, custom = {}, ...own } = options
  checkCustom(where, custom)
  const network = decodeOnnx(where, asBytes(where, 'bytes', bytes), {
    ...(externalData !== undefined && { externalData }),
    ...(output !== undefined && { output }),
  })
  const { layer } = network.stages.at(-1) ?? {}
  try {
    learnKinds(where, layer, custom)
  } catch (cause) {
    throw new TypeError(`${(cause as Error).message}, or choose one output with { output }`, { cause })
  }
  return modelOf(where, network, own) as unknown as Model<K>
}

/** An encoder's own data. It checks itself when it is made. */
function encoderJson(where: string, encoder: unknown, inputs: number): EncoderJson {
  const isEncoder =
    typeof encoder === 'object' &&
    encoder !== null &&
    'transform' in encoder &&
    'toJSON' in encoder &&
    'width' in encoder
  if (!isEncoder) {
    throw new TypeError(
      `${where}: "encoder" must be an encoder of fourlane/table, got ${show(encoder)}; encoderFromJSON makes one of what a file keeps`,
    )
  }
  const { width } = encoder as Encoder
  if (width !== inputs) {
    throw new RangeError(`${where}: "encoder" gives ${width} columns, but the model takes ${inputs}`)
  }
  return (encoder as Encoder).toJSON()
}

/**
 * The model as an ONNX file of float32, for any number of rows: input x, output y or those that heads are called, tensors named as the parameters. Predictions only:
 * running statistics are constants, dropout does nothing, noise is gone, weight normalization is resolved.
 * @param options.opset version of ONNX's operators, from 9 to 23. Default 17.
 * @param options.encoder of a table: its columns become the inputs, [rows, 1] each, numbers and milliseconds since 1970 in float64 (NaN:
 * missing), categories as text; a regression's y are numbers of the table.
 * @throws TypeError or RangeError naming an option; RangeError for a model of 2 GiB or more.
 */
export function exportOnnx(model: AnyModel, options: ExportOnnxOptions = {}): Uint8Array {
  const where = 'exportOnnx'
  checkOptions(where, options, ['opset', 'encoder'])
  const { encoder, ...own } = options
  const network = networkOf(model)
  if (encoder === undefined) return encodeOnnx(where, network, own)
  const { features, target } = encoderJson(where, encoder, network.inputs)
  const classNames = network.classNames ?? (target.task === 'classification' ? target.classes : undefined)
  return encodeOnnx(where, { ...network, ...(classNames && { classNames }) }, own, {
    before: (graph) => writeEncoder(graph, features),
    after: (graph, y) => (target.task === 'regression' ? writeTarget(graph, y, target) : y),
  })
}
