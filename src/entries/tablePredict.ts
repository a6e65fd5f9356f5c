/** `fourlane/table/predict`: table models that predict from raw rows, without training code in the bundle. */
import { modules as features } from '#modules/features'
import { modules } from '#modules/infer'
import { bringing } from '../runtime/modules.ts'
import * as predict from '../tables/predict.ts'

export * from './tablePredictor.ts'
export const tablePredictorFromBytes: typeof predict.tablePredictorFromBytes = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(features, predict.tablePredictorFromBytes),
)
export const loadTablePredictor: typeof predict.loadTablePredictor = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(features, predict.loadTablePredictor),
)
