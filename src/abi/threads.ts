/** The machine's reserved bytes through which the threads of a shared memory communicate. */

/** Maximum threads per memory. */
export const MAX_THREADS = 32

/** The current job: JOB_* words, written by the main thread. */
export const THREADS_JOB = 1536
export const JOB_PROGRAM = 0
export const JOB_FROM = 1
export const JOB_TO = 2
export const JOB_RECORD = 3
export const JOB_RECORDS = 4
export const JOB_THREADS = 5
/** Bit mask of the modules that the main thread has: a worker that lacks one fetches it before it takes the job. */
export const JOB_MODULES = 6
/** Barriers passed before the job. */
export const JOB_ARRIVALS = 7
/** Address of the journals, JOURNAL_BYTES for each thread except the main one. */
export const JOB_JOURNAL = 8
/** Position of the main thread when it has stopped waiting: addresses of step and record, and records left. */
export const JOB_STEP = 9
export const JOB_AT = 10
export const JOB_LEFT = 11
/** i64: number of steps split among threads before the job. */
export const JOB_SHARES = 12
/** i64: likewise, when the main thread has stopped waiting. */
export const JOB_SHARES_NOW = 14

/** A cache line per thread: LINE_* words. */
export const THREADS_LINES = 2048
export const LINE_BYTES = 64
/** Number of barriers that the thread has reached. */
export const LINE_ARRIVED = 0
/** Number of threads sleeping until it reaches its next one. */
export const LINE_SLEEPERS = 1
/** Number of its next job, even until the thread starts it, then odd; negative: it must leave. */
export const LINE_GO = 2
/** LINE_SENT until a worker has arrived, LINE_THERE while it waits for or runs jobs, 0 without a worker. */
export const LINE_READY = 3
export const LINE_SENT = 2
export const LINE_THERE = 1
/** i64: the low half of a step's number among those split, and the thread's progress in that update. */
export const LINE_PROGRESS = 4

/** An i64 per slot of the step being split: see assembly/threads/share.ts. */
export const THREADS_SLOTS = 4096
/** Number of slots. */
export const MOST_SLOTS = 256
/** Slots per thread at the start, unless that makes too many: threads finish a step about one slot's work apart. */
export const THREAD_SLOTS = 96

/** Old values of the block that a thread is updating: parameters and up to five states, or longer chunks of two. */
export const JOURNAL_BYTES = 32768
/** Bytes of such a block. */
export const JOURNAL_BLOCK = 4096
