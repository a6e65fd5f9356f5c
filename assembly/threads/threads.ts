// Threads: every thread runs the same list, takes its share of each step (see share.ts), and meets the others at a barrier
// before the next step. They communicate through the machine's reserved bytes: one job, and a cache line per thread that only it
// (and, before a job, the main thread) writes. Thread 0 is the main thread, which may not be able to sleep and
// must not wait forever for a dead thread: it returns after a while, and can resume.
import { STEP_GOES_ON } from '../../src/abi/ops'
import {
  JOB_ARRIVALS,
  JOB_AT,
  JOB_LEFT,
  JOB_MODULES,
  JOB_SHARES,
  JOB_SHARES_NOW,
  JOB_STEP,
  JOB_THREADS,
  LINE_ARRIVED,
  LINE_BYTES,
  LINE_GO,
  LINE_READY,
  LINE_SLEEPERS,
  LINE_THERE,
  THREADS_JOB,
  THREADS_LINES,
} from '../../src/abi/threads'
import { Word } from '../word'

/** Polls of another thread's line before sleeping: about 100 µs, twice the time to fall asleep and wake up. */
const SPINS: i32 = 100000
/** Minimum polls, when polling has not helped lately: other programs may need the core that the other thread should run on. */
const LEAST_SPINS: i32 = 3000
/** Polls of a thread that cannot sleep before it returns: about 50 ms. */
const LONG_SPINS: i32 = 50000000

/** Result of `takeJob` for a job that needs a module which the thread lacks. */
export const LACKING: i32 = 0

/** Number of threads running the list. */
export let threads: i32 = 1
/** Barriers that this thread has reached, over all jobs. */
let arrivals: i32 = 0
/** Steps split so far, over all jobs: the same number on all threads at the same step. */
export let shares: i64 = 0
/** Number of jobs so far. */
let jobs: i32 = 0
/** Polls before this thread sleeps. */
let patience: i32 = SPINS
/** Maximum sleep of the main thread in nanoseconds; 0 if it cannot sleep, as in browsers. */
let nap: i64 = 0

export class Line {
  @inline static at(thread: i32): usize {
    return <usize>THREADS_LINES + <usize>thread * <usize>LINE_BYTES
  }

  /** Whether this line's thread has reached the barrier that the current thread waits at. */
  @inline static arrived(line: usize): bool {
    return atomic.load<i32>(line, LINE_ARRIVED << 2) - arrivals >= 0
  }
}

export class Job {
  @inline static word(index: usize): i32 {
    return load<i32>(<usize>THREADS_JOB + (index << 2))
  }

  @inline static put(index: usize, value: i32): void {
    store<i32>(<usize>THREADS_JOB + (index << 2), value)
  }
}

export function setThreads(count: i32): void {
  threads = count
}

/** Sets the number of split steps after another module has counted on. */
export function setShares(count: i64): void {
  shares = count
}

/** The number of the next split step. */
export function nextShare(): i64 {
  return ++shares
}

/** Records the main thread's position when it stops waiting, to resume, or to complete the step. */
export function noteWaiting(step: usize, record: usize, records: i32): void {
  Job.put(JOB_STEP, <i32>step)
  Job.put(JOB_AT, <i32>record)
  Job.put(JOB_LEFT, records)
  store<i64>(THREADS_JOB, shares, JOB_SHARES_NOW << 2)
}

/** In a copy of the memory: restores the number of threads and the step that the main thread was at. */
export function stand(count: i32): void {
  threads = count
  shares = load<i64>(THREADS_JOB, JOB_SHARES_NOW << 2)
}

/** Maximum sleep of the main thread before it returns; 0: spin. */
export function setNap(microseconds: i32): void {
  nap = <i64>microseconds * 1000
}

/** Main thread: assigns a job to threads 1 to count - 1. */
export function giveJob(count: i32): void {
  threads = count
  Job.put(JOB_THREADS, count)
  Job.put(JOB_ARRIVALS, arrivals)
  store<i64>(THREADS_JOB, shares, JOB_SHARES << 2)
  // positive and even: assigned; the worker that starts it sets the lowest bit
  jobs = (jobs & 0x3ffffffe) + 2
  for (let thread = 0; thread < count; thread++) atomic.store<i32>(Line.at(thread), arrivals, LINE_ARRIVED << 2)
  for (let thread = 1; thread < count; thread++) {
    const line = Line.at(thread)
    atomic.store<i32>(line, jobs, LINE_GO << 2)
    atomic.notify(line + (LINE_GO << 2), 1)
  }
}

/**
 * Worker threads: sleeps until there is a job other than `last`, and starts it; returns its number, a negative one to stop, or
 * LACKING, without starting it, if the job needs modules not in `modules`. The main thread may withdraw a job that has not been
 * started: see withdraw in team.ts.
 */
export function takeJob(thread: i32, last: i32, modules: i32): i32 {
  const line = Line.at(thread)
  if (last == 0) {
    atomic.store<i32>(line, LINE_THERE, LINE_READY << 2)
    atomic.notify(line + (LINE_READY << 2), 1)
  }
  let job = atomic.load<i32>(line, LINE_GO << 2)
  for (let spin = SPINS; spin && job == last; spin--) job = atomic.load<i32>(line, LINE_GO << 2)
  while (job == last) {
    atomic.wait<i32>(line + (LINE_GO << 2), last, -1)
    job = atomic.load<i32>(line, LINE_GO << 2)
  }
  if (job > 0 && Job.word(JOB_MODULES) & ~modules) return LACKING
  job = atomic.or<i32>(line, 1, LINE_GO << 2) | 1
  threads = Job.word(JOB_THREADS)
  arrivals = Job.word(JOB_ARRIVALS)
  shares = load<i64>(THREADS_JOB, JOB_SHARES << 2)
  if (job < 0) atomic.store<i32>(line, 0, LINE_READY << 2)
  return job
}

/** Passes the barrier after `step`, if one is needed; returns false if the main thread has waited too long. */
export function barrier(step: usize, next: usize, last: usize, thread: i32): bool {
  if (next < last && Word.int(step, STEP_GOES_ON)) return true
  const own = Line.at(thread)
  arrivals++
  atomic.store<i32>(own, arrivals, LINE_ARRIVED << 2)
  if (atomic.load<i32>(own, LINE_SLEEPERS << 2)) atomic.notify(own + (LINE_ARRIVED << 2), -1)
  return others(thread)
}

/** Waits until all threads have arrived; returns false if the main thread has waited too long. */
export function others(thread: i32): bool {
  for (let other = 0; other < threads; other++) {
    if (other != thread && !awaitLine(Line.at(other), thread)) return false
  }
  return true
}

function awaitLine(line: usize, thread: i32): bool {
  const mayNot = thread == 0 && nap == 0
  for (let spin = mayNot ? LONG_SPINS : patience; spin; spin--) {
    if (!Line.arrived(line)) continue
    patience = min(SPINS, patience + LEAST_SPINS)
    return true
  }
  patience = max(LEAST_SPINS, patience >> 1)
  while (!mayNot) {
    atomic.add<i32>(line, 1, LINE_SLEEPERS << 2)
    const seen = atomic.load<i32>(line, LINE_ARRIVED << 2)
    if (seen - arrivals < 0) atomic.wait<i32>(line + (LINE_ARRIVED << 2), seen, thread == 0 ? nap : -1)
    atomic.sub<i32>(line, 1, LINE_SLEEPERS << 2)
    if (Line.arrived(line)) return true
    if (thread == 0) break
  }
  return false
}
