/** Models from ONNX files, and to ONNX. */
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
   * The encoder from table rows to the model's inputs, to include in the graph: one input per table column, float64 or text; a
   * regression then outputs the table's numbers.
   */
  readonly encoder?: Encoder
}

export interface ImportOnnxOptions extends OnnxOptions, ImportOptions {
  /** `{ heads }` imports a graph with several outputs as a model with heads; passed in so that it is only bundled if used. */
  readonly custom?: Custom
}

/**
 * The model in an ONNX file, opset 9 to 23, from PyTorch's exporters, scikit-learn's converter and others; not compiled.
 * Dense layers, normalizations, activations in any formulation, residual blocks; leading scalers are folded into the
 * first layer. docs/formats/onnx.md lists what is supported.
 * @param options.externalData returns the contents of external data files, by the relative path stated in the model.
 * @param options.output the output to use, if the graph has several.
 * @param options.custom `{ heads }` makes all outputs heads, under their names: K.
 * @throws TypeError naming an option; RangeError for a file that is damaged, and for a graph that is not a stack of supported layers,
 * naming the first unsupported node with its operator, name and inputs.
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

/** An encoder's plain data. The encoder validated itself when it was made. */
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
 * The model as a float32 ONNX file with a dynamic number of rows: input x, output y or one per head, tensors named like the
 * parameters. For inference only: running statistics are constants, dropout and noise are identities, weight normalization is resolved.
 * @param options.opset opset version, 9 to 23. Default 17.
 * @param options.encoder a table's encoder: its columns become the inputs, [rows, 1] each, numbers and milliseconds since 1970 in
 * float64 (NaN: missing), categories as text; for a regression y is in the table's units.
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
