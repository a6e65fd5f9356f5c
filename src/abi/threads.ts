/** Bytes of the machine that the threads of a shared memory talk through. */

/** Most threads on one memory. */
export const MAX_THREADS = 32

/** What all threads run: JOB_* words, written by the main thread. */
export const THREADS_JOB = 1536
export const JOB_PROGRAM = 0
export const JOB_FROM = 1
export const JOB_TO = 2
export const JOB_RECORD = 3
export const JOB_RECORDS = 4
export const JOB_THREADS = 5
/** Bit m for every module m that the main thread has at hand: a worker that lacks one fetches it before it takes the job. */
export const JOB_MODULES = 6
/** Barriers passed before the job. */
export const JOB_ARRIVALS = 7
/** Address of the journals, JOURNAL_BYTES for each thread but the main one. */
export const JOB_JOURNAL = 8
/** Where the main thread stands when it has given up waiting: addresses of step and record, and records left. */
export const JOB_STEP = 9
export const JOB_AT = 10
export const JOB_LEFT = 11
/** i64: steps shared out before the job. */
export const JOB_SHARES = 12
/** i64: the same where the main thread stands when it has given up waiting. */
export const JOB_SHARES_NOW = 14

/** A line for each thread: LINE_* words. */
export const THREADS_LINES = 2048
export const LINE_BYTES = 64
/** Barriers the thread has come to. */
export const LINE_ARRIVED = 0
/** Threads asleep until it comes to its next one. */
export const LINE_SLEEPERS = 1
/** Number of the job it is to do, even until the thread begins it, then odd; below 0: it is to leave. */
export const LINE_GO = 2
/** LINE_SENT until a worker has come, LINE_THERE while it waits for jobs or does one, 0 without one. */
export const LINE_READY = 3
export const LINE_SENT = 2
export const LINE_THERE = 1
/** i64: the lower half of a step's number among those shared out, and how far the thread is in that update. */
export const LINE_PROGRESS = 4

/** An i64 for each slot of the step that is being shared out: see assembly/threads/share.ts. */
export const THREADS_SLOTS = 4096
/** Slots there are. */
export const MOST_SLOTS = 256
/** Slots a thread starts with, unless that makes too many: a step ends with all threads about one slot's work apart. */
export const THREAD_SLOTS = 96

/** Old values of the block of an update that a thread is at: of parameters and five states, or long chunks of two. */
export const JOURNAL_BYTES = 32768
/** Bytes of such a block. */
export const JOURNAL_BLOCK = 4096
