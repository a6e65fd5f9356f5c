/** Trains a model: turns gradients into updates, by a rule in the machine or a solver on the host. */
import { JOURNAL_BYTES } from '../abi/threads.ts'
import { FUSED_ROWS } from '../compiler/fusedUpdates.ts'
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import { initialKeptOf, initialStates, type StepClock, stepClock } from '../compiler/updates.ts'
import type { DataSet } from '../data/dataset.ts'
import type { Random } from '../lib/random.ts'
import type { Range } from '../machine/program.ts'
import type { Job } from '../machine/runner.ts'
import { learningRateAt } from '../optimizers/rates.ts'
import type { BatchAccess } from '../optimizers/solvers/batchCurvature.ts'
import {
  type ExactProducts,
  isSolver,
  type Scalars,
  type SolverSession,
  solverRateAt,
} from '../optimizers/solvers/solver.ts'
import { accessOf } from './batchAccess.ts'
import { initialize } from './initialize.ts'
import type { Goal } from './planner.ts'
import { Propagation } from './propagation.ts'
import { emptyTally, type Tally } from './records.ts'
import { Feed } from './window.ts'

/** Rows of the bound source: index of the first in the order table, and their number. */
export interface FedRows {
  readonly first: number
  readonly rows: number
}

/** A callback on the host before a step. */
export interface Seam {
  readonly step: number
  run(): void
}

export class Engine extends Propagation {
  /** The factor that callbacks have applied to the learning rate. */
  learningRateScale = 1
  #clock: StepClock | undefined
  #session: SolverSession | undefined
  readonly #batch: BatchAccess = accessOf(this, this.records)

  /** Initializes the parameters, which are zero until then. */
  initialize(random: Random): void {
    initialize(this.arena, this.storage.parameters, this.storage.places, random)
    this.storage.flushParameters()
  }

  /** Freezes or unfreezes layers; the next use compiles a new plan. */
  setFrozen(indices: readonly number[], frozen: boolean): void {
    this.flush()
    this.#forgetGradients()
    this.storage.setFrozen(indices, frozen)
    this.replan()
    // a solver is bound to the set of trainable parameters
    if (this.#session) this.restartSolver()
  }

  /** Makes training use running statistics as constants, or batch statistics again; the next use compiles a new plan. */
  setFrozenStatistics(frozen: boolean): void {
    this.flush()
    this.planner.frozenStatistics = frozen
    this.fresh = undefined
  }

  /** Allocates gradient and state blocks for a new goal; parameters are kept. */
  compile(goal: Goal): void {
    const { storage } = this
    // calls a custom schedule for the first time, before anything has changed
    initialStates(goal.optimizer, storage.tensors)
    initialKeptOf(goal.optimizer, storage.tensors)
    this.flush()
    this.#forgetGradients()
    const { threads } = this.runner
    const journal = storage.reserve(goal.optimizer, threads ? (threads.most - 1) * JOURNAL_BYTES : 0)
    if (threads) threads.journal = journal
    this.planner.goal = goal
    this.#clock = undefined
    this.#session = undefined
    this.resetOptimizer()
  }

  /** Resets optimizer state and step count. */
  resetOptimizer(): void {
    const optimizer = this.planner.goal?.optimizer
    if (!optimizer) return
    this.#forgetGradients()
    this.storage.reset(optimizer)
    this.fresh = undefined
    this.steps = 0
    this.learningRateScale = 1
    if (isSolver(optimizer)) this.restartSolver()
    else this.#clock = stepClock(optimizer)
  }

  /** The running solver, if the model is trained by one. */
  get session(): SolverSession | undefined {
    return this.#session
  }

  /** Restarts the solver, or resumes another session whose vectors are in the state blocks. */
  restartSolver(scalars?: Scalars, used?: readonly number[]): void {
    const solver = this.planner.goal?.optimizer
    if (isSolver(solver)) this.#session = solver.open(this.storage, this.runner, scalars, used, this.#batch)
  }

  /** Feeds a data set into linear memory for batches of the given size; only one feed exists at a time. */
  feed(data: DataSet, batchSize: number): Feed {
    this.plan(batchSize, true)
    // workers start while rows are copied
    this.runner.threads?.call()
    this.arena.top = this.planner.end
    this.planner.pinned = true
    const feed = new Feed(this.arena, data, batchSize, () => this.tellTiny())
    this.planner.occupy()
    return feed
  }

  /** The rate of the last update (before any, of the first), including the factor from callbacks. */
  get learningRate(): number {
    const optimizer = this.planner.goal?.optimizer
    const last = Math.max(this.steps - 1, 0)
    if (isSolver(optimizer)) return solverRateAt(optimizer, last) * this.learningRateScale
    return optimizer ? learningRateAt(optimizer, last) * this.learningRateScale : 0
  }

  /** Releases the feed. */
  release(): void {
    this.planner.pinned = false
  }

  #prepareUpdate(index: number, rows: number, first: number): void {
    if (!this.#clock) return
    this.records.prepareUpdate(index, rows, first, this.steps + 1, this.#clock, this.learningRateScale)
    this.steps++
  }

  /** One update on the given rows; returns the loss before it. */
  trainBatch(data: DataSet, tally: Tally = emptyTally()): number {
    const session = this.#session
    if (session) {
      const between = session.between?.bind(session)
      return this.solve((isFirst) => this.computeGradients(data, 0, isFirst ? tally : emptyTally(), between), data)
    }
    if (this.byHost) {
      const loss = this.computeGradients(data, 0, tally)
      this.applyUpdate()
      return loss
    }
    const { listed } = this
    this.flush()
    const plan = this.trainingPlan(data.rows)
    this.#forgetGradients()
    this.begin()
    if (!listed) this.forgetLists(plan)
    plan.useWeights(data.weights !== undefined)
    this.loadBatch(plan, data, 0, data.rows)
    this.#prepareUpdate(0, data.rows, 0)
    const job = this.#jobOf(plan, 'step', data.rows)
    if (!this.runner.start('training', job)) this.runner.finish(job, (completed) => this.#complete(job, completed))
    this.storage.hasGradients = true
    this.listed = true
    return this.records.collect(0, tally)
  }

  /**
   * One solver step with an evaluation that leaves its gradient in the gradient block; returns the first loss.
   * @param data the rows, unless the loss has no targets.
   */
  solve(evaluate: (isFirst: boolean) => number, data?: DataSet): number {
    let before: number | undefined
    const evaluated = () => {
      const loss = evaluate(before === undefined)
      before ??= loss
      return loss
    }
    const outcome = this.#session?.step(evaluated, data && this.exactProducts(data))
    // a diverged batch changes nothing
    if (outcome?.status === 'diverged' && this.#session?.solver.stochastic) return before ?? Number.NaN
    this.updateStatistics()
    this.steps++
    return before ?? Number.NaN
  }

  /** Exact curvature products, if the solver carries them. */
  exactProducts(data: DataSet, batch = data.rows): ExactProducts | undefined {
    return this.#session?.solver.products?.(this, data, batch)
  }

  /**
   * One update with the gradients just left by `computeGradients`, or with what the gradient block was modified to since; together
   * they are bit-identical to a training step.
   * @throws Error if anything else has run in between; RangeError if a schedule does not return a finite number.
   */
  applyUpdate(): void {
    this.flush()
    const fresh = this.fresh
    if (this.#session) throw new Error(`applyUpdate: ${this.#session.solver.kind} makes its own updates`)
    if (!fresh) throw new Error('applyUpdate: there are no fresh gradients; call computeGradients first')
    this.#prepareUpdate(0, fresh.rows, 0)
    this.fresh = undefined
    const job = { ...this.job(fresh.update), commit: fresh.commit }
    if (!this.runner.start('training', job, false)) this.runner.finish(job, (done) => this.#complete(job, done))
  }

  /** `count` updates on consecutive batches of the bound source in one machine call; a promise if that requires waiting. */
  trainSteps(
    plan: TrainingPlan,
    count: number,
    batchSize: number,
    first: number,
    rows: number,
    tally: Tally,
  ): Promise<void> | undefined {
    this.fresh = undefined
    let prepared = 0
    try {
      for (; prepared < count; prepared++) {
        const at = prepared * batchSize
        this.#prepareUpdate(prepared, Math.min(batchSize, rows - at), first + at)
      }
    } catch (error) {
      // a schedule failed: earlier updates of this chunk were not made
      this.steps -= prepared
      throw error
    }
    if (!this.listed) this.forgetLists(plan)
    this.listed = true
    this.#forgetGradients()
    const job = this.#jobOf(plan, 'fit', batchSize, count)
    if (!this.runner.start('training', job)) {
      return this.runner.settle(job, (completed) => this.#complete(job, completed, tally))
    }
    this.#complete(job, count, tally)
    return undefined
  }

  /**
   * One update on a batch of which these rows are a part, see `records.whole`: the passes over them, then `join`, which must replace
   * the gradient block by that of the whole batch and returns whether to update, then the update.
   * @param part rows of the bound source, or separate rows.
   * @param seams where the passes return to the host, in order.
   */
  trainPart(part: DataSet | FedRows, tally: Tally, join: () => boolean, seams: readonly Seam[] = []): void {
    this.begin()
    const { rows } = part
    const plan = this.trainingPlan(rows)
    // the previous gradients were those of the whole batch
    this.forgetLists(plan)
    const first = 'first' in part ? part.first : 0
    if ('features' in part) {
      plan.useWeights(part.weights !== undefined)
      this.loadBatch(plan, part, 0, rows)
    }
    this.#prepareUpdate(0, rows, first)
    const [from, to, modules] = 'features' in part ? plan.passes : plan.fitPasses
    let at = from
    for (const { step, run } of seams) {
      if (step <= from || step >= to) continue
      if (step > at) this.#runPart([at, step, modules], at === from)
      run()
      at = step
    }
    this.#runPart([at, to, modules], at === from)
    if (!join()) {
      this.steps--
      return
    }
    this.#runPart(plan.joint.rest, false, plan.joint.commit)
    this.records.collect(0, tally)
  }

  /**
   * Likewise on a batch with no rows here: `join` starts from zeros in the gradient block.
   * @param penalized whether `join` includes the regularizers' gradients.
   */
  trainUnseen(penalized: boolean, join: () => boolean): void {
    this.begin()
    const { gradients } = this.storage
    const joint = this.byHost ? undefined : this.trainingPlan().joint
    const { update, statistics, commit } = joint ?? this.planner.with('open').open
    const [from] = penalized || !joint ? update : joint.rest
    this.#prepareUpdate(0, 0, 0)
    if (gradients !== undefined) this.storage.view(gradients).fill(0)
    if (!join()) {
      this.steps--
      return
    }
    // without rows there are no statistics
    this.#runPart([from, statistics[0], update[2]], false)
    this.#runPart([statistics[1], update[1], update[2]], false, commit)
  }

  #runPart(range: Range, timed: boolean, commit?: number): void {
    const job = { ...this.job(range), ...(commit !== undefined && { commit }) }
    this.storage.hasGradients = true
    if (!this.runner.start('training', job, timed)) this.runner.finish(job, (done) => this.#complete(job, done))
  }

  /** Whole steps on batches of `rows`. */
  #jobOf(plan: TrainingPlan, steps: 'fit' | 'step', rows: number, count = 1): Job {
    const { fused, stepCommit: commit } = plan
    const alone = rows <= FUSED_ROWS && fused ? { range: fused[steps], owed: fused.owed } : undefined
    return { program: this.plan().program, range: plan[steps], alone, records: this.records.address, count, commit }
  }

  /** Cancels missing gradients of the last update, which are replaced or no longer needed. */
  #forgetGradients(): void {
    this.runner.owing = undefined
  }

  /** Counts the completed updates among the prepared ones. */
  #complete({ count }: Job, completed: number, tally = emptyTally()): void {
    this.steps -= count - completed
    if (completed > 0) this.storage.hasGradients = true
    for (let i = 0; i < completed; i++) this.records.collect(i, tally)
  }
}
