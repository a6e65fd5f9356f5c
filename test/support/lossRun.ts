/** One loss step on a machine of its own. */
import { RECORD_LOSS, RECORD_WEIGHT } from '../../src/abi/records.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import type { Target } from '../../src/machine/wasm.ts'
import { isSparse, type LossCase } from '../oracles/losses.ts'
import { Sheet } from './sheet.ts'

/** Rows of outputs and dense targets (one-hot for the sparse kinds). */
export interface Rows {
  readonly rows: number
  readonly cols: number
  readonly y: readonly number[]
  readonly t: readonly number[]
  readonly weights?: readonly number[]
}

export const slice = (values: readonly number[], cols: number, r: number) => values.slice(r * cols, (r + 1) * cols)
export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

interface Options {
  readonly gradient?: boolean
  readonly probabilities?: 'own' | 'inPlace'
  readonly packed?: boolean
}

/** One loss step and the mean after it; all that it wrote. */
export function runLoss(
  target: Target,
  spec: LossCase,
  data: Rows,
  { gradient = true, probabilities, packed }: Options = {},
) {
  const { rows, cols, y, t, weights } = data
  const sheet = new Sheet(target)
  const outputs = sheet.matrix(rows, cols, y)
  const stride = packed ? cols * 4 : outputs.stride
  const classes = Array.from({ length: rows }, (_, r) => slice(t, cols, r).indexOf(1))
  const wanted = isSparse(spec.code) ? { address: sheet.ints(classes), stride: 4 } : sheet.matrix(rows, cols, t, stride)
  const own = sheet.matrix(rows, cols)
  const dy = sheet.matrix(rows, cols)
  const rowLosses = sheet.floats(new Float32Array(rows))
  const weightsAt = weights ? sheet.floats(weights) : 0
  // what is written must not depend on what was there before, padding included
  for (const { address, stride } of [own, dy]) sheet.arena.floats(address, (rows * stride) / 4).fill(7)
  sheet.step(ops.loss, {
    kind: spec.code,
    outputs: outputs.address,
    stride: outputs.stride,
    cols,
    targets: wanted.address,
    targetsStride: wanted.stride,
    weights: weightsAt,
    rowLosses,
    gradient: gradient ? dy.address : 0,
    probabilities: probabilities === 'own' ? own.address : probabilities ? outputs.address : 0,
    delta: spec.delta,
    deltas: spec.deltas ? sheet.floats([...spec.deltas, ...new Array((8 - (cols % 8)) % 8).fill(9)]) : 0,
    smoothing: spec.smoothing,
  })
  sheet.step(ops.meanLoss, { rowLosses, weights: weightsAt })
  const record = sheet.run(rows)
  const stored = probabilities === 'own' ? own : outputs
  return {
    loss: sheet.arena.f64[(record + RECORD_LOSS * 4) / 8],
    weight: sheet.arena.f64[(record + RECORD_WEIGHT * 4) / 8],
    rowLosses: sheet.arena.floats(rowLosses, rows).slice(),
    gradient: sheet.read(dy),
    gradientPads: sheet.padding(dy),
    probabilities: sheet.read(stored),
    probabilityPads: sheet.padding(stored),
  }
}
