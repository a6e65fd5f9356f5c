/** The updates that processes make together: whose rows are in each, and how much they weigh. */
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

/** One update, as one of the processes sees it. */
export interface JointStep {
  /** This process's rows: those of one call into the machine, or several batches, or none. */
  readonly fed: (FedRows & { readonly feed: Feed; readonly first: number; readonly at: number }) | undefined
  readonly parts: readonly DataSet[]
  /** Sum of the weights of each process's rows. */
  readonly weights: Float64Array
  /** Rows of each process in part 0, 1, ...: process after process. */
  rowsOf(part: number): readonly number[]
}

export interface Steps {
  /** Updates of an epoch; NaN when nobody knows. */
  readonly batches: number
  /** An epoch begins. */
  begin(): void
  /** The next update; undefined when all processes have seen all their rows. */
  next(): Promise<JointStep | undefined>
  /** An epoch is over; `failed`: so is training. */
  leave(failed: boolean): void
}

/** @param random shuffles this process's rows. */
export const stepsOf = (world: Communicator, training: Training, random: Random | undefined): Steps =>
  isDataSet(training.data)
    ? new ArraySteps(world, training, training.data, random)
    : new StreamSteps(world, training, training.data)

/** Every process knows how many rows the others have, and so all that the others do: no word is said about it. */
class ArraySteps implements Steps {
  readonly batches: number
  readonly #world: Communicator
  readonly #passes: Passes
  readonly #batchSize: number
  readonly #counted: boolean
  readonly #weighted: boolean
  /** Of each process: rows of a pass, of a batch, of an update, and the first row still to come. */
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

/** Nobody knows how many batches others still have: every update is told beforehand. */
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
