/** `fourlane/predict/int8` on hosts with access to wasm files. */
export { type InitOptions, init } from '../machine/init.ts'
export { loadPredictor, predictorFromBytes } from '../model/int8Predictor.ts'
export type { Predictor, PredictorOptions } from '../model/predictor.ts'
export type { ReadOptions } from '../model/snapshot.ts'
export type { ModelSource } from '../model/source.ts'
