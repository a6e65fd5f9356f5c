/** Passes over the rows of a data set, each in its own order. */
import { type DataSet, takeRowsOf } from '../data/dataset.ts'
import type { Feed } from '../engine/window.ts'
import type { Random } from '../lib/random.ts'
import type { Training } from './parallel.ts'

export class Passes {
  /** Feeds rows into linear memory; undefined if batches are assembled on the host. */
  readonly feed: Feed | undefined
  /** Rows per pass. */
  readonly rows: number
  /** Position of the next row in the pass's order. */
  first = Number.POSITIVE_INFINITY
  readonly #data: DataSet
  readonly #random: Random | undefined
  readonly #order: Int32Array

  /** @param rows per pass, if the last ones of its order are dropped. */
  constructor(data: DataSet, random: Random | undefined, feed: Feed | undefined, rows = data.rows) {
    this.feed = feed
    this.rows = rows
    this.#data = data
    this.#random = random
    this.#order = new Int32Array(data.rows)
  }

  get done(): boolean {
    return this.first >= this.rows
  }

  begin(): void {
    // starts from the identity, so that a resumed training shuffles like an uninterrupted one
    const order = this.#order
    for (let row = 0; row < order.length; row++) order[row] = row
    this.#random?.shuffle(order)
    this.feed?.begin(order.subarray(0, this.rows))
    this.first = 0
  }

  /** A copy of the next rows. */
  take(count: number): DataSet {
    return takeRowsOf(this.#data, this.#order.subarray(this.first, this.first + count))
  }
}

/** The passes of a training: fed into linear memory, unless batches are assembled on the host. */
export function passesOver(
  data: DataSet,
  { engine, batchSize, accumulate, dropLast }: Training,
  random: Random | undefined,
): Passes {
  const byHost = engine.byHost || engine.session !== undefined || accumulate > 1
  const feed = byHost ? undefined : engine.feed(data, batchSize)
  return new Passes(data, random, feed, dropLast ? data.rows - (data.rows % batchSize) : data.rows)
}
