/** Data-parallel training: every rank computes gradients on its own rows, they are summed, and all ranks make the same update. */
import { type Batches, type DataSet, isDataSet } from '../data/dataset.ts'
import { addGradients } from '../engine/accumulate.ts'
import type { Seam } from '../engine/engine.ts'
import { OWN_BATCH } from '../engine/records.ts'
import { TAIL } from '../engine/storage.ts'
import { Random } from '../lib/random.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import type { FullEvaluation } from '../training/fullBatch.ts'
import type { Crew, Training, TrainingRun } from '../training/parallel.ts'
import { type Judges, validate } from '../training/validate.ts'
import { agreeOnScale, agreeOnState, agreeOnTerms } from './agreement.ts'
import { Averages, averageStatistics } from './averages.ts'
import { type Communicator, gatherSums, gatherTexts } from './communicator.ts'
import { Overlap } from './overlap.ts'
import { SharedScorer } from './sharedScorer.ts'
import { attend, type SharedStatistics, shareStatistics } from './sharedStatistics.ts'
import { type Shares, shareUpdates } from './shares.ts'
import { shareRandom, shareState } from './start.ts'
import { type JointStep, type Steps, stepsOf } from './steps.ts'

export interface CrewOptions {
  /** Whether to sum in rank order. */
  readonly deterministic: boolean
  /** Whether to sum gradients during the backward pass. */
  readonly overlap: boolean
  /** Local updates between averages of parameters; 1: sums gradients in every update. */
  readonly syncEvery: number
}

/** Floats at the end of the gradient block: numbers of ranks that want to stop, were aborted, have externally modified parameters. */
const STOPS = 0
const ABORTS = 1
const TOUCHES = 2

export class MpiCrew implements Crew {
  readonly training: Training
  readonly #world: Communicator
  readonly #options: CrewOptions
  readonly #scorer: SharedScorer
  /** The user's abort signal; hidden from `fit`, since an aborted rank must tell the others first. */
  readonly #signal: AbortSignal | undefined
  /** Shuffles this rank's rows. */
  readonly #shuffler: Random | undefined
  readonly #steps: Steps | undefined
  /** For synchronized layers. */
  readonly #statistics: SharedStatistics | undefined
  readonly #shares: Shares | undefined
  readonly #overlap: Overlap | undefined
  /** For local SGD. */
  readonly #averages: Averages | undefined
  #epoch = 0

  /** @throws Error on every rank if one was called differently. */
  constructor(world: Communicator, training: Training, options: CrewOptions) {
    const { engine, callbacks, random } = training
    if (engine.session && options.syncEvery > 1) {
      throw new TypeError(
        `fit: "syncEvery" is not for the solver ${engine.session.solver.kind}, which takes all rows at once`,
      )
    }
    engine.flush()
    agreeOnTerms(world, training, options)
    this.#world = world
    this.#options = options
    this.#scorer = new SharedScorer(world, training.scorer.measures)
    this.#signal = training.signal
    this.#epoch = training.initialEpoch
    this.training = {
      ...training,
      scorer: this.#scorer,
      callbacks: callbacks.filter(({ firstOnly }) => world.rank === 0 || !firstOnly),
      signal: undefined,
    }
    // with local updates every rank has its own statistics
    this.#statistics =
      options.syncEvery > 1
        ? undefined
        : shareStatistics(this.training, (values) => {
            if (options.deterministic) values.set(gatherSums(world, values))
            else world.sum(values)
          })
    shareState(world, training)
    const isTogether = options.syncEvery === 1
    this.#averages = isTogether
      ? undefined
      : new Averages(world, this.training, options.syncEvery, {
          add: (values) => this.#add(values),
          aborted: () => Number(this.#signal?.aborted ?? false),
          halts: (run, stops, aborts) => this.#halts(run, stops, aborts),
        })
    this.#shares = shareUpdates(world, this.training, isTogether && !options.overlap)
    // with several batches per update, and for losses on the host, the sum is only known at the end
    const isOne = training.accumulate === 1 && !engine.byHost && !engine.session
    this.#overlap =
      isTogether && isOne && options.overlap ? new Overlap(world, engine, options.deterministic) : undefined
    // rank 0 shuffles as it would alone; the other streams restart every epoch from the state of rank 0's
    this.#shuffler = random && (world.rank === 0 ? random : new Random(0))
    this.#steps = engine.session ? undefined : stepsOf(world, this.training, this.#shuffler)
  }

  /** Broadcasts the state of rank 0's random stream. */
  #shareRandom(): void {
    shareRandom(this.#world, this.training.random, this.#shuffler)
  }

  async train(run: TrainingRun): Promise<void> {
    const { engine, data } = this.training
    this.#epoch++
    this.#shareRandom()
    let failed = true
    try {
      if (this.#steps) await this.#trainSteps(run, this.#steps)
      else if (engine.session && isDataSet(data)) {
        await run.solve(engine.session, data, (evaluation) => this.#wholeEvaluation(evaluation))
      }
      failed = false
    } finally {
      engine.records.whole = OWN_BATCH
      this.#steps?.leave(failed)
    }
    this.#settle(`after epoch ${this.#epoch}`)
  }

  async #trainSteps(run: TrainingRun, steps: Steps): Promise<void> {
    steps.begin()
    while (run.room > 0) {
      const step = await steps.next()
      if (!step) break
      const made = this.#averages ? await this.#averages.train(run, step) : this.#trainTogether(run, step)
      if (!made) break
      await run.advance(1, steps.batches)
    }
    this.#averages?.finish(run)
    run.stopAtMaxSteps()
  }

  /** One update with the gradients of all ranks; false if a rank has stopped, in which case no update was made. */
  #trainTogether(run: TrainingRun, { fed, parts, weights, rowsOf }: JointStep): boolean {
    const { engine } = this.training
    const { tally, scorer } = run
    const weight = weights.reduce((sum, own) => sum + own, 0)
    const statistics = this.#statistics
    const join = () => this.#join(run)
    // gradients combined on the host are weighted here; in the machine they are divided by the total weight
    const isScaled = engine.byHost || this.training.accumulate > 1
    const whole = (part: number, scaled: boolean) => {
      const rows = rowsOf(part)
      engine.records.whole = {
        before: rows.slice(0, this.#world.rank).reduce((sum, count) => sum + count, 0),
        rows: scaled ? 0 : rows.reduce((sum, count) => sum + count, 0),
        weight: scaled ? 0 : weight,
      }
    }
    whole(0, isScaled)
    const counts = rowsOf(0)
    statistics?.begin(
      counts[this.#world.rank],
      counts.reduce((sum, count) => sum + count, 0),
    )
    const before = engine.steps
    const visit = (outputs: Float32Array, part: Omit<DataSet, 'features'>) => scorer.update(outputs, part)
    if (!fed && parts.length === 0) {
      engine.trainUnseen(isScaled, () => {
        if (!isScaled) attend(engine.trainingPlan().passes, this.#seams(run, 1))
        return join()
      })
    } else if (isScaled) {
      const total = weight > 0 ? weight : this.#countParts(rowsOf)
      const shares = parts.map((part) => (weight > 0 ? weigh(part) : 1) / total)
      addGradients(engine, parts, shares, tally, scorer.needsOutputs ? visit : undefined, (part) => whole(part, true))
      if (join()) engine.applyUpdate()
    } else {
      if (fed) engine.trainingPlan(fed.rows).bind(fed.feed.source)
      const part = fed ?? parts[0]
      engine.trainPart(part, tally, join, this.#seams(run, part.rows))
      if (engine.steps > before && scorer.needsOutputs) {
        const { rows } = fed ?? parts[0]
        visit(engine.trainedOutputs(rows), fed ? fed.feed.rows(fed.at, rows) : parts[0])
      }
    }
    if (engine.steps > before) {
      this.#shares?.gather()
      statistics?.settle()
    }
    return engine.steps > before
  }

  /** Where the passes of a batch with that many rows return to the host. */
  #seams(run: TrainingRun, rows: number): Seam[] {
    // plans are made first, since they determine the places
    const plan = this.training.engine.trainingPlan(rows)
    if (this.#overlap) this.#tell(run)
    const seams = [...(this.#statistics?.seams ?? []), ...(this.#overlap?.seams(plan) ?? [])]
    return seams.sort((a, b) => a.step - b.step)
  }

  /** Fills in the end of the gradient block. */
  #tell(run: TrainingRun): Float32Array {
    const { arena, storage } = this.training.engine
    const tail = arena.floats((storage.gradients ?? 0) + storage.bytes, TAIL)
    tail.fill(0)
    tail[STOPS] = Number(run.stopReason !== undefined)
    tail[ABORTS] = Number(this.#signal?.aborted ?? false)
    tail[TOUCHES] = Number(this.#shares?.touched ?? false)
    return tail
  }

  /** Number of nonempty parts of an update over all ranks, which replaces the total weight if that is 0. */
  #countParts(rowsOf: JointStep['rowsOf']): number {
    let count = 0
    for (let part = 0; part < this.training.accumulate; part++) count += rowsOf(part).filter((rows) => rows > 0).length
    return count
  }

  /** Sums the gradients of all ranks; returns whether all want the update. */
  #join(run: TrainingRun): boolean {
    const { arena, storage } = this.training.engine
    if (storage.gradients === undefined) return false
    const block = arena.floats(storage.gradients, storage.bytes / 4 + TAIL)
    const shares = this.#shares
    if (this.#overlap) this.#overlap.finish()
    const tail = this.#overlap ? block.subarray(storage.bytes / 4) : this.#tell(run)
    if (shares) {
      this.#world.sum(tail)
      if (tail[TOUCHES] > 0) this.#check(`before update ${this.training.engine.steps}`)
    } else if (!this.#overlap) this.#add(block)
    if (this.#halts(run, tail[STOPS], tail[ABORTS])) return false
    shares?.add(storage.view(storage.gradients), this.#options.deterministic)
    return true
  }

  #add(values: Float32Array): void {
    if (values.length === 0) return
    if (this.#options.deterministic) this.#world.sumInOrder(values)
    else this.#world.sum(values)
  }

  /**
   * Whether some rank has stopped, in which case all do.
   * @throws the signal's reason if this rank is aborted, an Error if another is.
   */
  #halts(run: TrainingRun, stops: number, aborts: number): boolean {
    if (aborts > 0) {
      this.#shares?.settle()
      const aborted = this.#world.gather(Float64Array.of(Number(this.#signal?.aborted ?? false)))
      this.#signal?.throwIfAborted()
      throw new Error(`fit: the signal of rank ${aborted.indexOf(1)} was aborted`)
    }
    if (stops === 0) return false
    const reasons = gatherTexts(this.#world, run.stopReason ?? '')
    const rank = reasons.findIndex((reason) => reason !== '')
    run.stop(`rank ${rank}: ${reasons[rank]}`)
    return true
  }

  /** A solver's evaluation over the rows of all ranks: loss and gradient. */
  #wholeEvaluation(evaluation: FullEvaluation): FullEvaluation {
    const { storage } = this.training.engine
    const { loss, weight } = evaluation.tally
    const [sum, all] = gatherSums(this.#world, Float64Array.of(loss, weight))
    if (storage.gradients !== undefined) {
      const block = storage.view(storage.gradients)
      const share = weight / all
      for (let i = 0; i < block.length; i++) block[i] *= share
      this.#add(block)
    }
    return { ...evaluation, loss: sum / all }
  }

  /** Merges per-rank data of an epoch (running statistics), then checks that all ranks are equal. */
  #settle(when: string): void {
    const { engine } = this.training
    this.#shares?.settle()
    if (!engine.statisticsFrozen) averageStatistics(this.#world, engine, (values) => this.#add(values))
    this.#check(when)
  }

  /** Checks that all ranks are equal; sharded states exist only once and are not compared. */
  #check(when: string): void {
    agreeOnState(this.#world, this.training.engine, when, this.#shares === undefined)
    this.#shares?.agreed()
  }

  logs(run: TrainingRun): Logs {
    return (run.scorer as SharedScorer).wholeLogs(run.tally)
  }

  validate(where: string, { engine }: Judges, data: DataSet | Batches): Promise<Logs> {
    return validate(where, { engine, scorer: this.#scorer.whole(), signal: undefined }, data)
  }

  agree(run: TrainingRun): void {
    const { learningRateScale } = this.training.engine
    const own = [run.stopReason !== undefined, this.#signal?.aborted ?? false, learningRateScale].map(Number)
    const all = this.#world.gather(Float64Array.from(own))
    const column = (index: number) =>
      Array.from({ length: this.#world.size }, (_, rank) => all[rank * own.length + index])
    const [stops, aborts] = [column(0), column(1)].map((flags) => flags.reduce((sum, flag) => sum + flag, 0))
    agreeOnScale(column(2), `after epoch ${this.#epoch}`)
    this.#halts(run, stops, aborts)
  }

  end(): void {
    this.#shareRandom()
    this.#settle('at the end')
    this.#statistics?.leave()
  }
}

const weigh = ({ weights, rows }: DataSet): number =>
  weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows
