/** `fourlane/predict/int8` where there are wasm files to read. */
export { type InitOptions, init } from '../machine/init.ts'
export { loadPredictor, predictorFromBytes } from '../model/int8Predictor.ts'
export type { Predictor, PredictorOptions } from '../model/predictor.ts'
export type { ReadOptions } from '../model/snapshot.ts'
export type { ModelSource } from '../model/source.ts'
