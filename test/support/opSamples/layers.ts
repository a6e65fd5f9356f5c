/** Steps of the ops of layers. */
import { ACTIVATION_SOFTPLUS } from '../../../src/abi/activations.ts'
import { BATCH_NORM_MODE_BATCH } from '../../../src/abi/layers.ts'
import * as ops from '../../../src/machine/ops/layers.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, STRIDE, WIDTH, X_STRIDE } from './sizes.ts'

export function layerSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const layer = () => ({ x: room(), xStride: X_STRIDE, inputs: WIDTH, units: WIDTH })
  const dz = () => ({ dz: room(), dzStride: STRIDE })
  const activation = () => ({
    activation: ACTIVATION_SOFTPLUS,
    alpha: 0.5,
    saved: room(),
    savedStride: STRIDE,
  })
  const elements = () => ({
    from: room(),
    to: room(),
    stride: STRIDE,
    cols: COLS,
    kind: ACTIVATION_SOFTPLUS,
    alpha: 0.5,
  })
  const normColumns = () => ({ x: room(), stride: STRIDE, gamma: room() })
  const statistics = () => ({
    cols: COLS,
    mode: BATCH_NORM_MODE_BATCH,
    statistics: room(),
    statisticsStride: 96,
  })
  const running = () => ({ runningMean: room(), runningSpread: room() })
  const groups = () => ({ stride: STRIDE, cols: COLS, group: 7, gamma: room(), centered: 1 })
  const runs = () => ({ from: room(), to: room(), count: 24, run: 4 })
  const noisy = () => ({ from: room(), to: room(), stride: STRIDE, cols: COLS, stream: 1, scale: 1.25 })
  const slopes = () => ({ x: room(), stride: STRIDE, cols: COLS, alpha: room() })
  const kernel = () => ({ v: room(), g: room(), inverse: room(), inputs: 9, units: COLS })
  return {
    dense: step(ops.dense, { ...layer(), w: room(), b: room(), y: room(), yStride: STRIDE, ...activation() }),
    densePack: step(ops.densePack, { ...layer(), ...dz(), packed: room(), leastRows: 1, mostRows: 99 }),
    denseDw: step(ops.denseDw, {
      ...layer(),
      ...dz(),
      packed: room(),
      leastRows: 1,
      mostRows: 99,
      dw: room(),
      db: room(),
    }),
    denseDx: step(ops.denseDx, {
      ...dz(),
      inputs: WIDTH,
      units: WIDTH,
      w: room(),
      dx: room(),
      dxStride: STRIDE,
      scratch: room(),
      ...activation(),
    }),
    activate: step(ops.activate, elements()),
    activateBack: step(ops.activateBack, { ...elements(), saved: room() }),
    batchNorm: step(ops.batchNorm, {
      ...normColumns(),
      ...statistics(),
      ...running(),
      beta: room(),
      y: room(),
      epsilon: 0.01,
      rMax: 3,
      dMax: 5,
    }),
    batchNormBack: step(ops.batchNormBack, {
      ...normColumns(),
      ...statistics(),
      dy: room(),
      dx: room(),
      dgamma: room(),
      dbeta: room(),
    }),
    runningStatistics: step(ops.runningStatistics, { ...statistics(), ...running(), momentum: 0, batches: room() }),
    rowNorm: step(ops.rowNorm, {
      ...groups(),
      x: room(),
      y: room(),
      beta: room(),
      normalized: room(),
      inverse: room(),
      epsilon: 0.01,
    }),
    rowNormBack: step(ops.rowNormBack, {
      ...groups(),
      dy: room(),
      dx: room(),
      normalized: room(),
      inverse: room(),
    }),
    columnSums: step(ops.columnSums, {
      dy: room(),
      n: room(),
      stride: STRIDE,
      cols: COLS,
      dgamma: room(),
      dbeta: room(),
    }),
    spread: step(ops.spread, runs()),
    collect: step(ops.collect, runs()),
    dropout: step(ops.dropout, { ...noisy(), threshold: 1 << 30, rate: 0 }),
    noise: step(ops.noise, noisy()),
    add: step(ops.add, { a: room(), b: room(), to: room(), stride: STRIDE, cols: COLS }),
    prelu: step(ops.prelu, { ...slopes(), y: room() }),
    preluBack: step(ops.preluBack, { ...slopes(), dy: room(), dx: room(), dalpha: room() }),
    weightNorm: step(ops.weightNorm, { ...kernel(), w: room() }),
    weightNormBack: step(ops.weightNormBack, { ...kernel(), dw: room(), dv: room(), dg: room() }),
  }
}
