/** Runs a model's plan: parameters and state in place, rows copied in, records filled, results read out. */
import { JOURNAL_BYTES } from '../abi/threads.ts'
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { ParameterPlace } from '../compiler/parameterLayout.ts'
import type { OpenPlan, Plan, TrainingPlan } from '../compiler/plan.ts'
import { initialStates, type StepClock, stepClock } from '../compiler/updates.ts'
import { type DataSet, sliceRows } from '../data/dataset.ts'
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import type { Random } from '../lib/random.ts'
import { Arena } from '../machine/arena.ts'
import type { Range } from '../machine/program.ts'
import { type Job, Runner } from '../machine/runner.ts'
import type { ThreadCount } from '../machine/threads/threads.ts'
import type { Target } from '../machine/wasm.ts'
import { learningRateAt } from '../optimizers/optimizers.ts'
import { isSolver, type Scalars, type SolverSession, solverRateAt } from '../optimizers/solvers/solver.ts'
import { Desk, type Judge, judgeOf, weightOf } from './hostLoss.ts'
import { initialize } from './initialize.ts'
import { type Goal, Planner } from './planner.ts'
import { emptyTally, Records, type Tally } from './records.ts'
import { loadRows, TINY_FEATURES, unloadRows } from './rows.ts'
import { ModelStorage } from './storage.ts'
import { Feed } from './window.ts'

/** Fewer rows than this do not wake the workers. */
const THREADED_ROWS = 16

export class Engine {
  readonly arena: Arena
  readonly storage: ModelStorage
  readonly layers: readonly Layer[]
  /** Output width of every layer. */
  readonly widths: readonly number[]
  /** Updates done so far. */
  steps = 0
  /** What callbacks have made of the learning rate. */
  learningRateScale = 1
  #toldTiny = false
  #clock: StepClock | undefined
  #session: SolverSession | undefined
  readonly #planner: Planner
  readonly #records: Records
  readonly #desk = new Desk()
  /** What an update needs to take the gradients as they are; undefined once anything else has run. */
  #fresh: ({ readonly rows: number } & Pick<OpenPlan, 'update' | 'statistics' | 'commit'>) | undefined
  readonly runner: Runner

  constructor(
    layers: readonly Layer[],
    widths: readonly number[],
    seed: number,
    target?: Target,
    threads: ThreadCount = 1,
  ) {
    this.arena = new Arena(target)
    this.#records = new Records(this.arena, seed)
    this.runner = new Runner(this.arena, threads, this)
    this.layers = layers
    this.widths = widths
    this.storage = new ModelStorage(this.arena, layers, widths)
    this.#planner = new Planner({
      arena: this.arena,
      storage: this.storage,
      layers,
      widths,
      leave: () => this.runner.replan(),
      reserve: () => this.#records.reserve(),
    })
  }

  /** Fills the parameters, zero until then, by their initializers. */
  initialize(random: Random): void {
    initialize(this.arena, this.storage.parameters, this.storage.places, random)
    this.storage.flushParameters()
  }

  /**
   * Waits for a training job that threads are still at: before anything else touches its memory.
   * @throws Error while a loss of the user's own is being computed.
   */
  flush(): void {
    if (this.#desk.busy) {
      throw new Error(
        'the model is in the middle of a step: a loss of your own must not use the model that it is computed for',
      )
    }
    this.runner.flush()
  }

  get inputs(): number {
    return this.widths[0]
  }

  get outputs(): number {
    return this.widths[this.widths.length - 1]
  }

  /** What every run begins with: regions are shared, so what `computeGradients` left for an update is gone. */
  #begin(): void {
    this.flush()
    this.#fresh = undefined
  }

  /** The next use compiles a new plan. */
  #replan(): void {
    this.#planner.drop()
    this.#fresh = undefined
  }

  /** How the parameters lie in their block. */
  get places(): readonly ParameterPlace[] {
    return this.storage.places
  }

  get statisticsFrozen(): boolean {
    return this.#planner.frozenStatistics
  }

  /** Makes layers untrainable, or trainable again; the next use compiles a new plan. */
  setFrozen(indices: readonly number[], frozen: boolean): void {
    this.flush()
    this.storage.setFrozen(indices, frozen)
    this.#replan()
    // a solver knows the space of what trains
    if (this.#session) this.restartSolver()
  }

  /** Makes training use running statistics as they are, or the batch's again; the next use compiles a new plan. */
  setFrozenStatistics(frozen: boolean): void {
    this.flush()
    this.#planner.frozenStatistics = frozen
    this.#fresh = undefined
  }

  /** Fresh gradient and state blocks for a new goal; parameters stay. */
  compile(goal: Goal): void {
    const { storage } = this
    // a schedule of the user's own is called here first: if it fails, nothing has changed
    initialStates(goal.optimizer, storage.tensors)
    this.flush()
    const { threads } = this.runner
    const journal = storage.reserve(goal.optimizer, threads ? (threads.most - 1) * JOURNAL_BYTES : 0)
    if (threads) threads.journal = journal
    this.#planner.goal = goal
    this.#clock = undefined
    this.#session = undefined
    this.resetOptimizer()
  }

  /** Optimizer state and step count as before the first step. */
  resetOptimizer(): void {
    const optimizer = this.#planner.goal?.optimizer
    if (!optimizer) return
    this.storage.reset(optimizer)
    this.#fresh = undefined
    this.steps = 0
    this.learningRateScale = 1
    if (isSolver(optimizer)) this.restartSolver()
    else this.#clock = stepClock(optimizer)
  }

  /** The solver at work, if the model is trained by one. */
  get session(): SolverSession | undefined {
    return this.#session
  }

  /** Starts the solver anew, or from where another session stood, whose vectors are in the state blocks. */
  restartSolver(scalars?: Scalars, used?: readonly number[]): void {
    const solver = this.#planner.goal?.optimizer
    if (isSolver(solver)) this.#session = solver.open(this.storage, this.runner, scalars, used)
  }

  /** A data set's way into linear memory for batches of the given size; only one feed lives at a time. */
  feed(data: DataSet, batchSize: number): Feed {
    this.plan(batchSize, true)
    // workers start while the rows are copied
    this.runner.threads?.call()
    this.arena.top = this.#planner.end
    this.#planner.pinned = true
    return new Feed(this.arena, data, batchSize, () => this.#tellTiny())
  }

  /** The rate of the last update (before any: of the first), callbacks' scale included. */
  get learningRate(): number {
    const optimizer = this.#planner.goal?.optimizer
    const last = Math.max(this.steps - 1, 0)
    if (isSolver(optimizer)) return solverRateAt(optimizer, last)
    return optimizer ? learningRateAt(optimizer, last) * this.learningRateScale : 0
  }

  /** Ends the use of the feed. */
  release(): void {
    this.#planner.pinned = false
  }

  /** A plan for batches of `rows`. */
  plan(rows = 1, training = false): Plan {
    this.flush()
    return this.#planner.plan(rows, training)
  }

  /** The plan of a compiled model. */
  trainingPlan(rows = 1): TrainingPlan & Pick<Plan, 'rows'> {
    return this.#planner.training(rows)
  }

  #job(range: Range, count = 1): Job {
    return { program: this.plan().program, range, records: this.#records.address, count }
  }

  /** Runs a range of the program on one record. */
  #run(range: Range, rows: number): void {
    if (rows < THREADED_ROWS) {
      this.runner.run(this.plan().program, range, this.#records.address)
      return
    }
    const job = this.#job(range)
    if (!this.runner.start('inference', job)) this.runner.finish(job, () => {})
  }

  /** Outputs of all rows, packed, into `out`; a trial takes them as one batch, as training would. */
  predict(features: Float32Array, rows: number, out: Float32Array, trial = false): void {
    this.#begin()
    const plan = this.plan(trial ? rows : 1)
    const outputs = trial ? plan.trialOutputs : plan.outputs
    for (let first = 0; first < rows; first += plan.rows) {
      const count = Math.min(plan.rows, rows - first)
      this.#loadFeatures(plan, features, first, count)
      if (trial) this.#records.prepareTrial(count)
      else this.#records.prepare(0, count, 0, this.steps + 1)
      this.#run(trial ? plan.trial : plan.predict, rows)
      unloadRows(this.arena, outputs, out, first, count)
    }
  }

  /** Loss and correct predictions over a data set; `visit` sees each batch's outputs. A trial is one batch as in training. */
  evaluate(
    data: DataSet,
    visit?: (outputs: Float32Array, first: number, rows: number) => void,
    trial = false,
    tally: Tally = emptyTally(),
  ): Tally {
    this.#begin()
    const { compute } = this.#planner.goal ?? {}
    if (compute) return this.#evaluateByHost(compute, data, visit, trial, tally)
    const plan = this.trainingPlan(trial ? data.rows : 1)
    const outputs = trial ? plan.outputs : plan.evaluateOutputs
    plan.useWeights(data.weights !== undefined)
    for (let first = 0; first < data.rows; first += plan.rows) {
      const count = Math.min(plan.rows, data.rows - first)
      this.#loadBatch(plan, data, first, count)
      if (trial) this.#records.prepareTrial(count)
      else this.#records.prepare(0, count, 0, this.steps + 1)
      this.runner.run(this.plan().program, plan.penalty, this.#records.address)
      this.#run(trial ? plan.evaluateTrial : plan.evaluate, data.rows)
      this.#records.collect(0, tally)
      visit?.(this.read(outputs, count), first, count)
    }
    return tally
  }

  #evaluateByHost(
    compute: ComputeLoss,
    data: DataSet,
    visit: ((outputs: Float32Array, first: number, rows: number) => void) | undefined,
    trial: boolean,
    tally: Tally,
  ): Tally {
    const plan = this.#planner.with('open', trial ? data.rows : 1)
    const outputs = trial ? plan.trialOutputs : plan.outputs
    for (let first = 0; first < data.rows; first += plan.rows) {
      const part = sliceRows(data, first, Math.min(plan.rows, data.rows - first))
      this.#loadFeatures(plan, part.features, 0, part.rows)
      if (trial) this.#records.prepareTrial(part.rows)
      else this.#records.prepare(0, part.rows, 0, this.steps + 1)
      this.runner.run(plan.program, plan.open.penalty, this.#records.address)
      this.#run(trial ? plan.trial : plan.predict, data.rows)
      const loss = this.#desk.judge(this.arena, outputs, part.rows, judgeOf(compute, part))
      addTo(tally, loss + this.#records.penalty, part)
      visit?.(this.read(outputs, part.rows), first, part.rows)
    }
    return tally
  }

  #loadFeatures({ x }: Pick<Plan, 'x'>, features: Float32Array, first: number, count: number): void {
    if (loadRows(this.arena, x, features, first, count)) this.#tellTiny()
  }

  /** Once a model: features that count as 0. */
  #tellTiny(): void {
    if (!this.#toldTiny) console.warn(TINY_FEATURES)
    this.#toldTiny = true
  }

  #loadBatch(plan: TrainingPlan, data: DataSet, first: number, count: number): void {
    this.#loadFeatures(plan, data.features, first, count)
    loadRows(this.arena, plan.targets, data.targets, first, count)
    if (data.weights) this.arena.f32.set(data.weights.subarray(first, first + count), plan.weights / 4)
  }

  /** Packed copy of a matrix's first rows. */
  read(matrix: Matrix, rows: number): Float32Array {
    const out = new Float32Array(rows * matrix.cols)
    unloadRows(this.arena, matrix, out, 0, rows)
    return out
  }

  #prepareUpdate(index: number, rows: number, first: number): void {
    if (!this.#clock) return
    this.#records.prepareUpdate(index, rows, first, this.steps + 1, this.#clock, this.learningRateScale)
    this.steps++
  }

  /** Whether every update comes back to the host, which computes the loss. */
  get byHost(): boolean {
    return this.#planner.goal?.compute !== undefined
  }

  /** Outputs that the last training step has left, packed. */
  trainedOutputs(rows: number): Float32Array {
    const plan = this.byHost ? this.#planner.with('open').open : this.trainingPlan()
    return this.read(plan.outputs, rows)
  }

  /** One update on the given rows; returns the loss before it. */
  trainBatch(data: DataSet, tally: Tally = emptyTally()): number {
    if (this.#session) {
      return this.solve((isFirst) => this.computeGradients(data, 0, isFirst ? tally : emptyTally()))
    }
    if (this.byHost) {
      const loss = this.computeGradients(data, 0, tally)
      this.applyUpdate()
      return loss
    }
    this.#begin()
    const plan = this.trainingPlan(data.rows)
    plan.useWeights(data.weights !== undefined)
    this.#loadBatch(plan, data, 0, data.rows)
    this.#prepareUpdate(0, data.rows, 0)
    const job = { ...this.#job(plan.step), commit: plan.commit }
    if (!this.runner.start('training', job)) this.runner.finish(job, (completed) => this.#complete(job, completed))
    this.storage.hasGradients = true
    return this.#records.collect(0, tally)
  }

  /** A step of the solver, by losses that leave their gradient in the gradient block; returns the first. */
  solve(evaluate: (isFirst: boolean) => number): number {
    let before: number | undefined
    this.#session?.step(() => {
      const loss = evaluate(before === undefined)
      before ??= loss
      return loss
    })
    this.updateStatistics()
    this.steps++
    return before ?? Number.NaN
  }

  /**
   * Gradient of the loss on the given rows, left in the gradient block; returns the loss.
   * @param part of a larger batch that the rows are, for noise of their own.
   */
  computeGradients(data: DataSet, part = 0, tally: Tally = emptyTally()): number {
    const { compute } = this.#planner.goal ?? {}
    if (compute) {
      return addTo(tally, this.computeOpenGradients(data.features, data.rows, judgeOf(compute, data), part), data)
    }
    this.#begin()
    this.storage.version++
    const plan = this.trainingPlan(data.rows)
    plan.useWeights(data.weights !== undefined)
    this.#loadBatch(plan, data, 0, data.rows)
    this.#records.prepare(0, data.rows, 0, this.steps + 1, part)
    this.#run(plan.gradients, data.rows)
    this.storage.hasGradients = true
    this.#fresh = { ...plan, rows: data.rows }
    return this.#records.collect(0, tally)
  }

  /** The same of a loss that the host computes of the outputs between the two passes. */
  computeOpenGradients(features: Float32Array, rows: number, judge: Judge, part = 0): number {
    this.#begin()
    this.storage.version++
    const { open, x } = this.#planner.with('open', rows)
    this.#loadFeatures({ x }, features, 0, rows)
    this.#records.prepare(0, rows, 0, this.steps + 1, part)
    this.#run(open.forward, rows)
    const loss = this.#desk.judge(this.arena, open.outputs, rows, judge, open.gradient)
    this.#run(open.backward, rows)
    this.storage.hasGradients = true
    this.#fresh = { ...open, rows }
    return loss + this.#records.penalty
  }

  /** Takes the statistics of the rows that `computeGradients` has just seen into the running ones, as an update does. */
  updateStatistics(): void {
    if (this.#fresh) this.runner.run(this.plan().program, this.#fresh.statistics, this.#records.address)
  }

  /**
   * One update by the gradients that `computeGradients` has just left, or by what the gradient block was made since: together
   * they are one training step, to the bit.
   * @throws Error when anything else has run in between; RangeError when a schedule does not give a finite number.
   */
  applyUpdate(): void {
    this.flush()
    const fresh = this.#fresh
    if (this.#session) throw new Error(`applyUpdate: ${this.#session.solver.kind} makes its own updates`)
    if (!fresh) throw new Error('applyUpdate: there are no fresh gradients; call computeGradients first')
    this.#prepareUpdate(0, fresh.rows, 0)
    this.#fresh = undefined
    const job = { ...this.#job(fresh.update), commit: fresh.commit }
    if (!this.runner.start('training', job, false)) this.runner.finish(job, (done) => this.#complete(job, done))
  }

  /** `count` updates on consecutive batches of the bound source, in one call into the machine; a promise if that takes a wait. */
  trainSteps(
    plan: TrainingPlan,
    count: number,
    batchSize: number,
    first: number,
    rows: number,
    tally: Tally,
  ): Promise<void> | undefined {
    this.#fresh = undefined
    let prepared = 0
    try {
      for (; prepared < count; prepared++) {
        const at = prepared * batchSize
        this.#prepareUpdate(prepared, Math.min(batchSize, rows - at), first + at)
      }
    } catch (error) {
      // a schedule failed: the updates before it in this chunk were not made
      this.steps -= prepared
      throw error
    }
    const job = { ...this.#job(plan.fit, count), commit: plan.commit }
    if (!this.runner.start('training', job)) {
      return this.runner.settle(job, (completed) => this.#complete(job, completed, tally))
    }
    this.#complete(job, count, tally)
    return undefined
  }

  /** Counts the updates that were made of those that were prepared. */
  #complete({ count }: Job, completed: number, tally = emptyTally()): void {
    this.steps -= count - completed
    if (completed > 0) this.storage.hasGradients = true
    for (let i = 0; i < completed; i++) this.#records.collect(i, tally)
  }
}

/** Adds a batch whose loss the host has computed; returns the loss. */
function addTo(tally: Tally, loss: number, data: DataSet): number {
  const weight = weightOf(data)
  tally.loss += loss * weight
  tally.weight += weight
  tally.rows += data.rows
  return loss
}
