/** `fourlane/predict/int8`: saved quantized models, without training code in the bundle. */
import { modules } from '#modules/infer'
import { modules as int8 } from '#modules/int8'
import * as predictor from '../model/int8Predictor.ts'
import { bringing } from '../runtime/modules.ts'

export * from './int8Predictor.ts'
export const predictorFromBytes: typeof predictor.predictorFromBytes = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(int8, predictor.predictorFromBytes),
)
export const loadPredictor: typeof predictor.loadPredictor = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(int8, predictor.loadPredictor),
)
