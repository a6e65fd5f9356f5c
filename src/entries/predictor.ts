/** `fourlane/predict` on hosts with access to wasm files. */
export { type InitOptions, init } from '../machine/init.ts'
export { loadPredictor, type Predictor, type PredictorOptions, predictorFromBytes } from '../model/predictor.ts'
export type { ReadOptions } from '../model/snapshot.ts'
export type { ModelSource } from '../model/source.ts'
