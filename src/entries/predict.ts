/**
 * `fourlane/predict`: saved models that only predict, in bundles without the training side. In browsers with the plain SIMD
 * build alone; `init({ url })` with relaxed.wasm brings fused multiply-add.
 */
import { plainModules } from '#modules'
import * as predictor from '../model/predictor.ts'
import { bringing } from '../runtime/modules.ts'

export * from './predictor.ts'
export const predictorFromBytes: typeof predictor.predictorFromBytes = /* @__PURE__ */ bringing(
  plainModules,
  predictor.predictorFromBytes,
)
export const loadPredictor: typeof predictor.loadPredictor = /* @__PURE__ */ bringing(
  plainModules,
  predictor.loadPredictor,
)
