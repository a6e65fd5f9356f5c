/** Passes over the rows of a data set, each in an order of its own. */
import type { Feed } from '../engine/window.ts'
import type { Random } from '../lib/random.ts'

export class Passes {
  readonly feed: Feed
  readonly rows: number
  /** The first row, in the pass's order, that is still to come. */
  first = Number.POSITIVE_INFINITY
  readonly #random: Random | undefined
  readonly #order: Int32Array

  constructor(feed: Feed, rows: number, random: Random | undefined) {
    this.feed = feed
    this.rows = rows
    this.#random = random
    this.#order = new Int32Array(rows)
  }

  get done(): boolean {
    return this.first >= this.rows
  }

  begin(): void {
    // from the rows' own order, so that a resumed training shuffles as the uninterrupted one does
    this.#order.forEach((_, row, order) => {
      order[row] = row
    })
    this.#random?.shuffle(this.#order)
    this.feed.begin(this.#order)
    this.first = 0
  }
}
