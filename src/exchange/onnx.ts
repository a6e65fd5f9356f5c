/** Models from ONNX files, and back. */
import { type ExportOnnxOptions, encodeOnnx } from '../formats/onnx/export.ts'
import { decodeOnnx, type OnnxOptions } from '../formats/onnx/import.ts'
import { asBytes, type Bytes } from '../lib/bytes.ts'
import { checkOptions } from '../lib/check.ts'
import type { AnyModel, Model } from '../model/model.ts'
import { IMPORT_OPTIONS, type ImportOptions, modelOf, networkOf } from './models.ts'

export type { ExportOnnxOptions } from '../formats/onnx/export.ts'

export interface ImportOnnxOptions extends OnnxOptions, ImportOptions {}

/**
 * The model in an ONNX file, opset 9 to 23, as PyTorch's exporters, scikit-learn's converter and others write them; not compiled.
 * Dense layers, normalizations, activations in whatever nodes they are written, residual blocks; scalers in front become part of the
 * first layer. docs/onnx.md says what becomes what.
 * @param options.externalData gives the bytes of the files that a model keeps tensors in, by the relative path that it states.
 * @param options.output chooses an output by name, where the graph has several.
 * @throws TypeError naming an option; RangeError for a file that is damaged, and for a graph that is no stack of our layers, with the
 * first node that is not understood: its operator, name and inputs.
 */
export function importOnnx(bytes: Bytes, options: ImportOnnxOptions = {}): Model {
  const where = 'importOnnx'
  checkOptions(where, options, [...IMPORT_OPTIONS, 'externalData', 'output'])
  const { externalData, output, ...own } = options
  const network = decodeOnnx(where, asBytes(where, 'bytes', bytes), {
    ...(externalData !== undefined && { externalData }),
    ...(output !== undefined && { output }),
  })
  return modelOf(where, network, own)
}

/**
 * The model as an ONNX file of float32, for any number of rows: input x, output y, tensors named as the parameters. Predictions only:
 * running statistics are constants, dropout does nothing, noise is gone, weight normalization is resolved.
 * @param options.opset version of ONNX's operators, from 9 to 23. Default 17.
 * @throws TypeError or RangeError naming an option; RangeError for a model of 2 GiB or more.
 */
export function exportOnnx(model: AnyModel, options: ExportOnnxOptions = {}): Uint8Array {
  return encodeOnnx('exportOnnx', networkOf(model), options)
}
