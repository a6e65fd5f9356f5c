/** Passes over the rows of a data set, each in an order of its own. */
import { type DataSet, takeRowsOf } from '../data/dataset.ts'
import type { Feed } from '../engine/window.ts'
import type { Random } from '../lib/random.ts'
import type { Training } from './parallel.ts'

export class Passes {
  /** The rows' way into linear memory; absent where every batch is made on the host. */
  readonly feed: Feed | undefined
  /** Rows of a pass. */
  readonly rows: number
  /** The first row, in the pass's order, that is still to come. */
  first = Number.POSITIVE_INFINITY
  readonly #data: DataSet
  readonly #random: Random | undefined
  readonly #order: Int32Array

  /** @param rows of a pass, when the last of its order are left out. */
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
    // from the rows' own order, so that a resumed training shuffles as the uninterrupted one does
    const order = this.#order
    for (let row = 0; row < order.length; row++) order[row] = row
    this.#random?.shuffle(order)
    this.feed?.begin(order.subarray(0, this.rows))
    this.first = 0
  }

  /** The next rows, copied. */
  take(count: number): DataSet {
    return takeRowsOf(this.#data, this.#order.subarray(this.first, this.first + count))
  }
}

/** The rows' passes: through the machine's memory, unless batches are put together on the host. */
export function passesOver(
  data: DataSet,
  { engine, batchSize, accumulate, dropLast }: Training,
  random: Random | undefined,
): Passes {
  const byHost = engine.byHost || engine.session !== undefined || accumulate > 1
  const feed = byHost ? undefined : engine.feed(data, batchSize)
  return new Passes(data, random, feed, dropLast ? data.rows - (data.rows % batchSize) : data.rows)
}
