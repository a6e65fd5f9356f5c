/** Steps of the ops of networks of 8 bits. */
import { ACTIVATION_SOFTPLUS } from '../../../src/abi/activations.ts'
import * as ops from '../../../src/machine/ops/int8.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, STRIDE, WIDTH, X_STRIDE } from './sizes.ts'

export function int8Samples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const elements = () => ({
    from: room(),
    to: room(),
    stride: STRIDE,
    cols: COLS,
    kind: ACTIVATION_SOFTPLUS,
    alpha: 0.5,
  })
  return {
    quantizeRows: step(ops.quantizeRows, {
      from: room(),
      stride: STRIDE,
      cols: COLS,
      to: room(),
      toStride: STRIDE,
      rows: room(),
      scale: 0.125,
      zero: 3,
    }),
    denseInt8: step(ops.denseInt8, {
      x: room(),
      xStride: X_STRIDE,
      xRows: room(),
      w: room(),
      sums: room(),
      scales: room(),
      b: room(),
      inputs: WIDTH,
      units: WIDTH,
      y: room(),
      yStride: STRIDE,
      activation: ACTIVATION_SOFTPLUS,
      alpha: 0.5,
      to: room(),
      toStride: STRIDE,
      toRows: room(),
      toScale: 0.125,
      toZero: 3,
    }),
    activateExact: step(ops.activateExact, elements()),
  }
}
