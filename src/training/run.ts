/** A running `fit`: chunks of steps sized by time, callbacks, yields to the event loop, and stopping. */
import { yieldToEventLoop } from '#runtime'
import type { DataSet } from '../data/dataset.ts'
import { partsOf, trainParts } from '../engine/accumulate.ts'
import { emptyTally, RECORDS, type Tally } from '../engine/records.ts'
import type { Feed } from '../engine/window.ts'
import { checkFloat } from '../lib/check.ts'
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import type { CallbackContext, Logs } from './callbacks/callbacks.ts'
import { evaluateAll, type FullEvaluation } from './fullBatch.ts'
import type { Groups } from './groups.ts'
import type { Training, TrainingRun } from './parallel.ts'
import type { Passes } from './passes.ts'
import type { Scorer } from './scorer.ts'

/** Target time between two looks at the clock. */
const CHUNK_MILLISECONDS = 10

/** The state of one call of `fit`. */
export class Run implements TrainingRun {
  readonly context: CallbackContext
  #stopReason: string | undefined
  #stoppedByCallback = false
  #warned = false
  readonly #request: Training
  readonly #perBatch: boolean
  tally: Tally = emptyTally()
  scorer: Scorer
  #epoch = 0
  #batch = 0
  #updates = 0
  #lastTurn = performance.now()
  #chunk = 1

  constructor(request: Training) {
    this.#request = request
    this.scorer = request.scorer
    this.#perBatch = request.callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined)
    this.context = this.#makeContext()
  }

  get stopped(): boolean {
    return this.#stopReason !== undefined
  }

  get stopReason(): string | undefined {
    return this.#stopReason
  }

  stop(reason: string): void {
    this.#stopReason ??= reason
  }

  #makeContext(): CallbackContext {
    const { engine, model, epochs, validation, validationFrequency } = this.#request
    const run = this
    return {
      model,
      epochs,
      validationFrequency: validation ? validationFrequency : 0,
      get rows() {
        return run.tally.rows
      },
      get learningRate() {
        return engine.learningRate
      },
      get learningRateScale() {
        return engine.learningRateScale
      },
      set learningRateScale(scale: number) {
        if (engine.session && !engine.session.solver.stochastic) {
          throw new RangeError(
            `callback: ${engine.session.solver.kind} searches for the length of every step, so its learning rate cannot be scaled`,
          )
        }
        engine.learningRateScale = checkFloat('callback', 'learningRateScale', scale, { minimum: 0 })
      },
      get stopReason() {
        return run.#stopReason
      },
      stop(reason: string) {
        run.#stopReason ??= String(reason)
        run.#stoppedByCallback = true
      },
    }
  }

  begin(epoch: number): void {
    this.#epoch = epoch
    this.#batch = 0
    this.tally = emptyTally()
    this.scorer.reset()
  }

  /** Whether the epoch has had no update yet. */
  get untrained(): boolean {
    return this.#batch === 0
  }

  /** Means over the epoch's rows so far. */
  logs(): Logs {
    return this.scorer.logs(this.tally)
  }

  /** Warns once that the loss is not finite, unless a callback has reacted. */
  warnOfLoss(): void {
    const { loss, weight } = this.tally
    if (this.#warned || this.#stoppedByCallback || weight === 0 || Number.isFinite(loss)) return
    this.#warned = true
    const end = this.stopped ? '' : ', and training goes on'
    console.warn(
      `fit: the loss is ${loss / weight} in epoch ${this.#epoch + 1}${end}; try a smaller learningRate, clipNorm or scaled features, and terminateOnNaN() to stop when this happens`,
    )
  }

  get room(): number {
    const { stepsPerEpoch, maxSteps } = this.#request
    return Math.min(stepsPerEpoch - this.#batch, maxSteps - this.#updates)
  }

  /** Maximum number of steps left in this epoch. */
  get #left(): number {
    return this.stopped ? 0 : this.room
  }

  /** One epoch: a pass over the rows, or `stepsPerEpoch` steps from where the last one stopped. */
  async trainArrays(passes: Passes): Promise<void> {
    const { engine, signal, stepsPerEpoch } = this.#request
    const scorer = this.scorer
    const counted = stepsPerEpoch < Number.POSITIVE_INFINITY
    const batches = Math.min(counted ? stepsPerEpoch : Math.ceil(passes.rows / this.#updateRows), this.#left)
    if (!counted) passes.begin()
    while (this.#left > 0) {
      if (passes.done) {
        if (!counted) break
        passes.begin()
      }
      signal?.throwIfAborted()
      const { first, feed } = passes
      const perStep = !feed || this.#perBatch || scorer.needsOutputs
      const started = performance.now()
      const [count, trained] = feed
        ? await this.#trainFed(feed, first, perStep ? 1 : this.#chunk)
        : this.#trainTaken(passes)
      if (feed && scorer.needsOutputs) scorer.update(engine.trainedOutputs(trained), feed.rows(first, trained))
      passes.first += trained
      this.#adapt(count, performance.now() - started)
      await this.advance(count, batches)
    }
    this.stopAtMaxSteps()
  }

  /** One epoch of a solver: an iteration over all rows. Its logs refer to the parameters at its end. */
  async solve(
    session: SolverSession,
    data: DataSet,
    whole?: (evaluation: FullEvaluation) => FullEvaluation,
  ): Promise<void> {
    if (this.#left === 0) return this.stopAtMaxSteps()
    const request = this.#request
    const parts = partsOf(data, request.batchSize)
    const turn = async () => {
      request.signal?.throwIfAborted()
      await this.#turn(1)
    }
    const evaluateOnce = (isFirst: boolean) => evaluateAll(request, session, parts, isFirst, () => this.#turn(1))
    const { evaluation, end } = await session.iterate(
      whole ? async (isFirst) => whole(await evaluateOnce(isFirst)) : evaluateOnce,
      // products over these rows only would not be those of all ranks
      whole ? undefined : request.engine.exactProducts(data, request.batchSize),
      turn,
    )
    request.engine.steps++
    this.tally = evaluation.tally
    this.scorer = evaluation.scorer
    await this.advance(1, 1)
    if (end !== undefined) this.#stopReason ??= end
    this.stopAtMaxSteps()
  }

  /** Rows per update. */
  get #updateRows(): number {
    return this.#request.batchSize * this.#request.accumulate
  }

  /** Up to `most` updates in one machine call; returns the numbers of updates and rows. */
  async #trainFed(feed: Feed, first: number, most: number): Promise<[count: number, rows: number]> {
    const { engine, batchSize } = this.#request
    const plan = engine.trainingPlan(batchSize)
    const { index, rows } = feed.ready(first)
    const count = Math.min(most, Math.ceil(rows / batchSize), this.#left)
    // evaluate and trainStep may have run since the last chunk and changed the bindings
    plan.bind(feed.source)
    const waiting = engine.trainSteps(plan, count, batchSize, index, rows, this.tally)
    if (waiting) await waiting
    return [count, Math.min(count * batchSize, rows)]
  }

  /** An update with rows assembled on the host. */
  #trainTaken(passes: Passes): [count: number, rows: number] {
    const rows = passes.take(Math.min(this.#updateRows, passes.rows - passes.first))
    this.#trainParts(partsOf(rows, this.#request.batchSize))
    return [1, rows.rows]
  }

  #trainParts(parts: readonly DataSet[]): void {
    const { engine } = this.#request
    const scorer = this.scorer
    const visit = (outputs: Float32Array, part: DataSet) => scorer.update(outputs, part)
    trainParts(engine, parts, this.tally, scorer.needsOutputs ? visit : undefined)
  }

  /** One epoch over a stream of batches. */
  async trainBatches(groups: Groups): Promise<void> {
    let failed = true
    try {
      while (this.#left > 0) {
        const parts = await groups.next()
        if (this.#batch + parts.length === 0) throw new RangeError('fit: the source has no batches')
        if (parts.length === 0) break
        this.#trainParts(parts)
        await this.advance(1, Number.NaN)
        if (groups.ended) break
      }
      failed = false
    } finally {
      groups.leave(failed)
    }
    this.stopAtMaxSteps()
  }

  stopAtMaxSteps(): void {
    const { maxSteps } = this.#request
    if (this.#updates >= maxSteps) this.#stopReason ??= `maxSteps ${maxSteps} reached`
  }

  /** Adapts the steps per chunk to CHUNK_MILLISECONDS; if the clock does not advance, chunks grow to their limit. */
  #adapt(count: number, milliseconds: number): void {
    const chunk = Math.min(CHUNK_MILLISECONDS, this.#request.yieldEvery)
    const wanted = milliseconds > 0 ? (count * chunk) / milliseconds : RECORDS
    this.#chunk = Math.max(1, Math.min(RECORDS, Math.floor(wanted), count * 4))
  }

  /** Reports completed batches to callbacks, and yields to the event loop when it is time. */
  async advance(count: number, batches: number): Promise<void> {
    const { callbacks } = this.#request
    this.#batch += count
    this.#updates += count
    if (this.#perBatch) {
      const logs = this.logs()
      for (const callback of callbacks) await callback.onBatchEnd?.(this.#batch - 1, logs, this.context)
    }
    await this.#turn(batches)
  }

  /** Runs callbacks and yields to the event loop, if it is time. */
  async #turn(batches: number): Promise<void> {
    const { callbacks, epochs, yieldEvery } = this.#request
    if (performance.now() - this.#lastTurn < yieldEvery) return
    for (const callback of callbacks) {
      const rows = this.tally.rows
      await callback.onProgress?.(
        { epoch: this.#epoch, epochs, batch: this.#batch, batches, rows, logs: this.logs() },
        this.context,
      )
    }
    this.warnOfLoss()
    await yieldToEventLoop()
    this.#lastTurn = performance.now()
  }
}
