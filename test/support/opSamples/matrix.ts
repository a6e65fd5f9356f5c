/** Steps of the ops on matrices. */
import * as ops from '../../../src/machine/ops/matrix.ts'
import { type Step, step } from '../../../src/machine/program.ts'

const stride = 512

export function matrixSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const when = { since: 1, every: 2 }
  const factors = () => ({
    ...when,
    a: room(),
    aStride: stride,
    b: room(),
    c: room(),
    rows: 5,
    depth: 7,
    cols: 120,
    upper: 0,
  })
  const conversion = () => ({
    ...when,
    from: room(),
    to: room(),
    stride,
    rows: 9,
    cols: 21,
    upper: 0,
    scale: 0.5,
    shift: 0.25,
  })
  const count = 112
  return {
    product: step(ops.product, { ...factors(), cStride: stride, bias: room() }),
    columnProduct: step(ops.columnProduct, { ...factors(), bStride: stride }),
    mirror: step(ops.mirror, { ...when, matrix: room(), size: 21 }),
    toRows: step(ops.toRows, {
      ...conversion(),
      transposed: 0,
      partials: room(),
      partialCount: 3,
      epsilon: 1e-7,
    }),
    toPanels: step(ops.toPanels, conversion()),
    blend: step(ops.blend, { ...when, x: room(), y: room(), to: room(), count, alpha: 0.5, beta: 0.25 }),
    copy: step(ops.copy, { ...when, from: room(), to: room(), count }),
    descend: step(ops.descend, {
      ...when,
      w: room(),
      x: room(),
      xStride: stride,
      to: room(),
      rows: 9,
      cols: 21,
      transposed: 0,
      rate: 1,
      factor: 0.5,
      decayScale: 1,
      decay: 0.125,
    }),
    pathUp: step(ops.pathUp, { ...when, w: room(), to: room(), rows: 9, cols: 21, s: room(), b: room() }),
    pathDown: step(ops.pathDown, { ...when, w: room(), to: room(), rows: 21, cols: 9, r: room() }),
    pathDescend: step(ops.pathDescend, {
      ...when,
      w: room(),
      to: room(),
      rows: 9,
      cols: 21,
      s: room(),
      r: room(),
      g: room(),
      rate: 0.5,
    }),
    eigen: step(ops.eigen, {
      ...when,
      from: room(),
      size: 9,
      to: room(),
      stride,
      scratch: room(),
      roots: 2,
      shift: 0.5,
    }),
    adapt: step(ops.adapt, {
      ...when,
      first: room(),
      second: room(),
      g: room(),
      next: room(),
      to: room(),
      count,
      beta: 0.5,
      rest: 0.5,
      epsilon: 1e-8,
    }),
    secondRule: step(ops.secondRule, when),
  }
}
