/** A model's threads: how many each run uses, and recovery when a worker dies. */
import { environment, noThreads, processors, yieldToEventLoop } from '#runtime'
import { JOB_AT, JOB_JOURNAL, JOB_STEP, MAX_THREADS, THREADS_JOB } from '../../abi/threads.ts'
import { checkInteger, show } from '../../lib/check.ts'
import type { Arena } from '../arena.ts'
import { instantiate } from '../wasm.ts'
import { sharedModule } from './sharedMachine.ts'
import { canShare, canSleep } from './sharedMemory.ts'
import type { Team } from './team.ts'
import { acquireTeam, dissolveTeam, releaseTeam } from './teamPool.ts'

/** Maximum number of threads that `auto` tries. */
const MOST_TRIED = 8
/** Runs timed per number of threads. */
const ROUNDS = 6
/** Single-threaded runs that decide whether to try more. */
const PROBES = 16
/** Shorter work (a training step, a block of rows) is not split, since it contains about ten barriers. */
const LEAST_MILLISECONDS = 0.03
/** Required relative time for more threads to win. */
const ADVANTAGE = 0.95
/** Workers that show no progress for this long, and for four times the run so far, count as dead. */
const PATIENCE_MILLISECONDS = 5000
/** A job that a worker has not started after this time is withdrawn. */
const CALL_MILLISECONDS = 250
/** How long a run blocks before it yields to the event loop. */
const WAIT_MILLISECONDS = 400

export type ThreadCount = number | 'auto'

/** @throws TypeError or RangeError unless `threads` is 'auto' or an integer from 1 to 32. */
export function checkThreads(where: string, threads: unknown): ThreadCount {
  if (threads === 'auto') return threads
  if (typeof threads === 'string') {
    throw new RangeError(`${where}: "threads" must be a whole number or 'auto', got ${show(threads)}`)
  }
  return checkInteger(where, 'threads', threads, 1, MAX_THREADS)
}

/** The default for models: FOURLANE_THREADS, otherwise one. */
export function defaultThreads(): ThreadCount {
  const forced = environment('FOURLANE_THREADS')
  if (!forced) return 1
  return checkThreads('FOURLANE_THREADS', forced === 'auto' ? forced : Number(forced))
}

/** Times runs on one and on more threads alternately, and keeps the fastest. */
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

  /** Threads for the next run. */
  get threads(): number {
    if (this.choice !== undefined) return this.choice
    return this.#probes < PROBES ? 1 : this.#candidates[this.#runs % this.#candidates.length]
  }

  /** Whether runs are long enough to use workers. */
  get worthwhile(): boolean {
    return this.choice === undefined ? this.#best[0] >= LEAST_MILLISECONDS && this.#probes > 1 : this.choice > 1
  }

  /** Records the time of a run of `units` on the proposed number of threads, or on one. */
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

/** An interrupted run: where the main thread was. */
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
  /** Whether runs wait for workers to start: for tests. */
  readonly #patient: boolean
  readonly #tuners: Record<'training' | 'inference', ThreadTuner>
  #team: Team | undefined
  #closed = false
  #started = 0
  /** When the current job last showed progress, and its progress then. */
  #alive = { at: 0, sign: '' }

  /** @param owner the team is released when it is garbage collected. */
  constructor(arena: Arena, wanted: ThreadCount, owner: object) {
    this.#arena = arena
    this.#owner = owner
    const most = wanted === 'auto' ? Math.min(processors(), MOST_TRIED) : wanted
    this.most = most
    this.#candidates = wanted === 'auto' ? [...new Set([1, most > 3 ? most >> 1 : most, most])] : [most]
    this.#patient = environment('FOURLANE_THREADS') === String(wanted) && wanted !== 'auto' && canSleep()
    this.#tuners = { training: new ThreadTuner(this.#candidates), inference: new ThreadTuner(this.#candidates) }
  }

  /** Discards timings: a new plan may have a different batch size. */
  retune(): void {
    this.#tuners.training = new ThreadTuner(this.#candidates)
  }

  /** Start of a fit: forgets earlier losses of workers. Starts workers if they will certainly be used. */
  call(): void {
    if (this.team) this.team.lost = undefined
    if (this.#candidates.length === 1 && this.most > 1) this.#isReady()
  }

  /** Threads for the next run of this kind; 1 while workers are starting. */
  count(kind: 'training' | 'inference'): number {
    const tuner = this.#tuners[kind]
    if (tuner.choice === 1 || !tuner.worthwhile || !this.#isReady()) return 1
    return tuner.threads
  }

  /** Whether runs of this kind are still being timed. */
  isTuning(kind: 'training' | 'inference'): boolean {
    return this.#tuners[kind].choice === undefined
  }

  /** Records the time of a run of `units` on `threads`. */
  report(kind: 'training' | 'inference', units: number, milliseconds: number, threads: number): void {
    this.#tuners[kind].report(units, milliseconds, threads)
  }

  /** Why a worker was lost between runs since the fit started or since the last run; from then on there is one thread. */
  takeLost(): string | undefined {
    const reason = this.team?.lost
    if (reason !== undefined) this.close()
    return reason
  }

  /** Whether there is an unfinished job that the main thread waits for. */
  get isWaiting(): boolean {
    return (this.team?.running ?? 0) > 0
  }

  /** Runs steps [from, to) on `count` records. Returns false if unfinished: continue with `wait` or `settle`. */
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

  /** Blocks until the current job ends; undefined when it is done, otherwise where it was interrupted. */
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

  /** Likewise, yielding to the event loop, which reports the death of workers. */
  async settle(): Promise<Wreck | undefined> {
    for (;;) {
      const state = this.wait(WAIT_MILLISECONDS)
      if (state !== 'waiting') return state
      await yieldToEventLoop()
    }
  }

  /** Whether there was no progress for too long. */
  #isDead(team: Team): boolean {
    const now = performance.now()
    const sign = team.progress()
    if (sign !== this.#alive.sign) this.#alive = { at: now, sign }
    return now - this.#alive.at > PATIENCE_MILLISECONDS + 4 * (this.#alive.at - this.#started)
  }

  /**
   * Moves the model to a memory that no worker can reach, whether dead or just slow. Undefined if one
   * has shown progress meanwhile.
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

  /** Moves the model into the shared memory; false if the host refuses to allocate that much. */
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

  /** This model's current team. */
  get team(): Team | undefined {
    if (this.#team && this.#team.tenant !== this.#arena) this.#team = undefined
    return this.#team
  }

  /** Whether workers and model are in the team's memory; starts workers. */
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

  /** Releases the team for good. */
  close(): void {
    if (this.isWaiting) this.wait()
    this.#closed = true
    const { team } = this
    this.#team = undefined
    if (team) releaseTeam(team)
  }
}
