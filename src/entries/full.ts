/**
 * `fourlane`: the public names. Functions that need the machine register its wasm, wherever this host keeps it (`#modules/train`),
 * when called, not when imported: a bundle that creates no model contains no wasm.
 */
import { modules as features } from '#modules/features'
import { modules as int8 } from '#modules/int8'
import { modules as solve } from '#modules/solve'
import { modules } from '#modules/train'
import * as activations from '../catalogue/activations.ts'
import * as exact from '../engine/exactSolvers.ts'
import * as landscape from '../landscape/curvature.ts'
import * as layers from '../layers/layers.ts'
import * as several from '../model/heads.ts'
import * as load from '../model/load.ts'
import * as model from '../model/model.ts'
import * as products from '../model/products.ts'
import * as quantizing from '../model/quantize.ts'
import * as orthogonal from '../optimizers/matrices/muon.ts'
import * as paths from '../optimizers/matrices/pathSgd.ts'
import * as factored from '../optimizers/matrices/shampoo.ts'
import * as eigenbases from '../optimizers/matrices/soap.ts'
import * as conjugate from '../optimizers/solvers/conjugateGradient.ts'
import * as quasiNewton from '../optimizers/solvers/lbfgs.ts'
import { bringing } from '../runtime/modules.ts'
import * as minimizing from '../training/minimize.ts'
import * as optimizing from '../training/optimize.ts'

export * from './core.ts'
export const sequential: typeof model.sequential = /* @__PURE__ */ bringing(modules, model.sequential)
export const loadModel: typeof load.loadModel = /* @__PURE__ */ bringing(modules, load.loadModel)
export const modelFromBytes: typeof load.modelFromBytes = /* @__PURE__ */ bringing(modules, load.modelFromBytes)
export const optimize: typeof optimizing.optimize = /* @__PURE__ */ bringing(modules, optimizing.optimize)
export const minimize: typeof minimizing.minimize = /* @__PURE__ */ bringing(modules, minimizing.minimize)
export const quantize: typeof quantizing.quantize = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(int8, quantizing.quantize),
)
export const cos: typeof activations.cos = /* @__PURE__ */ bringing(features, activations.cos)
export const sin: typeof activations.sin = /* @__PURE__ */ bringing(features, activations.sin)
export const exponential: typeof activations.exponential = /* @__PURE__ */ bringing(features, activations.exponential)
export const alphaDropout: typeof layers.alphaDropout = /* @__PURE__ */ bringing(features, layers.alphaDropout)
export const blend: typeof layers.blend = /* @__PURE__ */ bringing(features, layers.blend)
export const periodicEmbedding: typeof layers.periodicEmbedding = /* @__PURE__ */ bringing(
  features,
  layers.periodicEmbedding,
)
export const select: typeof layers.select = /* @__PURE__ */ bringing(features, layers.select)
export const concatenate: typeof layers.concatenate = /* @__PURE__ */ bringing(features, layers.concatenate)
export const heads: typeof several.heads = /* @__PURE__ */ bringing(features, several.heads)
export const embedding: typeof layers.embedding = /* @__PURE__ */ bringing(features, layers.embedding)
export const oneHotColumns: typeof layers.oneHotColumns = /* @__PURE__ */ bringing(features, layers.oneHotColumns)
export const lbfgs: typeof quasiNewton.lbfgs = /* @__PURE__ */ bringing(solve, quasiNewton.lbfgs)
export const conjugateGradient: typeof conjugate.conjugateGradient = /* @__PURE__ */ bringing(
  solve,
  conjugate.conjugateGradient,
)
export const kfac: typeof exact.kfac = /* @__PURE__ */ bringing(solve, exact.kfac)
export const newtonCg: typeof exact.newtonCg = /* @__PURE__ */ bringing(solve, exact.newtonCg)
export const naturalGradient: typeof exact.naturalGradient = /* @__PURE__ */ bringing(solve, exact.naturalGradient)
export const hessianVectorProduct: typeof products.hessianVectorProduct = /* @__PURE__ */ bringing(
  solve,
  products.hessianVectorProduct,
)
export const gaussNewtonVectorProduct: typeof products.gaussNewtonVectorProduct = /* @__PURE__ */ bringing(
  solve,
  products.gaussNewtonVectorProduct,
)
export const muon: typeof orthogonal.muon = /* @__PURE__ */ bringing(solve, orthogonal.muon)
export const curvature: typeof landscape.curvature = /* @__PURE__ */ bringing(solve, landscape.curvature)
export const pathSgd: typeof paths.pathSgd = /* @__PURE__ */ bringing(solve, paths.pathSgd)
export const shampoo: typeof factored.shampoo = /* @__PURE__ */ bringing(solve, factored.shampoo)
export const soap: typeof eigenbases.soap = /* @__PURE__ */ bringing(solve, eigenbases.soap)
