/** `fourlane/predict`: saved models for prediction only, without training code in the bundle. */
import { modules } from '#modules/infer'
import * as predictor from '../model/predictor.ts'
import { bringing } from '../runtime/modules.ts'

export * from './predictor.ts'
export const predictorFromBytes: typeof predictor.predictorFromBytes = /* @__PURE__ */ bringing(
  modules,
  predictor.predictorFromBytes,
)
export const loadPredictor: typeof predictor.loadPredictor = /* @__PURE__ */ bringing(modules, predictor.loadPredictor)
