/** Runs a model's programs with the tile and number of threads that timing found fastest, and recovers from the death of a worker. */
import { STEP_WORDS } from '../abi/ops.ts'
import { RECORD_WORDS } from '../abi/records.ts'
import type { Arena } from './arena.ts'
import type { Range } from './program.ts'
import { type ThreadCount, Threads, type Wreck } from './threads/threads.ts'
import { TILE_CODES, type TileTuner } from './tuner.ts'
import { settleTile, tileTuner } from './wasm.ts'

/** A range of a program to run once for each of `count` consecutive records. */
export interface Job {
  readonly program: number
  readonly range: Range
  /** The range to run instead on a single thread, and the one that computes the gradients it does not leave. */
  readonly alone?: { readonly range: Range; readonly owed: Range } | undefined
  readonly records: number
  readonly count: number
  /** In training: the first step that changes parameters or state. */
  readonly commit?: number
}

const gone = (reason: string) =>
  new Error(
    `fourlane: a worker thread of this model is gone (${reason}); the model stands at its last completed step and goes on with one thread`,
  )

/** Receives the number of records that were run. */
type Finish = (completed: number) => void

export class Runner {
  readonly #arena: Arena
  #tuner: TileTuner | undefined
  #threads: Threads | undefined
  /** An unfinished job that the main thread waits for. */
  #pending: { readonly job: Job; readonly finish: Finish } | undefined
  /** Why a job was not started. */
  #lost: string | undefined
  /** The error of a job that was waited for elsewhere. */
  #failure: Error | undefined
  /** The last training job, if gradients are missing. */
  owing: Job | undefined

  /** @param owner its workers are released once it is garbage collected. */
  constructor(arena: Arena, threads: ThreadCount, owner: object) {
    this.#arena = arena
    this.#tuner = tileTuner(arena.machine.target)
    if (threads !== 1) this.#threads = new Threads(arena, threads, owner)
  }

  get threads(): Threads | undefined {
    return this.#threads
  }

  /** A new plan: restarts timing. */
  replan(): void {
    this.flush()
    this.repay()
    this.#threads?.retune()
  }

  /** Runs on one thread: for small jobs. */
  run(program: number, range: Range, records: number, count = 1): void {
    if (this.#pending) this.flush()
    const { machine } = this.#arena
    machine.need(range[2])
    machine.run(program, range[0], range[1], records, count, 0)
  }

  /**
   * Runs on the available threads. Returns whether the job is done; if not, `settle` or `finish` it.
   * @param kind the kind of work to time: training steps, or blocks of rows.
   * @param timed false: only a part of such work, not representative.
   */
  start(kind: 'training' | 'inference', job: Job, timed = true): boolean {
    const threads = this.#threads
    const tuner = kind === 'training' && timed ? this.#tuner : undefined
    const tuning = timed && threads?.isTuning(kind)
    if (this.#pending) this.flush()
    if (!tuner && !threads) return this.#dispatch(1, job)
    this.#lost = kind === 'training' ? threads?.takeLost() : undefined
    if (this.#lost !== undefined) return false
    // tiles first: timing threads with the wrong tile would mislead
    const many = tuner && tuning ? 1 : (threads?.count(kind) ?? 1)
    if (!tuner && !tuning) return this.#dispatch(many, job)
    if (tuner) this.#arena.machine.setTile(TILE_CODES[tuner.tile])
    const started = performance.now()
    if (!this.#dispatch(many, job)) return false
    const milliseconds = performance.now() - started
    if (tuner) this.#reportTile(tuner, job.count, milliseconds)
    if (tuning) threads?.report(kind, job.count, milliseconds, many)
    return true
  }

  #dispatch(many: number, job: Job): boolean {
    const { program, records, count } = job
    const { machine } = this.#arena
    const alone = many > 1 ? undefined : job.alone
    const { range } = alone ?? job
    if (alone) this.owing = job
    machine.need(range[2])
    if (many > 1 && this.#threads) return this.#threads.run(many, program, range[0], range[1], records, count)
    machine.run(program, range[0], range[1], records, count, 0)
    return true
  }

  #reportTile(tuner: TileTuner, steps: number, milliseconds: number): void {
    const choice = tuner.report(steps, milliseconds)
    const { machine } = this.#arena
    // between trials, use the first guess
    machine.setTile(TILE_CODES[choice ?? tuner.first])
    if (!choice) return
    settleTile(machine.target, choice)
    this.#tuner = undefined
  }

  /** Computes missing gradients, before anything else overwrites their inputs. */
  repay(): void {
    const { owing } = this
    this.owing = undefined
    if (!owing?.alone) return
    const { program, alone, records, count } = owing
    this.run(program, alone.owed, records + (count - 1) * RECORD_WORDS * 4)
  }

  /** Waits for a job started by `start`. @throws Error if a worker has died; the job is complete up to its last whole update. */
  finish(job: Job, finish: Finish): void {
    this.#refuse(finish)
    this.#conclude(job, this.#threads?.wait() as Wreck | undefined, finish)
  }

  /** Likewise as a promise. */
  async settle(job: Job, finish: Finish): Promise<void> {
    this.#refuse(finish)
    this.#pending = { job, finish }
    const wreck = await this.#threads?.settle()
    // it may have been waited for elsewhere meanwhile
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure
    if (!this.#pending) return
    this.#pending = undefined
    this.#conclude(job, wreck, finish)
  }

  /** @throws Error if a worker was lost before the job started. */
  #refuse(finish: Finish): void {
    const reason = this.#lost
    if (reason === undefined) return
    this.#lost = undefined
    finish(0)
    throw gone(reason)
  }

  /** Waits for an unfinished job, before anything else touches its memory. */
  flush(): void {
    const pending = this.#pending
    if (!pending) return
    this.#pending = undefined
    try {
      this.finish(pending.job, pending.finish)
    } catch (error) {
      this.#failure = error as Error
      throw error
    }
  }

  /** Ends a job: if a worker died, a started update is finished on one thread, one not started is dropped. */
  #conclude(job: Job, wreck: Wreck | undefined, finish: Finish): void {
    if (!wreck) {
      finish(job.count)
      return
    }
    const { program, range, records, commit } = job
    const step = (wreck.step - program) / (STEP_WORDS * 4)
    let completed = (wreck.record - records) / (RECORD_WORDS * 4)
    if (commit !== undefined && step >= commit) {
      const { machine } = this.#arena
      machine.need(range[2])
      machine.mend(wreck.threads, wreck.step, wreck.record)
      machine.run(program, step + 1, range[1], wreck.record, 1, 0)
      completed++
    }
    finish(completed)
    throw gone(wreck.reason)
  }

  /** Releases the threads. */
  close(): void {
    this.flush()
    this.#threads?.close()
    this.#threads = undefined
  }
}
