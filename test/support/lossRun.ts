/** One loss step on a machine of its own. */
import {
  LOSS_COLS,
  LOSS_DELTA,
  LOSS_GRADIENT,
  LOSS_KIND,
  LOSS_OUTPUTS,
  LOSS_PROBABILITIES,
  LOSS_ROW_LOSSES,
  LOSS_SMOOTHING,
  LOSS_STRIDE,
  LOSS_TARGETS,
  LOSS_TARGETS_STRIDE,
  LOSS_WEIGHTS,
  MEAN_LOSS_ROWS,
  MEAN_LOSS_WEIGHTS,
} from '../../src/abi/losses.ts'
import { OP_LOSS, OP_MEAN_LOSS } from '../../src/abi/ops.ts'
import { RECORD_LOSS, RECORD_WEIGHT } from '../../src/abi/records.ts'
import type { Target } from '../../src/machine/wasm.ts'
import { isSparse, type LossCase } from '../oracles/losses.ts'
import { Sheet } from './targets.ts'

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
  // what is written must not depend on what was there, pads included
  for (const { address, stride } of [own, dy]) sheet.arena.floats(address, (rows * stride) / 4).fill(7)
  sheet.step(
    OP_LOSS,
    {
      [LOSS_KIND]: spec.code,
      [LOSS_OUTPUTS]: outputs.address,
      [LOSS_STRIDE]: outputs.stride,
      [LOSS_COLS]: cols,
      [LOSS_TARGETS]: wanted.address,
      [LOSS_TARGETS_STRIDE]: wanted.stride,
      [LOSS_WEIGHTS]: weightsAt,
      [LOSS_ROW_LOSSES]: rowLosses,
      [LOSS_GRADIENT]: gradient ? dy.address : 0,
      [LOSS_PROBABILITIES]: probabilities === 'own' ? own.address : probabilities ? outputs.address : 0,
    },
    { [LOSS_DELTA]: spec.delta ?? 0, [LOSS_SMOOTHING]: spec.smoothing ?? 0 },
  )
  sheet.step(OP_MEAN_LOSS, { [MEAN_LOSS_ROWS]: rowLosses, [MEAN_LOSS_WEIGHTS]: weightsAt })
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
