/** Losses that the host computes between a model's two passes. */
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { DataSet } from '../data/dataset.ts'
import type { Matrix } from '../layers/builder.ts'
import { show } from '../lib/check.ts'
import type { Arena } from '../machine/arena.ts'
import type { Tally } from './records.ts'
import { loadRows, unloadRows } from './rows.ts'

/** The loss of outputs whose gradient it writes: packed rows both, lent for the call. */
export type Judge = (outputs: Float32Array, gradient: Float32Array) => number

/** Sum of the weights of the rows. */
export const weightOf = ({ weights, rows }: DataSet): number =>
  weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows

/** Adds a batch whose loss the host has computed; returns the loss. */
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
    // rows without any weight have no mean
    if (weights && weightOf({ weights, rows } as DataSet) === 0) return 0
    const loss: unknown = compute(outputs, targets, gradient, { rows, columns: outputs.length / rows, weights })
    if (typeof loss !== 'number') throw new TypeError(`customLoss: "compute" must return the loss, got ${show(loss)}`)
    return loss
  }
}

/** Where outputs lie while the host looks at them, and the gradient it writes. */
export class Desk {
  /** Whether the host is at it: until it is done, the model must stay as it is. */
  busy = false
  #outputs = new Float32Array(0)
  #gradient = new Float32Array(0)

  /** Has a loss of the matrix's first rows computed, and its gradient put into `gradient`, whose pads are zero. */
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
