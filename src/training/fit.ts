/** The training loop: epochs, shuffling, chunks of steps sized by time, validation, events, stopping. */
import { yieldToEventLoop } from '#runtime'
import { type Batches, type DataSet, sliceRows } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import { emptyTally, RECORDS, type Tally } from '../engine/records.ts'
import { checkFloat } from '../lib/check.ts'
import type { Random } from '../lib/random.ts'
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import type { CallbackContext, CallbackModel, Logs } from './callbacks/callbacks.ts'
import type { FitCall } from './fitOptions.ts'
import { evaluateAll } from './fullBatch.ts'
import { emptyHistory, type History, record, validationName } from './history.ts'
import { Passes } from './passes.ts'
import type { Scorer } from './scorer.ts'

/** A whole number of updates between two looks at the clock takes about this long. */
const CHUNK_MILLISECONDS = 10
/** The event loop and `onProgress` get their turn at least this often. */
const TURN_MILLISECONDS = 40

/** A checked call of `fit`, and what it works with. */
export interface FitRequest extends Omit<FitCall, 'shuffle'> {
  readonly engine: Engine
  readonly model: CallbackModel
  readonly scorer: Scorer
  /** Shuffles the rows of every epoch; undefined: rows in order. */
  readonly random: Random | undefined
}

const isDataSet = (data: DataSet | Batches): data is DataSet => 'rows' in data

export async function fit(request: FitRequest): Promise<History> {
  const { engine, callbacks, epochs, initialEpoch, random, data } = request
  const history = emptyHistory(Object.keys(request.scorer.fresh().logs(emptyTally())), request.validation !== undefined)
  const run = new Run(request)
  const { context } = run
  const passes = isDataSet(data) ? new Passes(engine.feed(data, request.batchSize), data.rows, random) : undefined
  engine.session?.forget()

  for (const callback of callbacks) await callback.onTrainBegin?.(context)
  for (let epoch = initialEpoch; epoch < epochs && !run.stopped; epoch++) {
    for (const callback of callbacks) await callback.onEpochBegin?.(epoch, context)
    run.begin(epoch)
    if (passes && engine.session) await run.solve(engine.session, passes)
    else if (passes) await run.trainArrays(passes)
    else if (!isDataSet(data)) await run.trainBatches(data)
    // an epoch that was stopped before its first batch is none
    if (run.untrained) break
    const logs = { ...run.logs(), ...(request.validation && (await validate(request, request.validation))) }
    for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, context)
    record(history, epoch, logs)
    run.warnOfLoss()
    request.signal?.throwIfAborted()
  }
  for (const callback of callbacks) await callback.onTrainEnd?.(context)
  return history
}

/** `val_` metrics, evaluated in pieces of some milliseconds between which the event loop runs. */
async function validate({ engine, scorer, signal }: FitRequest, data: DataSet): Promise<Logs> {
  const judge = scorer.fresh()
  const tally = emptyTally()
  let rows = engine.plan().rows
  for (let first = 0; first < data.rows; ) {
    signal?.throwIfAborted()
    const part = sliceRows(data, first, Math.min(rows, data.rows - first))
    const visit = (outputs: Float32Array, from: number, count: number) =>
      judge.update(outputs, sliceRows(part, from, count))
    const started = performance.now()
    engine.evaluate(part, judge.needsOutputs ? visit : undefined, false, tally)
    first += part.rows
    if (performance.now() - started > CHUNK_MILLISECONDS) await yieldToEventLoop()
    else rows *= 2
  }
  return Object.fromEntries(Object.entries(judge.logs(tally)).map(([name, value]) => [validationName(name), value]))
}

/** The promise's value, or a rejection with the signal's reason as soon as it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The state of one call of `fit`. */
class Run {
  readonly context: CallbackContext
  #stopReason: string | undefined
  #stoppedByCallback = false
  #warned = false
  readonly #request: FitRequest
  readonly #perBatch: boolean
  #tally: Tally = emptyTally()
  #scorer: Scorer
  #epoch = 0
  #batch = 0
  #updates = 0
  #lastTurn = performance.now()
  #chunk = 1
  #batches: AsyncIterator<DataSet> | undefined

  constructor(request: FitRequest) {
    this.#request = request
    this.#scorer = request.scorer
    this.#perBatch = request.callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined)
    this.context = this.#makeContext()
  }

  get stopped(): boolean {
    return this.#stopReason !== undefined
  }

  #makeContext(): CallbackContext {
    const { engine, model, epochs } = this.#request
    const run = this
    return {
      model,
      epochs,
      get rows() {
        return run.#tally.rows
      },
      get learningRate() {
        return engine.learningRate
      },
      get learningRateScale() {
        return engine.learningRateScale
      },
      set learningRateScale(scale: number) {
        if (engine.session) {
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
    this.#tally = emptyTally()
    this.#scorer.reset()
  }

  /** Whether the epoch has trained on nothing yet. */
  get untrained(): boolean {
    return this.#tally.rows === 0
  }

  /** Means over the epoch's rows so far. */
  logs(): Logs {
    return this.#scorer.logs(this.#tally)
  }

  /** Says once that the loss is lost, unless a callback has seen to it. */
  warnOfLoss(): void {
    const { loss, weight } = this.#tally
    if (this.#warned || this.#stoppedByCallback || weight === 0 || Number.isFinite(loss)) return
    this.#warned = true
    console.warn(
      `fit: the loss is ${loss / weight} in epoch ${this.#epoch + 1}, and training goes on; try a smaller learningRate, clipNorm or scaled features, and terminateOnNaN() to stop when this happens`,
    )
  }

  /** Steps still allowed in this epoch. */
  get #left(): number {
    const { stepsPerEpoch, maxSteps } = this.#request
    return this.stopped ? 0 : Math.min(stepsPerEpoch - this.#batch, maxSteps - this.#updates)
  }

  /** One epoch: a pass over the rows, or as many steps as an epoch has been given, from where the last one stopped. */
  async trainArrays(passes: Passes): Promise<void> {
    const { engine, batchSize, signal, stepsPerEpoch } = this.#request
    const scorer = this.#scorer
    const { feed, rows: all } = passes
    const plan = engine.trainingPlan(batchSize)
    const counted = stepsPerEpoch < Number.POSITIVE_INFINITY
    const batches = Math.min(counted ? stepsPerEpoch : Math.ceil(all / batchSize), this.#left)
    if (!counted) passes.begin()
    while (this.#left > 0) {
      if (passes.done) {
        if (!counted) break
        passes.begin()
      }
      signal?.throwIfAborted()
      const { first } = passes
      const { index, rows } = feed.ready(first)
      const perStep = this.#perBatch || scorer.needsOutputs
      const count = Math.min(perStep ? 1 : this.#chunk, Math.ceil(rows / batchSize), this.#left)
      // evaluate and trainStep may have run since the last chunk, and turned the loss to other weights
      plan.bind(feed.source)
      const started = performance.now()
      const waiting = engine.trainSteps(plan, count, batchSize, index, rows, this.#tally)
      if (waiting) await waiting
      const trained = Math.min(count * batchSize, rows)
      if (scorer.needsOutputs) scorer.update(engine.read(plan.outputs, trained), feed.rows(first, trained))
      passes.first += trained
      this.#adapt(count, performance.now() - started)
      await this.#advance(count, batches)
    }
    this.#stopAtMaxSteps()
  }

  /** One epoch of a solver: an iteration over all rows. Its logs are those of the parameters that it ends at. */
  async solve(session: SolverSession, passes: Passes): Promise<void> {
    if (this.#left === 0) return this.#stopAtMaxSteps()
    const request = this.#request
    const { evaluation, end } = await session.iterate((isFirst) =>
      evaluateAll(request, session, passes, isFirst, () => this.#turn(1)),
    )
    request.engine.steps++
    this.#tally = evaluation.tally
    this.#scorer = evaluation.scorer
    await this.#advance(1, 1)
    if (end !== undefined) this.#stopReason ??= end
    this.#stopAtMaxSteps()
  }

  /** One epoch over batches that arrive one by one. */
  async trainBatches(data: Batches): Promise<void> {
    const { engine, signal, stepsPerEpoch } = this.#request
    const scorer = this.#scorer
    // an epoch of given length goes on where the last one stopped, so that an endless source serves many
    const batches = this.#batches ?? data.open()
    this.#batches = stepsPerEpoch < Number.POSITIVE_INFINITY ? batches : undefined
    let unfinished = true
    try {
      while (this.#left > 0) {
        const next = await unlessAborted(batches.next(), signal)
        if (next.done) {
          this.#batches = undefined
          if (this.#batch === 0) throw new RangeError('fit: the source has no batches')
          unfinished = false
          break
        }
        engine.trainBatch(next.value, this.#tally)
        if (scorer.needsOutputs) scorer.update(engine.read(engine.trainingPlan().outputs, next.value.rows), next.value)
        await this.#advance(1, Number.NaN)
      }
      if (this.#batches) unfinished = false
    } finally {
      // not awaited: a source that is still at work on its next batch closes only after it
      if (unfinished) Promise.resolve(batches.return?.()).catch(() => {})
    }
    this.#stopAtMaxSteps()
  }

  #stopAtMaxSteps(): void {
    const { maxSteps } = this.#request
    if (this.#updates >= maxSteps) this.#stopReason ??= `maxSteps ${maxSteps} reached`
  }

  /** As many steps a chunk as fill CHUNK_MILLISECONDS; where the clock stands still, chunks grow to their limit. */
  #adapt(count: number, milliseconds: number): void {
    const wanted = milliseconds > 0 ? (count * CHUNK_MILLISECONDS) / milliseconds : RECORDS
    this.#chunk = Math.max(1, Math.min(RECORDS, Math.floor(wanted), count * 4))
  }

  /** Batches done: tells the callbacks, and lets the event loop run when its turn has come. */
  async #advance(count: number, batches: number): Promise<void> {
    const { callbacks } = this.#request
    this.#batch += count
    this.#updates += count
    if (this.#perBatch) {
      const logs = this.logs()
      for (const callback of callbacks) await callback.onBatchEnd?.(this.#batch - 1, logs, this.context)
    }
    await this.#turn(batches)
  }

  /** Lets callbacks and the event loop have their turn, when it has come. */
  async #turn(batches: number): Promise<void> {
    if (performance.now() - this.#lastTurn < TURN_MILLISECONDS) return
    const { callbacks, epochs } = this.#request
    for (const callback of callbacks) {
      const rows = this.#tally.rows
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
