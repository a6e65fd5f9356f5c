/** Steps of the ops of what not every model has. */
import { ACTIVATION_COS } from '../../../src/abi/activations.ts'
import * as ops from '../../../src/machine/ops/features.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, ROWS, STRIDE, X_STRIDE } from './sizes.ts'

export function featureSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const waves = () => ({ from: room(), to: room(), stride: STRIDE, cols: COLS, kind: ACTIVATION_COS })
  const shares = () => ({ x: room(), f: room(), stride: STRIDE, cols: COLS, alpha: room() })
  const periods = () => ({
    x: room(),
    xStride: X_STRIDE,
    yStride: STRIDE,
    cols: COLS,
    frequencies: 5,
    units: 3,
    w: room(),
    b: room(),
    kernel: room(),
  })
  const moved = () => ({ fromStride: X_STRIDE, to: room(), toStride: STRIDE, count: 11 })
  const rowsOf = () => ({ x: room(), xStride: X_STRIDE, categories: 3, yStride: STRIDE })
  const noisy = () => ({ from: room(), to: room(), stride: STRIDE, cols: COLS, stream: 1, scale: 1.25 })
  return {
    copyColumns: step(ops.copyColumns, { ...moved(), from: room(), pad: 5 }),
    addColumns: step(ops.addColumns, { ...moved(), from: room() }),
    takeRows: step(ops.takeRows, { ...rowsOf(), units: COLS, y: room(), table: room(), pad: 3 }),
    markColumns: step(ops.markColumns, { ...rowsOf(), y: room(), pad: 3 }),
    clearRows: step(ops.clearRows, {
      x: room(),
      xStride: X_STRIDE,
      categories: 3,
      units: COLS,
      gradient: room(),
      list: room(),
      room: ROWS,
    }),
    addToRows: step(ops.addToRows, { ...rowsOf(), units: COLS, dy: room(), gradient: room() }),
    stepRows: step(ops.stepRows, {
      ...rowsOf(),
      units: COLS,
      y: room(),
      table: room(),
      gradient: room(),
      scale: 0.5,
      tiny: 1e-20,
    }),
    alphaDropout: step(ops.alphaDropout, { ...noisy(), threshold: 1 << 30, shift: 0.25, floor: -1.5 }),
    mix: step(ops.mix, { ...shares(), y: room() }),
    mixBack: step(ops.mixBack, { ...shares(), dy: room(), dx: room(), df: room(), dalpha: room() }),
    periodic: step(ops.periodic, { ...periods(), y: room(), bias: room() }),
    periodicBack: step(ops.periodicBack, {
      ...periods(),
      dy: room(),
      dx: room(),
      dw: room(),
      db: room(),
      dkernel: room(),
      dbias: room(),
    }),
    wave: step(ops.wave, waves()),
    waveBack: step(ops.waveBack, { ...waves(), saved: room() }),
  }
}
