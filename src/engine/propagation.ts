/** Forward and backward passes of a model's plan: loads rows, fills records, reads outputs and gradients. */
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { OpenPlan } from '../compiler/openPlan.ts'
import type { ParameterPlace } from '../compiler/parameterLayout.ts'
import type { Plan } from '../compiler/plan.ts'
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import { type DataSet, sliceRows } from '../data/dataset.ts'
import type { Door } from '../data/features.ts'
import type { Matrix, NamedOutputs } from '../layers/builder.ts'
import { doorsOf, type Layer, namedOutputsOf } from '../layers/layers.ts'
import { Arena } from '../machine/arena.ts'
import type { Range } from '../machine/program.ts'
import { type Job, Runner } from '../machine/runner.ts'
import type { ThreadCount } from '../machine/threads/threads.ts'
import type { Target } from '../machine/wasm.ts'
import { addTo, Desk, type Judge, judgeOf } from './hostLoss.ts'
import { Planner } from './planner.ts'
import { emptyTally, Records, type Tally } from './records.ts'
import { loadRows, TINY_FEATURES, unloadRows } from './rows.ts'
import { ModelStorage } from './storage.ts'

/** Batches with fewer rows are run without the workers. */
export const THREADED_ROWS = 16

export class Propagation {
  readonly arena: Arena
  readonly storage: ModelStorage
  readonly layers: readonly Layer[]
  /** Output width of every layer. */
  readonly widths: readonly number[]
  readonly runner: Runner
  readonly records: Records
  /** What layers require of the features. */
  readonly doors: readonly Door[]
  /** Whether all values are finite. */
  readonly areFinite = (values: Float32Array): boolean => this.arena.areFinite(values)
  /** Names of the outputs, if they have any. */
  readonly named: NamedOutputs | undefined
  /** Number of updates so far. */
  steps = 0
  readonly planner: Planner
  /** The ranges to update with the current gradients; undefined once anything else has run. */
  protected fresh: ({ readonly rows: number } & Pick<OpenPlan, 'update' | 'statistics' | 'commit'>) | undefined
  /** Whether the last run was a whole update, so that its lists describe the gradients it left. */
  protected listed = false
  readonly #desk = new Desk()
  #toldTiny = false

  constructor(
    layers: readonly Layer[],
    widths: readonly number[],
    seed: number,
    target?: Target,
    threads: ThreadCount = 1,
  ) {
    this.doors = doorsOf(layers)
    this.named = namedOutputsOf(layers, widths)
    this.arena = new Arena(target)
    this.records = new Records(this.arena, seed)
    this.runner = new Runner(this.arena, threads, this)
    this.layers = layers
    this.widths = widths
    this.storage = new ModelStorage(this.arena, layers, widths)
    this.planner = new Planner({
      arena: this.arena,
      storage: this.storage,
      layers,
      widths,
      leave: () => this.runner.replan(),
      reserve: ({ schedules }) => this.records.reserve(schedules),
    })
  }

  /**
   * Waits for an unfinished training job, before anything else touches its memory.
   * @throws Error while a custom loss is being computed.
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

  /** Called before every run: regions are shared, so gradients left by `computeGradients` become invalid. */
  begin(): void {
    this.flush()
    this.runner.repay()
    this.fresh = undefined
    this.listed = false
  }

  /** Makes the next step clear whole gradients, since others may have written them. */
  protected forgetLists({ lists }: TrainingPlan): void {
    for (const list of lists) this.arena.i32[list / 4] = 0
  }

  /** The next use compiles a new plan. */
  replan(): void {
    this.planner.drop()
    this.fresh = undefined
  }

  /** The layout of the parameters in their block. */
  get places(): readonly ParameterPlace[] {
    return this.storage.places
  }

  get statisticsFrozen(): boolean {
    return this.planner.frozenStatistics
  }

  /** A plan for batches of `rows`. */
  plan(rows = 1, training = false): Plan {
    this.flush()
    return this.planner.plan(rows, training)
  }

  /** The plan of a compiled model. */
  trainingPlan(rows = 1): TrainingPlan & Pick<Plan, 'rows'> {
    return this.planner.training(rows)
  }

  protected job(range: Range, count = 1): Job {
    return { program: this.plan().program, range, records: this.records.address, count }
  }

  /** Runs a range of the program on one record. */
  run(range: Range, rows: number): void {
    if (rows < THREADED_ROWS) {
      this.runner.run(this.plan().program, range, this.records.address)
      return
    }
    const job = this.job(range)
    if (!this.runner.start('inference', job)) this.runner.finish(job, () => {})
  }

  /** Writes the outputs of all rows, packed, to `out`; a trial processes them as one batch in training mode. */
  predict(features: Float32Array, rows: number, out: Float32Array, trial = false): void {
    this.begin()
    const plan = this.plan(trial ? rows : 1)
    const outputs = trial ? plan.trialOutputs : plan.outputs
    for (let first = 0; first < rows; first += plan.rows) {
      const count = Math.min(plan.rows, rows - first)
      this.loadFeatures(plan.x, features, first, count)
      if (trial) this.records.prepareTrial(count)
      else this.records.prepare(0, count, 0, this.steps + 1)
      this.run(trial ? plan.trial : plan.predict, rows)
      unloadRows(this.arena, outputs, out, first, count)
    }
  }

  /** Loss and correct predictions over a data set; `visit` receives each batch's outputs. A trial is one batch in training mode. */
  evaluate(
    data: DataSet,
    visit?: (outputs: Float32Array, first: number, rows: number) => void,
    trial = false,
    tally: Tally = emptyTally(),
  ): Tally {
    this.begin()
    const { compute } = this.planner.goal ?? {}
    if (compute) return this.#evaluateByHost(compute, data, visit, trial, tally)
    const plan = this.trainingPlan(trial ? data.rows : 1)
    const outputs = trial ? plan.outputs : plan.evaluateOutputs
    plan.useWeights(data.weights !== undefined)
    for (let first = 0; first < data.rows; first += plan.rows) {
      const count = Math.min(plan.rows, data.rows - first)
      this.loadBatch(plan, data, first, count)
      if (trial) this.records.prepareTrial(count)
      else this.records.prepare(0, count, 0, this.steps + 1)
      this.runner.run(this.plan().program, plan.penalty, this.records.address)
      this.run(trial ? plan.evaluateTrial : plan.evaluate, data.rows)
      this.records.collect(0, tally)
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
    const plan = this.planner.with('open', trial ? data.rows : 1)
    const judged = plan.open.judged?.[trial ? 'trial' : 'inference']
    const { range, outputs } = judged ?? {
      range: trial ? plan.trial : plan.predict,
      outputs: trial ? plan.trialOutputs : plan.outputs,
    }
    for (let first = 0; first < data.rows; first += plan.rows) {
      const part = sliceRows(data, first, Math.min(plan.rows, data.rows - first))
      this.loadFeatures(plan.x, part.features, 0, part.rows)
      if (trial) this.records.prepareTrial(part.rows)
      else this.records.prepare(0, part.rows, 0, this.steps + 1)
      this.runner.run(plan.program, plan.open.penalty, this.records.address)
      this.run(range, data.rows)
      const loss = this.#desk.judge(this.arena, outputs, part.rows, judgeOf(compute, part))
      addTo(tally, loss + this.records.penalty, part)
      visit?.(this.read(outputs, part.rows), first, part.rows)
    }
    return tally
  }

  /** Copies rows to a pass's input. */
  loadFeatures(x: Matrix, features: Float32Array, first: number, count: number): void {
    if (loadRows(this.arena, x, features, first, count)) this.tellTiny()
  }

  /** Warns, once per model, about features that count as 0. */
  tellTiny(): void {
    if (!this.#toldTiny) console.warn(TINY_FEATURES)
    this.#toldTiny = true
  }

  protected loadBatch(plan: TrainingPlan, data: DataSet, first: number, count: number): void {
    this.loadFeatures(plan.x, data.features, first, count)
    loadRows(this.arena, plan.targets, data.targets, first, count)
    if (data.weights) this.arena.f32.set(data.weights.subarray(first, first + count), plan.weights / 4)
  }

  /** A packed copy of a matrix's first rows. */
  read(matrix: Matrix, rows: number): Float32Array {
    const out = new Float32Array(rows * matrix.cols)
    unloadRows(this.arena, matrix, out, 0, rows)
    return out
  }

  /** Lets the host compute a loss of outputs and write its gradient; the model must not be used meanwhile. */
  judge(outputs: Matrix, rows: number, judge: Judge, gradient: Matrix): number {
    return this.#desk.judge(this.arena, outputs, rows, judge, gradient)
  }

  /** Whether every update returns to the host, which computes the loss. */
  get byHost(): boolean {
    return this.planner.goal?.compute !== undefined
  }

  /** The outputs of the last training step, packed. */
  trainedOutputs(rows: number): Float32Array {
    const plan = this.byHost ? this.planner.with('open').open : this.trainingPlan()
    return this.read(plan.outputs, rows)
  }

  /**
   * Leaves the gradient of the loss on the given rows in the gradient block; returns the loss.
   * @param part index of these rows within a larger batch, for their own noise.
   * @param between called after the loss is computed, before the backward pass.
   */
  computeGradients(data: DataSet, part = 0, tally: Tally = emptyTally(), between?: () => void): number {
    const { compute } = this.planner.goal ?? {}
    if (compute) {
      return addTo(tally, this.computeOpenGradients(data.features, data.rows, judgeOf(compute, data), part), data)
    }
    this.begin()
    this.storage.version++
    const plan = this.trainingPlan(data.rows)
    this.forgetLists(plan)
    plan.useWeights(data.weights !== undefined)
    this.loadBatch(plan, data, 0, data.rows)
    this.records.prepare(0, data.rows, 0, this.steps + 1, part)
    if (between) {
      if (!data.weights) this.arena.floats(plan.weights, data.rows).fill(1)
      this.run(plan.evaluateTrial, data.rows)
      between()
      this.run(plan.backward, data.rows)
    } else this.run(plan.gradients, data.rows)
    this.storage.hasGradients = true
    this.fresh = { ...plan, rows: data.rows }
    return this.records.collect(0, tally)
  }

  /** Likewise for a loss that the host computes from the outputs, between the two passes. */
  computeOpenGradients(features: Float32Array, rows: number, judge: Judge, part = 0): number {
    this.begin()
    this.storage.version++
    const { open, x } = this.planner.with('open', rows)
    this.loadFeatures(x, features, 0, rows)
    this.records.prepare(0, rows, 0, this.steps + 1, part)
    this.run(open.forward, rows)
    const loss = this.#desk.judge(this.arena, open.outputs, rows, judge, open.gradient)
    this.run(open.backward, rows)
    this.storage.hasGradients = true
    this.fresh = { ...open, rows }
    return loss + this.records.penalty
  }

  /** Blends the statistics of the rows seen by `computeGradients` into the running ones, as an update does. */
  updateStatistics(): void {
    if (this.fresh) this.runner.run(this.plan().program, this.fresh.statistics, this.records.address)
  }
}
