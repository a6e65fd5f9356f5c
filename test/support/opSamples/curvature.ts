/** Steps of the ops of curvature products. */
import { ACTIVATION_SOFTPLUS } from '../../../src/abi/activations.ts'
import { LOSS_SIGMOID_CROSSENTROPY } from '../../../src/abi/losses.ts'
import * as ops from '../../../src/machine/ops/curvature.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, STRIDE } from './sizes.ts'

export function curvatureSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const slopes = () => ({ x: room(), stride: STRIDE, cols: COLS, alpha: room() })
  const kernel = () => ({ v: room(), g: room(), inverse: room(), inputs: 9, units: COLS })
  const normCurve = () => ({
    stride: STRIDE,
    cols: COLS,
    gamma: room(),
    gammaTangent: room(),
    normalizedTangent: room(),
  })
  const batchCurve = () => ({
    ...normCurve(),
    x: room(),
    live: 1,
    statistics: room(),
    statisticsStride: 96,
    sums: room(),
  })
  const rowCurve = () => ({
    ...normCurve(),
    group: 7,
    normalized: room(),
    inverse: room(),
    moved: room(),
    centered: 1,
  })
  const curveBack = () => ({ dy: room(), dyTangent: room(), to: room() })
  const preluCurve = () => ({ ...slopes(), xTangent: room(), alphaTangent: room() })
  const weightCurve = () => ({ ...kernel(), vTangent: room(), gTangent: room(), sums: room() })
  return {
    activateCurve: step(ops.activateCurve, {
      dy: room(),
      dyTangent: room(),
      saved: room(),
      tangent: room(),
      to: room(),
      stride: STRIDE,
      cols: COLS,
      kind: ACTIVATION_SOFTPLUS,
      alpha: 0.5,
    }),
    logSoftmaxTangent: step(ops.logSoftmaxTangent, {
      y: room(),
      tangent: room(),
      to: room(),
      stride: STRIDE,
      cols: COLS,
    }),
    lossCurve: step(ops.lossCurve, {
      kind: LOSS_SIGMOID_CROSSENTROPY,
      outputs: room(),
      tangent: room(),
      to: room(),
      stride: STRIDE,
      cols: COLS,
      deltas: room(),
      targets: room(),
      targetsStride: STRIDE,
      weights: room(),
      delta: 1,
      smoothing: 0.1,
    }),
    batchNormTangent: step(ops.batchNormTangent, {
      ...batchCurve(),
      xTangent: room(),
      betaTangent: room(),
      to: room(),
    }),
    batchNormCurve: step(ops.batchNormCurve, { ...batchCurve(), ...curveBack(), dgamma: room(), dbeta: room() }),
    rowNormTangent: step(ops.rowNormTangent, { ...rowCurve(), xTangent: room(), betaTangent: room(), to: room() }),
    rowNormCurve: step(ops.rowNormCurve, { ...rowCurve(), ...curveBack() }),
    preluTangent: step(ops.preluTangent, { ...preluCurve(), to: room() }),
    preluCurve: step(ops.preluCurve, { ...preluCurve(), ...curveBack(), dalpha: room() }),
    weightNormTangent: step(ops.weightNormTangent, { ...weightCurve(), to: room() }),
    weightNormCurve: step(ops.weightNormCurve, {
      ...weightCurve(),
      dw: room(),
      dwTangent: room(),
      dv: room(),
      dg: room(),
    }),
  }
}
