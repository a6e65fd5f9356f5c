/** `fourlane/formats`: models, weights and arrays of other tools. Importers that return models include the wasm. */
import { modules } from '#modules/train'
import * as keras from '../exchange/keras.ts'
import * as onnx from '../exchange/onnx.ts'
import { bringing } from '../runtime/modules.ts'

export { exportTfjs, type ImportKerasOptions, type TfjsFiles } from '../exchange/keras.ts'
export type { ImportOptions } from '../exchange/models.ts'
export { type ExportOnnxOptions, exportOnnx, type ImportOnnxOptions } from '../exchange/onnx.ts'
export {
  type ExportWeightsOptions,
  exportWeights,
  type LoadWeightsOptions,
  loadWeights,
  type WeightLayout,
  type WeightTensors,
} from '../exchange/weights.ts'
export type { ElementType, Numbers } from '../formats/elements.ts'
export { type NpyArray, type NpyInput, readNpy, readNpz, writeNpy, writeNpz } from '../formats/npy.ts'
export {
  readSafetensors,
  type SafetensorsDtype,
  type SafetensorsFile,
  type SafetensorsInput,
  type SafetensorsTensor,
  writeSafetensors,
} from '../formats/safetensors.ts'

export const importKeras: typeof keras.importKeras = /* @__PURE__ */ bringing(modules, keras.importKeras)
export const importOnnx: typeof onnx.importOnnx = /* @__PURE__ */ bringing(modules, onnx.importOnnx)
export const importTfjs: typeof keras.importTfjs = /* @__PURE__ */ bringing(modules, keras.importTfjs)
