/** A model's threads: when its runs use how many, and what becomes of a run when a worker dies. */
import { environment, noThreads, processors, yieldToEventLoop } from '#runtime'
import { JOB_AT, JOB_JOURNAL, JOB_STEP, MAX_THREADS, THREADS_JOB } from '../../abi/threads.ts'
import { checkInteger, show } from '../../lib/check.ts'
import type { Arena } from '../arena.ts'
import { instantiate } from '../wasm.ts'
import { sharedModule } from './sharedMachine.ts'
import { canShare, canSleep } from './sharedMemory.ts'
import type { Team } from './team.ts'
import { acquireTeam, dissolveTeam, releaseTeam } from './teamPool.ts'

/** Threads that `auto` tries at most. */
const MOST_TRIED = 8
/** Runs that each number of threads is timed on. */
const ROUNDS = 6
/** Runs on one thread that decide whether more are tried. */
const PROBES = 16
/** Work shorter than this (a training step, a block of rows) is not split: the threads meet some ten times in it. */
const LEAST_MILLISECONDS = 0.03
/** More threads must be this much faster. */
const ADVANTAGE = 0.95
/** Without any sign of life, beyond four times what the run took so far, workers count as dead. */
const PATIENCE_MILLISECONDS = 5000
/** A job that a worker has not begun in this time is taken back from it. */
const CALL_MILLISECONDS = 250
/** So long a run waits before it lets the event loop run. */
const WAIT_MILLISECONDS = 400

export type ThreadCount = number | 'auto'

/** @throws TypeError or RangeError unless `threads` is 'auto' or a whole number from 1 to 32. */
export function checkThreads(where: string, threads: unknown): ThreadCount {
  if (threads === 'auto') return threads
  if (typeof threads === 'string') {
    throw new RangeError(`${where}: "threads" must be a whole number or 'auto', got ${show(threads)}`)
  }
  return checkInteger(where, 'threads', threads, 1, MAX_THREADS)
}

/** What models use that were not told: FOURLANE_THREADS, else one. */
export function defaultThreads(): ThreadCount {
  const forced = environment('FOURLANE_THREADS')
  if (!forced) return 1
  return checkThreads('FOURLANE_THREADS', forced === 'auto' ? forced : Number(forced))
}

/** Times runs on one thread and on more, a run each in turn, and keeps the fastest. */
export class ThreadTuner {
  readonly #candidates: readonly number[]
  readonly #best: number[]
  #probes = 0
  #runs = 0
  choice: number | undefined

  constructor(candidates: readonly number[]) {
    this.#candidates = candidates
    this.#best = candidates.map(() => Number.POSITIVE_INFINITY)
    if (candidates.length === 1) this.choice = candidates[0]
  }

  /** Threads of the next run. */
  get threads(): number {
    if (this.choice !== undefined) return this.choice
    return this.#probes < PROBES ? 1 : this.#candidates[this.#runs % this.#candidates.length]
  }

  /** Whether runs last long enough for workers to be called. */
  get worthwhile(): boolean {
    return this.choice === undefined ? this.#best[0] >= LEAST_MILLISECONDS && this.#probes > 1 : this.choice > 1
  }

  /** Takes the time of a run of `units` on as many threads as `threads` said, or on one. */
  report(units: number, milliseconds: number, threads: number): void {
    const index = this.#candidates.indexOf(threads)
    this.#best[index] = Math.min(this.#best[index], milliseconds / units)
    if (this.#probes < PROBES) {
      if (++this.#probes === PROBES && !this.worthwhile) this.choice = 1
    } else if (threads === this.threads && ++this.#runs === ROUNDS * this.#candidates.length) {
      const fastest = this.#best.indexOf(Math.min(...this.#best))
      this.choice = this.#best[fastest] < this.#best[0] * ADVANTAGE ? this.#candidates[fastest] : 1
    }
  }
}

/** A run that was interrupted: where the main thread stood. */
export interface Wreck {
  readonly threads: number
  /** Byte addresses. */
  readonly step: number
  readonly record: number
  readonly reason: string
}

let warned = false

export class Threads {
  readonly most: number
  readonly #arena: Arena
  readonly #owner: object
  readonly #candidates: readonly number[]
  /** Whether runs wait for the workers to start: tests do. */
  readonly #patient: boolean
  readonly #tuners: Record<'training' | 'inference', ThreadTuner>
  #team: Team | undefined
  #closed = false
  #started = 0
  /** When the job in hand last showed a sign of life, and what it was. */
  #alive = { at: 0, sign: '' }

  /** @param owner when it is garbage, the team is free. */
  constructor(arena: Arena, wanted: ThreadCount, owner: object) {
    this.#arena = arena
    this.#owner = owner
    const most = wanted === 'auto' ? Math.min(processors(), MOST_TRIED) : wanted
    this.most = most
    this.#candidates = wanted === 'auto' ? [...new Set([1, most > 3 ? most >> 1 : most, most])] : [most]
    this.#patient = environment('FOURLANE_THREADS') === String(wanted) && wanted !== 'auto' && canSleep()
    this.#tuners = { training: new ThreadTuner(this.#candidates), inference: new ThreadTuner(this.#candidates) }
  }

  /** Forgets what was timed: a new plan may have other batches. */
  retune(): void {
    this.#tuners.training = new ThreadTuner(this.#candidates)
  }

  /** A fit begins: what became of workers before does not matter. Calls them if it is certain that they will be used. */
  call(): void {
    if (this.team) this.team.lost = undefined
    if (this.#candidates.length === 1 && this.most > 1) this.#isReady()
  }

  /** Threads for the next run of this kind; 1 as long as workers are not there yet. */
  count(kind: 'training' | 'inference'): number {
    const tuner = this.#tuners[kind]
    if (tuner.choice === 1 || !tuner.worthwhile || !this.#isReady()) return 1
    return tuner.threads
  }

  /** Whether runs of this kind are still timed. */
  isTuning(kind: 'training' | 'inference'): boolean {
    return this.#tuners[kind].choice === undefined
  }

  /** Takes the time of a run of `units` on `threads`. */
  report(kind: 'training' | 'inference', units: number, milliseconds: number, threads: number): void {
    this.#tuners[kind].report(units, milliseconds, threads)
  }

  /** Why a worker is gone since the fit began or the last run, between two runs; then there will be one thread only. */
  takeLost(): string | undefined {
    const reason = this.team?.lost
    if (reason !== undefined) this.close()
    return reason
  }

  /** Whether a job is in hand that keeps the main thread waiting. */
  get isWaiting(): boolean {
    return (this.team?.running ?? 0) > 0
  }

  /** Runs steps [from, to) on `count` records. False: wait on with `wait` or `settle`. */
  run(threads: number, program: number, from: number, to: number, record: number, count: number): boolean {
    const { team } = this
    if (!team) throw new Error('threads: no team')
    team.used = performance.now()
    this.#started = team.used
    team.running = threads
    team.supply()
    if (!team.machine.start(threads, program, from, to, record, count)) {
      const at = performance.now()
      this.#alive = { at, sign: team.progress() }
      return false
    }
    team.running = 0
    return true
  }

  /** Waits for the job in hand; undefined when it is done, else what is left of it. Does not let the event loop run. */
  wait(milliseconds = Number.POSITIVE_INFINITY): Wreck | 'waiting' | undefined {
    const end = performance.now() + milliseconds
    for (let { team } = this; team?.running; { team } = this) {
      if (team.machine.resume()) team.running = 0
      else if (team.lost || this.#isDead(team)) {
        const wreck = this.#salvage(team)
        if (wreck) return wreck
      } else {
        const now = performance.now()
        if (now - this.#started > CALL_MILLISECONDS) team.withdraw()
        if (now > end) return 'waiting'
      }
    }
    return undefined
  }

  /** The same, letting the event loop run, which alone tells when a worker has died. */
  async settle(): Promise<Wreck | undefined> {
    for (;;) {
      const state = this.wait(WAIT_MILLISECONDS)
      if (state !== 'waiting') return state
      await yieldToEventLoop()
    }
  }

  /** No sign of life for long. */
  #isDead(team: Team): boolean {
    const now = performance.now()
    const sign = team.progress()
    if (sign !== this.#alive.sign) this.#alive = { at: now, sign }
    return now - this.#alive.at > PATIENCE_MILLISECONDS + 4 * (this.#alive.at - this.#started)
  }

  /**
   * Moves the model to a memory of its own, which no worker reaches, whether it is dead or only slow. Undefined when one
   * has shown a sign of life meanwhile.
   */
  #salvage(team: Team): Wreck | undefined {
    const sign = team.progress()
    const { machine } = team
    this.#arena.adopt(instantiate(machine.target, machine.base), 0)
    if (team.progress() !== sign) {
      this.#arena.adopt(machine, Number.POSITIVE_INFINITY)
      return undefined
    }
    const { i32 } = this.#arena
    const reason = team.lost ?? `it has not answered for ${PATIENCE_MILLISECONDS / 1000} s`
    const job = THREADS_JOB / 4
    const wreck = { threads: team.running, step: i32[job + JOB_STEP] >>> 0, record: i32[job + JOB_AT] >>> 0, reason }
    this.#closed = true
    this.#team = undefined
    dissolveTeam(team)
    return wreck
  }

  /** Address of the journals. */
  set journal(address: number) {
    this.#journal = address
    if (this.team) this.#writeJournal(this.team)
  }

  #journal = 0

  /** Moves the model into the shared memory; false where the host refuses so much. */
  #enter(team: Team): boolean {
    if (this.#arena.machine === team.machine) return true
    try {
      team.enter()
    } catch {
      this.close()
      return false
    }
    this.#writeJournal(team)
    return true
  }

  #writeJournal(team: Team): void {
    if (this.#arena.machine === team.machine) this.#arena.i32[THREADS_JOB / 4 + JOB_JOURNAL] = this.#journal
  }

  /** The team this model has now. */
  get team(): Team | undefined {
    if (this.#team && this.#team.tenant !== this.#arena) this.#team = undefined
    return this.#team
  }

  /** Whether the workers are there, and the model with them; calls them. */
  #isReady(): boolean {
    if (this.#closed || this.most === 1) return false
    if (!this.#canShare()) {
      this.#closed = true
      return false
    }
    this.#team = this.team ?? acquireTeam(this.#arena, this.most, this.#owner)
    const team = this.#team
    if (!team) return false
    if (team.ready() || (this.#patient && team.waitUntilReady(10_000))) return this.#enter(team)
    if (this.#patient) this.close()
    return false
  }

  #canShare(): boolean {
    const why = noThreads()
    if (why === undefined) {
      const { target, base } = this.#arena.machine
      return canShare() && sharedModule(target, base) !== undefined
    }
    if (!warned) console.warn(`fourlane: one thread only: ${why}`)
    warned = true
    return false
  }

  /** Gives the team back, for good. */
  close(): void {
    if (this.isWaiting) this.wait()
    this.#closed = true
    const { team } = this
    this.#team = undefined
    if (team) releaseTeam(team)
  }
}
