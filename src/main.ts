/**
 * `fourlane`: the public names. Those that reach the machine bring its wasm along, wherever this host keeps it (`#modules`).
 * By calls, not by importing: a bundle that makes no model holds no wasm.
 */
import { modules } from '#modules'
import * as load from './load.ts'
import * as model from './model.ts'
import * as optimizing from './optimize.ts'
import { bring } from './runtime/modules.ts'

/** The function itself, after bringing the modules along. */
function door<F extends (...args: never[]) => unknown>(open: F): F {
  const opened = (...args: Parameters<F>) => {
    bring(modules)
    return open(...args)
  }
  return opened as F
}

export * from './core.ts'
export const sequential: typeof model.sequential = /* @__PURE__ */ door(model.sequential)
export const loadModel: typeof load.loadModel = /* @__PURE__ */ door(load.loadModel)
export const modelFromBytes: typeof load.modelFromBytes = /* @__PURE__ */ door(load.modelFromBytes)
export const optimize: typeof optimizing.optimize = /* @__PURE__ */ door(optimizing.optimize)
export const minimize: typeof optimizing.minimize = /* @__PURE__ */ door(optimizing.minimize)
