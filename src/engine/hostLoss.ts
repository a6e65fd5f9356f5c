/** Losses that the host computes between a model's two passes. */
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { DataSet } from '../data/dataset.ts'
import type { Matrix } from '../layers/builder.ts'
import { show } from '../lib/check.ts'
import type { Arena } from '../machine/arena.ts'
import type { Tally } from './records.ts'
import { loadRows, unloadRows } from './rows.ts'

/** Returns the loss of outputs and writes its gradient: packed rows, valid during the call only. */
export type Judge = (outputs: Float32Array, gradient: Float32Array) => number

/** Sum of the row weights. */
export const weightOf = ({ weights, rows }: DataSet): number =>
  weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows

/** Adds a batch with a loss from the host to the tally; returns the loss. */
export function addTo(tally: Tally, loss: number, data: DataSet): number {
  const weight = weightOf(data)
  tally.loss += loss * weight
  tally.weight += weight
  tally.rows += data.rows
  return loss
}

/** A custom loss on given rows. */
export function judgeOf(compute: ComputeLoss, { targets, weights, rows }: DataSet): Judge {
  return (outputs, gradient) => {
    // a weighted mean is undefined without weight
    if (weights && weightOf({ weights, rows } as DataSet) === 0) return 0
    const loss: unknown = compute(outputs, targets, gradient, { rows, columns: outputs.length / rows, weights })
    if (typeof loss !== 'number') throw new TypeError(`customLoss: "compute" must return the loss, got ${show(loss)}`)
    return loss
  }
}

/** Buffers for outputs that the host reads and the gradient that it writes. */
export class Desk {
  /** Whether the host is computing a loss, during which the model must not be used. */
  busy = false
  #outputs = new Float32Array(0)
  #gradient = new Float32Array(0)

  /** Computes a loss of the matrix's first rows and writes its gradient to `gradient`, whose padding is zero. */
  judge(arena: Arena, outputs: Matrix, rows: number, judge: Judge, gradient?: Matrix): number {
    const size = rows * outputs.cols
    if (this.#outputs.length < size) {
      this.#outputs = new Float32Array(size)
      this.#gradient = new Float32Array(size)
    }
    const values = this.#outputs.subarray(0, size)
    const slopes = this.#gradient.subarray(0, size).fill(0)
    unloadRows(arena, outputs, values, 0, rows)
    this.busy = true
    let loss: number
    try {
      loss = judge(values, slopes)
    } finally {
      this.busy = false
    }
    if (!gradient) return loss
    arena.f32.fill(0, gradient.address / 4, (gradient.address + rows * gradient.stride) / 4)
    loadRows(arena, gradient, slopes, 0, rows)
    return loss
  }
}
