/** Layers that move columns: the helpers that their forward and backward passes share. */
import { PANEL } from '../abi/layout.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/features.ts'
import type { Builder, Matrix } from './builder.ts'

/** A run of adjacent columns: source and destination. */
export interface Run {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** The columns in their new order, merged into as few runs as possible. */
export function runsOf(columns: readonly number[], to = 0): Run[] {
  const runs: { from: number; to: number; count: number }[] = []
  for (const [i, from] of columns.entries()) {
    const last = runs[runs.length - 1]
    if (last && last.from + last.count === from) last.count++
    else runs.push({ from, to: to + i, count: 1 })
  }
  return runs
}

/** Padding floats at the end of a row. */
export const padOf = (cols: number): number => roundUp(cols, PANEL) - cols

const moved = (from: Matrix, to: Matrix, run: Run) => ({
  from: from.address + run.from * 4,
  fromStride: from.stride,
  to: to.address + run.to * 4,
  toStride: to.stride,
  count: run.count,
})

/** to = from, run by run; padding after the last run is zeroed. */
export function emitCopies(builder: Pick<Builder, 'emit'>, from: Matrix, to: Matrix, runs: readonly Run[]): void {
  for (const run of runs) {
    const pad = run.to + run.count === to.cols ? padOf(to.cols) : 0
    builder.emit(ops.copyColumns, { ...moved(from, to, run), pad })
  }
}

/** to += from, run by run. */
export function emitAdditions(builder: Pick<Builder, 'emit'>, from: Matrix, to: Matrix, runs: readonly Run[]): void {
  for (const run of runs) builder.emit(ops.addColumns, moved(from, to, run))
}

/** to = 0, padding included. */
export function emitZeros(builder: Pick<Builder, 'emit'>, to: Matrix): void {
  builder.emit(ops.copyColumns, {
    from: 0,
    fromStride: 0,
    to: to.address,
    toStride: to.stride,
    count: to.cols,
    pad: padOf(to.cols),
  })
}
