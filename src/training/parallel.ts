/** Several processes that train one model, as `fit` sees them. All that is said here is types: what they do comes with them. */
import type { Batches, DataSet } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import type { Tally } from '../engine/records.ts'
import type { Random } from '../lib/random.ts'
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import type { CallbackModel, Logs } from './callbacks/callbacks.ts'
import type { Course } from './course.ts'
import type { FullEvaluation } from './fullBatch.ts'
import type { Scorer } from './scorer.ts'
import type { Judges } from './validate.ts'

/** A checked call of `fit`, and what it works with. */
export interface Training extends Omit<Course, 'shuffle'> {
  readonly engine: Engine
  readonly model: CallbackModel
  readonly scorer: Scorer
  /** Shuffles the rows of every epoch; undefined: rows in order. */
  readonly random: Random | undefined
  readonly data: DataSet | Batches
  readonly validation: DataSet | Batches | undefined
}

/** A training under way. */
export interface TrainingRun {
  /** Of the epoch so far. */
  readonly tally: Tally
  readonly scorer: Scorer
  /** Updates that limits still allow in this epoch. */
  readonly room: number
  readonly stopReason: string | undefined
  stop(reason: string): void
  /** Says that limits have ended the training, if they have. */
  stopAtMaxSteps(): void
  /** Updates done: tells the callbacks, and lets the event loop run when its turn has come. */
  advance(count: number, batches: number): Promise<void>
  /** An iteration of a solver; `whole` makes of what these rows gave what all rows gave. */
  solve(session: SolverSession, data: DataSet, whole?: (evaluation: FullEvaluation) => FullEvaluation): Promise<void>
}

/** Leads a training on one of several processes, which all call the same functions in the same order. */
export interface Crew {
  /** The training as this process has it: some callbacks are for the first only. */
  readonly training: Training
  /** The updates of an epoch. */
  train(run: TrainingRun): Promise<void>
  /** Loss and metrics of the epoch's rows on all processes. */
  logs(run: TrainingRun): Logs
  /** The same of rows that are not trained on. */
  validate(where: string, judges: Judges, data: DataSet | Batches): Promise<Logs>
  /** After an epoch's callbacks: whoever has stopped, all have. */
  agree(run: TrainingRun): void
  /** After the last callbacks. */
  end(): void
}

/** Processes that train one model together: `fit` takes them as `parallel`. `connect` of `fourlane/mpi` makes them. */
export interface Parallel {
  /** This process's number, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /**
   * Sums over all processes, of as many numbers on each.
   * @internal
   */
  sums(values: Float64Array): Float64Array
  /**
   * Begins a training; undefined where this is the only process.
   * @internal
   */
  join(training: Training): Crew | undefined
}
