/** Distributed training as seen by `fit`: types only; the implementation is passed in. */
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

/** A validated call of `fit` and its context. */
export interface Training extends Omit<Course, 'shuffle'> {
  readonly engine: Engine
  readonly model: CallbackModel
  readonly scorer: Scorer
  /** Shuffles the rows of every epoch; undefined: in order. */
  readonly random: Random | undefined
  readonly data: DataSet | Batches
  readonly validation: DataSet | Batches | undefined
}

/** A running training. */
export interface TrainingRun {
  /** Over the epoch so far. */
  readonly tally: Tally
  readonly scorer: Scorer
  /** Updates that limits still allow in this epoch. */
  readonly room: number
  readonly stopReason: string | undefined
  stop(reason: string): void
  /** Stops training if a limit was reached. */
  stopAtMaxSteps(): void
  /** Reports completed updates to callbacks, and yields to the event loop when it is time. */
  advance(count: number, batches: number): Promise<void>
  /** A solver's iteration; `whole` turns the evaluation of these rows into that of all ranks' rows. */
  solve(session: SolverSession, data: DataSet, whole?: (evaluation: FullEvaluation) => FullEvaluation): Promise<void>
}

/** Runs a training on one of several ranks, which all call the same functions in the same order. */
export interface Crew {
  /** The training as run by this rank: some callbacks only run on rank 0. */
  readonly training: Training
  /** Runs the updates of an epoch. */
  train(run: TrainingRun): Promise<void>
  /** Loss and metrics of the epoch over all ranks. */
  logs(run: TrainingRun): Logs
  /** Likewise for validation rows. */
  validate(where: string, judges: Judges, data: DataSet | Batches): Promise<Logs>
  /** After an epoch's callbacks: if one rank has stopped, all do. */
  agree(run: TrainingRun): void
  /** After the last callbacks. */
  end(): void
}

/** Ranks that train one model together: the `parallel` option of `fit`. Made by `connect` from `fourlane/mpi`. */
export interface Parallel {
  /** This process's rank, from 0. */
  readonly rank: number
  /** Number of ranks. */
  readonly size: number
  /**
   * Sums over all ranks, for as many numbers on each.
   * @internal
   */
  sums(values: Float64Array): Float64Array
  /**
   * Starts a training; undefined for a single process.
   * @internal
   */
  join(training: Training): Crew | undefined
}
