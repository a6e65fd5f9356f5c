// The executor: a case decodes a step's words and calls one kernel.
import {
  ACTIVATE_ALPHA,
  ACTIVATE_COLS,
  ACTIVATE_FROM,
  ACTIVATE_KIND,
  ACTIVATE_SAVED,
  ACTIVATE_STRIDE,
  ACTIVATE_TO,
  GATHER_COLS,
  GATHER_FROM,
  GATHER_ORDER,
  GATHER_TO,
  GATHER_TO_STRIDE,
} from '../src/abi/layers'
import { MEAN_LOSS_ROWS, MEAN_LOSS_WEIGHTS } from '../src/abi/losses'
import {
  OP_ACTIVATE,
  OP_ACTIVATE_BACK,
  OP_ACTIVITY,
  OP_BATCH_NORM,
  OP_CLIP_NORM,
  OP_CLIP_VALUE,
  OP_CORRECT,
  OP_DENSE,
  OP_DENSE_DW,
  OP_DENSE_DX,
  OP_GATHER,
  OP_GRADIENT_SUMS,
  OP_LOSS,
  OP_MEAN_LOSS,
  OP_NONE,
  OP_PENALTY,
  OP_PENALTY_SUM,
  OP_SGD,
  OP_WEIGHT_NORM_BACK,
  STEP_WORDS,
} from '../src/abi/ops'
import { RECORD_FIRST, RECORD_ROWS, RECORD_WORDS } from '../src/abi/records'
import {
  JOB_AT,
  JOB_FROM,
  JOB_LEFT,
  JOB_PROGRAM,
  JOB_RECORD,
  JOB_RECORDS,
  JOB_STEP,
  JOB_TILE,
  JOB_TO,
} from '../src/abi/threads'
import { activateBackRows, activateRows } from './activations/activations'
import { dense, denseDw, denseDx } from './gemm/dense'
import { setTile } from './gemm/products'
import { layer } from './layers/layers'
import { lossRows } from './losses/losses'
import { countCorrect, gather, meanLoss } from './losses/reduce'
import { addPenalties, adjustGradients, penalizeActivity } from './optimizers/gradients'
import { finishUpdate, update } from './optimizers/optimizers'
import { Share } from './threads/share'
import { barrier, giveJob, Job, noteWaiting, others, setThreads, stand, takeJob, threads } from './threads/threads'
import { Word } from './word'

const STEP: usize = STEP_WORDS << 2

/** Runs steps [from, to) of the program once for each of `records` consecutive records, on one thread. */
export function run(program: usize, from: i32, to: i32, record: usize, records: i32, thread: i32): void {
  const first = program + <usize>from * STEP
  advance(first, program + <usize>to * STEP, first, record, records, thread)
}

/**
 * The same on `count` threads, of which the caller's is the main one. Returns whether it is done; if not, another thread
 * keeps it waiting: look whether that is alive, and `resume`.
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

/** Waits on where `start` has given up waiting. */
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

/** What other threads do all their life. */
export function work(thread: i32): void {
  for (let job = takeJob(thread, 0); job > 0; job = takeJob(thread, job)) {
    setTile(Job.word(JOB_TILE))
    const program = <usize>Job.word(JOB_PROGRAM)
    const first = program + <usize>Job.word(JOB_FROM) * STEP
    const last = program + <usize>Job.word(JOB_TO) * STEP
    advance(first, last, first, <usize>Job.word(JOB_RECORD), Job.word(JOB_RECORDS), thread)
  }
}

/** In a copy of the memory: finishes what each dead one of `count` threads has left of its share of an update. */
export function mend(count: i32, step: usize, record: usize): void {
  stand(count)
  const op = load<i32>(step)
  if (op >= OP_SGD && op < OP_BATCH_NORM) {
    for (let thread = 1; thread < count; thread++) finishUpdate(op, step, record, thread)
  }
  setThreads(1)
}

/** Runs the list from `step` on, then on the records after this one; false when the main thread has waited long enough. */
function advance(first: usize, last: usize, step: usize, record: usize, records: i32, thread: i32): bool {
  for (; records > 0; records--, record += RECORD_WORDS << 2) {
    for (; step < last; step += STEP) {
      execute(step, record, thread)
      if (threads > 1 && !barrier(step, step + STEP, last, thread)) {
        noteWaiting(step, record, records)
        return false
      }
    }
    step = first
  }
  return true
}

function execute(step: usize, record: usize, thread: i32): void {
  const rows = Word.int(record, RECORD_ROWS)
  const op = load<i32>(step)
  switch (op) {
    case OP_NONE:
      break
    case OP_GATHER: {
      const order = Word.address(step, GATHER_ORDER) + ((<usize>Word.int(record, RECORD_FIRST)) << 2)
      for (Share.of(rows, thread); Share.more(); )
        gather(
          Word.address(step, GATHER_FROM),
          Word.address(step, GATHER_TO),
          order,
          Word.int(step, GATHER_COLS),
          Word.address(step, GATHER_TO_STRIDE),
          Share.begin,
          Share.end,
        )
      break
    }
    case OP_DENSE:
      dense(step, rows, thread)
      break
    case OP_DENSE_DW:
      denseDw(step, rows, thread)
      break
    case OP_DENSE_DX:
      denseDx(step, rows, thread)
      break
    case OP_ACTIVATE:
      for (Share.of(rows, thread); Share.more(); )
        activateRows(
          Word.int(step, ACTIVATE_KIND),
          Word.float(step, ACTIVATE_ALPHA),
          Word.address(step, ACTIVATE_FROM),
          Word.address(step, ACTIVATE_TO),
          Word.address(step, ACTIVATE_STRIDE),
          Word.int(step, ACTIVATE_COLS),
          Share.begin,
          Share.end,
        )
      break
    case OP_ACTIVATE_BACK:
      for (Share.of(rows, thread); Share.more(); )
        activateBackRows(
          Word.int(step, ACTIVATE_KIND),
          Word.float(step, ACTIVATE_ALPHA),
          Word.address(step, ACTIVATE_SAVED),
          Word.address(step, ACTIVATE_FROM),
          Word.address(step, ACTIVATE_TO),
          Word.address(step, ACTIVATE_STRIDE),
          Word.int(step, ACTIVATE_COLS),
          Share.begin,
          Share.end,
        )
      break
    case OP_LOSS:
      for (Share.of(rows, thread); Share.more(); ) lossRows(step, rows, Share.begin, Share.end)
      break
    case OP_MEAN_LOSS:
      if (thread == 0) meanLoss(Word.address(step, MEAN_LOSS_ROWS), Word.address(step, MEAN_LOSS_WEIGHTS), rows, record)
      break
    case OP_CORRECT:
      if (thread == 0) countCorrect(step, rows, record)
      break
    case OP_PENALTY:
    case OP_GRADIENT_SUMS:
    case OP_CLIP_NORM:
    case OP_CLIP_VALUE:
      adjustGradients(op, step, record, thread)
      break
    case OP_PENALTY_SUM:
      if (thread == 0) addPenalties(step, record)
      break
    case OP_ACTIVITY:
      penalizeActivity(step, record, rows, thread)
      break
    default:
      // layers beyond dense and optimizers have switches of their own, which refuse what they do not know
      if (op >= OP_BATCH_NORM && op <= OP_WEIGHT_NORM_BACK) layer(op, step, record, rows, thread)
      else update(op, step, record, thread)
  }
}
