/** Local SGD: ranks make some updates on their own, then average parameters. Also averages running statistics. */
import type { DataSet } from '../data/dataset.ts'
import { trainParts } from '../engine/accumulate.ts'
import type { Engine } from '../engine/engine.ts'
import { OWN_BATCH } from '../engine/records.ts'
import type { Training, TrainingRun } from '../training/parallel.ts'
import { type Communicator, gatherSums } from './communicator.ts'
import type { JointStep } from './steps.ts'

/** What it needs from the crew. */
interface Ties {
  /** All-reduce: replaces values by the sums over all ranks. */
  add(values: Float32Array): void
  /** 1 if this rank is aborted. */
  aborted(): number
  /** Whether some rank has stopped, from the numbers that have stopped and that are aborted. */
  halts(run: TrainingRun, stops: number, aborts: number): boolean
}

export class Averages {
  readonly #world: Communicator
  readonly #training: Training
  readonly #every: number
  readonly #ties: Ties
  /** Weight of the rows trained on, and updates, since the last average. */
  #weight = 0
  #apart = 0

  /** @param every updates between averages. */
  constructor(world: Communicator, training: Training, every: number, ties: Ties) {
    this.#world = world
    this.#training = training
    this.#every = every
    this.#ties = ties
  }

  /** One local update; false if, when it was time to average, some rank had stopped. */
  async train(run: TrainingRun, { fed, parts, weights, rowsOf }: JointStep): Promise<boolean> {
    const { engine } = this.#training
    const { tally, scorer } = run
    const { rank } = this.#world
    const before = rowsOf(0)
      .slice(0, rank)
      .reduce((sum, count) => sum + count, 0)
    engine.records.whole = { ...OWN_BATCH, before }
    const visit = (outputs: Float32Array, part: Omit<DataSet, 'features'>) => scorer.update(outputs, part)
    if (fed) {
      const { feed, rows, first, at } = fed
      const plan = engine.trainingPlan(rows)
      plan.bind(feed.source)
      await engine.trainSteps(plan, 1, rows, first, rows, tally)
      if (scorer.needsOutputs) visit(engine.trainedOutputs(rows), feed.rows(at, rows))
    } else if (parts.length > 0) trainParts(engine, parts, tally, scorer.needsOutputs ? visit : undefined)
    else engine.steps++
    this.#weight += weights[rank]
    this.#apart++
    return this.#apart < this.#every || this.#average(run)
  }

  /** Averages after the last updates of an epoch. */
  finish(run: TrainingRun): void {
    if (this.#apart > 0) this.#average(run)
  }

  /** Averages parameters and states over all ranks, weighted by the rows each has trained on since the last time. */
  #average(run: TrainingRun): boolean {
    const { engine } = this.#training
    const { storage } = engine
    const own = Float64Array.of(this.#weight, Number(run.stopReason !== undefined), this.#ties.aborted())
    const [weight, stops, aborts] = gatherSums(this.#world, own)
    const share = weight > 0 ? this.#weight / weight : 1 / this.#world.size
    engine.flush()
    const blocks = [storage.parameters, ...storage.states].map((address) => storage.view(address))
    for (const block of [...blocks, storage.viewKept()]) {
      for (let i = 0; i < block.length; i++) block[i] *= share
      this.#ties.add(block)
    }
    storage.flushParameters()
    storage.version++
    this.#weight = 0
    this.#apart = 0
    return !this.#ties.halts(run, stops, aborts)
  }
}

/** Averages running statistics, which each rank computes from its own rows. */
export function averageStatistics(world: Communicator, engine: Engine, add: Ties['add']): void {
  const { storage } = engine
  const kept = engine.places.filter(({ trainable }) => trainable === false)
  if (kept.length === 0) return
  engine.flush()
  const block = storage.view(storage.parameters)
  const values = new Float32Array(kept.reduce((sum, { stored }) => sum + stored, 0))
  let at = 0
  for (const { offset, stored } of kept) {
    values.set(block.subarray(offset, offset + stored), at)
    at += stored
  }
  add(values)
  at = 0
  for (const { offset, stored } of kept) {
    for (let i = 0; i < stored; i++) block[offset + i] = values[at++] / world.size
  }
  storage.flushParameters()
}
