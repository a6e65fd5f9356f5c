/** The updates that ranks make together: the rows of each, and their weights. */
import { type Batches, type DataSet, isDataSet } from '../data/dataset.ts'
import { partsOf } from '../engine/accumulate.ts'
import type { FedRows } from '../engine/engine.ts'
import { weightOf } from '../engine/hostLoss.ts'
import type { Feed } from '../engine/window.ts'
import type { Random } from '../lib/random.ts'
import { type Groups, groupsOf } from '../training/groups.ts'
import type { Training } from '../training/parallel.ts'
import { type Passes, passesOver } from '../training/passes.ts'
import type { Communicator } from './communicator.ts'

/** One update, as seen by one rank. */
export interface JointStep {
  /** This rank's rows: those of one machine call, or of several batches, or none. */
  readonly fed: (FedRows & { readonly feed: Feed; readonly first: number; readonly at: number }) | undefined
  readonly parts: readonly DataSet[]
  /** Sum of the row weights of each rank. */
  readonly weights: Float64Array
  /** Number of rows of each rank in part 0, 1, ... */
  rowsOf(part: number): readonly number[]
}

export interface Steps {
  /** Updates per epoch; NaN if unknown. */
  readonly batches: number
  /** Starts an epoch. */
  begin(): void
  /** The next update; undefined when all ranks are out of rows. */
  next(): Promise<JointStep | undefined>
  /** Ends an epoch; `failed`: and training. */
  leave(failed: boolean): void
}

/** @param random shuffles this rank's rows. */
export const stepsOf = (world: Communicator, training: Training, random: Random | undefined): Steps =>
  isDataSet(training.data)
    ? new ArraySteps(world, training, training.data, random)
    : new StreamSteps(world, training, training.data)

/** With arrays, every rank knows how many rows the others have, so no communication is needed. */
class ArraySteps implements Steps {
  readonly batches: number
  readonly #world: Communicator
  readonly #passes: Passes
  readonly #batchSize: number
  readonly #counted: boolean
  readonly #weighted: boolean
  /** For each rank: rows per pass, per batch, per update, and the next row. */
  readonly #rows: Float64Array
  readonly #sizes: Float64Array
  readonly #updates: Float64Array
  readonly #firsts: Float64Array

  constructor(world: Communicator, training: Training, data: DataSet, random: Random | undefined) {
    const { batchSize, accumulate, stepsPerEpoch } = training
    this.#world = world
    this.#passes = passesOver(data, training, random)
    this.#batchSize = batchSize
    this.#counted = stepsPerEpoch < Number.POSITIVE_INFINITY
    const all = world.gather(Float64Array.of(this.#passes.rows, batchSize, Number(data.weights !== undefined)))
    const column = (index: number) => Float64Array.from({ length: world.size }, (_, rank) => all[rank * 3 + index])
    this.#rows = column(0)
    this.#sizes = column(1)
    this.#updates = this.#sizes.map((size) => size * accumulate)
    this.#weighted = column(2).some((weighted) => weighted > 0)
    this.#firsts = this.#rows.slice()
    const most = this.#rows.reduce((sum, rows, rank) => Math.max(sum, Math.ceil(rows / this.#updates[rank])), 0)
    this.batches = this.#counted ? stepsPerEpoch : most
  }

  begin(): void {
    if (!this.#counted) this.#restart(() => true)
  }

  #restart(isDone: (rank: number) => boolean): void {
    for (let rank = 0; rank < this.#world.size; rank++) {
      if (!isDone(rank)) continue
      this.#firsts[rank] = 0
      if (rank === this.#world.rank) this.#passes.begin()
    }
  }

  async next(): Promise<JointStep | undefined> {
    const isDone = (rank: number) => this.#firsts[rank] >= this.#rows[rank]
    if (this.#counted) this.#restart(isDone)
    const firsts = this.#firsts.slice()
    const taken = firsts.map((first, rank) => Math.min(this.#updates[rank], this.#rows[rank] - first))
    if (taken.every((rows) => rows === 0)) return undefined
    taken.forEach((rows, rank) => {
      this.#firsts[rank] += rows
    })
    const { feed } = this.#passes
    const own = taken[this.#world.rank]
    const at = firsts[this.#world.rank]
    const fed = feed && own > 0 ? { feed, at, first: feed.ready(at).index, rows: own } : undefined
    const parts = feed || own === 0 ? [] : partsOf(this.#passes.take(own), this.#batchSize)
    this.#passes.first += own
    return {
      fed,
      parts,
      weights: this.#weighted ? this.#gather(fed ? weightOf(feed?.rows(at, own) as DataSet) : weigh(parts)) : taken,
      rowsOf: (part) =>
        Array.from(taken, (rows, rank) => {
          const size = this.#sizes[rank]
          return Math.max(0, Math.min(size, rows - part * size))
        }),
    }
  }

  #gather(weight: number): Float64Array {
    return this.#world.gather(Float64Array.of(weight))
  }

  leave(): void {}
}

const weigh = (parts: readonly DataSet[]): number => parts.reduce((sum, part) => sum + weightOf(part), 0)

/** With streams, the number of batches is unknown, so every update is announced. */
class StreamSteps implements Steps {
  readonly batches = Number.NaN
  readonly #world: Communicator
  readonly #groups: Groups
  readonly #most: number
  #ended = false
  #any = false

  constructor(world: Communicator, training: Training, data: Batches) {
    this.#world = world
    this.#groups = groupsOf(data, training)
    this.#most = training.accumulate
  }

  begin(): void {
    this.#ended = false
    this.#any = false
  }

  async next(): Promise<JointStep | undefined> {
    const parts = this.#ended ? [] : await this.#groups.next()
    this.#ended ||= this.#groups.ended
    const own = new Float64Array(1 + this.#most)
    own[0] = weigh(parts)
    parts.forEach((part, i) => {
      own[1 + i] = part.rows
    })
    const all = this.#world.gather(own)
    const column = (index: number) =>
      Array.from({ length: this.#world.size }, (_, rank) => all[rank * own.length + index])
    if (column(1).every((rows) => rows === 0)) {
      if (!this.#any) throw new RangeError('fit: the sources of all ranks have no batches')
      return undefined
    }
    this.#any = true
    return {
      fed: undefined,
      parts,
      weights: Float64Array.from(column(0)),
      rowsOf: (part) => (part < this.#most ? column(1 + part) : []),
    }
  }

  leave(failed: boolean): void {
    this.#groups.leave(failed)
  }
}
