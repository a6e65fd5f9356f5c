/** `fourlane/formats`: models, weights and arrays of other tools. */
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
