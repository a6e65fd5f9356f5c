// The interpreter of programs: on one thread or several, for one record after another.
import { STEP_WORDS } from '../src/abi/ops'
import { RECORD_WORDS } from '../src/abi/records'
import { JOB_AT, JOB_FROM, JOB_LEFT, JOB_PROGRAM, JOB_RECORD, JOB_RECORDS, JOB_STEP, JOB_TO } from '../src/abi/threads'
import { extend, Step } from './execute'
import { takeTile } from './gemm/products'
import { finishUpdate } from './optimizers/optimizers'
import {
  barrier,
  giveJob,
  Job,
  LACKING,
  noteWaiting,
  others,
  setThreads,
  stand,
  takeJob,
  threads,
} from './threads/threads'

const STEP: usize = STEP_WORDS << 2

/** Runs steps [from, to) of the program once for each of `records` consecutive records, on one thread. */
export function run(program: usize, from: i32, to: i32, record: usize, records: i32, thread: i32): void {
  const first = program + <usize>from * STEP
  advance(first, program + <usize>to * STEP, first, record, records, thread)
}

/**
 * Likewise on `count` threads, with the caller as the main one. Returns whether it is done; if not, this thread waits for another
 * one: check that it is alive, and call `resume`.
 */
export function start(count: i32, program: usize, from: i32, to: i32, record: usize, records: i32): bool {
  Job.put(JOB_PROGRAM, <i32>program)
  Job.put(JOB_FROM, from)
  Job.put(JOB_TO, to)
  Job.put(JOB_RECORD, <i32>record)
  Job.put(JOB_RECORDS, records)
  giveJob(count)
  const first = program + <usize>from * STEP
  return finish(advance(first, program + <usize>to * STEP, first, record, records, 0))
}

/** Continues to wait after `start` has returned false. */
export function resume(): bool {
  if (!others(0)) return false
  const program = <usize>Job.word(JOB_PROGRAM)
  const first = program + <usize>Job.word(JOB_FROM) * STEP
  const last = program + <usize>Job.word(JOB_TO) * STEP
  const step = <usize>Job.word(JOB_STEP) + STEP
  return finish(advance(first, last, step, <usize>Job.word(JOB_AT), Job.word(JOB_LEFT), 0))
}

function finish(done: bool): bool {
  if (done) setThreads(1)
  return done
}

/**
 * The main loop of worker threads: returns false when the thread must leave, true when a job needs a module that is not
 * in `modules` (bit m for module m). The job waits: fetch the module, and call again.
 */
export function work(thread: i32, modules: i32): bool {
  let job = takeJob(thread, 0, modules)
  for (; job > 0; job = takeJob(thread, job, modules)) {
    takeTile()
    const program = <usize>Job.word(JOB_PROGRAM)
    const first = program + <usize>Job.word(JOB_FROM) * STEP
    const last = program + <usize>Job.word(JOB_TO) * STEP
    advance(first, last, first, <usize>Job.word(JOB_RECORD), Job.word(JOB_RECORDS), thread)
  }
  return job == LACKING
}

/**
 * In a copy of the memory: completes the shares that dead ones among `count` threads have left of an update. Steps of
 * extensions change nothing in place, and are run again.
 */
export function mend(count: i32, step: usize, record: usize): void {
  if (Step.isExtended(step)) extend(step, record, 0)
  else if (TRAINING) {
    stand(count)
    for (let thread = 1; thread < count; thread++) finishUpdate(step, record, thread)
    setThreads(1)
  }
}

/** Runs the list from `step` on, then for the following records; returns false if the main thread has waited too long. */
function advance(first: usize, last: usize, step: usize, record: usize, records: i32, thread: i32): bool {
  for (; records > 0; records--, record += RECORD_WORDS << 2) {
    for (; step < last; step += STEP) {
      Step.execute(step, record, thread)
      if (threads > 1 && !barrier(step, step + STEP, last, thread)) {
        noteWaiting(step, record, records)
        return false
      }
    }
    step = first
  }
  return true
}
