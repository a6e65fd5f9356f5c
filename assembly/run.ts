// The executor: a case decodes a step's words and calls one kernel.
import * as abi from '../src/abi'
import { activateBackRows, activateRows } from './activations'
import { denseBackwardInput, denseBackwardWeights, denseForward, setTile } from './gemm'
import { addPenalties, adjustGradients, penalizeActivity } from './gradients'
import { Grid } from './grid'
import { layer } from './layers'
import { lossRows } from './losses'
import { finishUpdate, update } from './optimizers'
import { countCorrect, gather, meanLoss } from './reduce'
import { Share } from './share'
import { barrier, giveJob, Job, noteWaiting, others, setThreads, stand, takeJob, threads } from './threads'

/** Operand `index` of a step, or dynamic word `index` of a record. */
class Word {
  @inline static int(at: usize, index: i32): i32 {
    return load<i32>(at + ((<usize>index) << 2))
  }

  @inline static address(at: usize, index: i32): usize {
    return load<usize>(at + ((<usize>index) << 2))
  }

  @inline static float(at: usize, index: i32): f32 {
    return load<f32>(at + ((<usize>index) << 2))
  }

  /** Panels of the columns that operand `index` counts. */
  @inline static panels(at: usize, index: i32): i32 {
    return (Word.int(at, index) + abi.PANEL - 1) / abi.PANEL
  }
}

const STEP: usize = abi.STEP_WORDS << 2

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
  Job.put(abi.JOB_PROGRAM, <i32>program)
  Job.put(abi.JOB_FROM, from)
  Job.put(abi.JOB_TO, to)
  Job.put(abi.JOB_RECORD, <i32>record)
  Job.put(abi.JOB_RECORDS, records)
  giveJob(count)
  const first = program + <usize>from * STEP
  return finish(advance(first, program + <usize>to * STEP, first, record, records, 0))
}

/** Waits on where `start` has given up waiting. */
export function resume(): bool {
  if (!others(0)) return false
  const program = <usize>Job.word(abi.JOB_PROGRAM)
  const first = program + <usize>Job.word(abi.JOB_FROM) * STEP
  const last = program + <usize>Job.word(abi.JOB_TO) * STEP
  const step = <usize>Job.word(abi.JOB_STEP) + STEP
  return finish(advance(first, last, step, <usize>Job.word(abi.JOB_AT), Job.word(abi.JOB_LEFT), 0))
}

function finish(done: bool): bool {
  if (done) setThreads(1)
  return done
}

/** What other threads do all their life. */
export function work(thread: i32): void {
  for (let job = takeJob(thread, 0); job > 0; job = takeJob(thread, job)) {
    setTile(Job.word(abi.JOB_TILE))
    const program = <usize>Job.word(abi.JOB_PROGRAM)
    const first = program + <usize>Job.word(abi.JOB_FROM) * STEP
    const last = program + <usize>Job.word(abi.JOB_TO) * STEP
    advance(first, last, first, <usize>Job.word(abi.JOB_RECORD), Job.word(abi.JOB_RECORDS), thread)
  }
}

/** In a copy of the memory: finishes what each dead one of `count` threads has left of its share of an update. */
export function mend(count: i32, step: usize, record: usize): void {
  stand(count)
  const op = load<i32>(step)
  if (op >= abi.OP_SGD && op < abi.OP_BATCH_NORM) {
    for (let thread = 1; thread < count; thread++) finishUpdate(op, step, record, thread)
  }
  setThreads(1)
}

/** Runs the list from `step` on, then on the records after this one; false when the main thread has waited long enough. */
function advance(first: usize, last: usize, step: usize, record: usize, records: i32, thread: i32): bool {
  for (; records > 0; records--, record += abi.RECORD_WORDS << 2) {
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
  const rows = Word.int(record, abi.RECORD_ROWS)
  const op = load<i32>(step)
  switch (op) {
    case abi.OP_NONE:
      break
    case abi.OP_GATHER: {
      const order = Word.address(step, abi.GATHER_ORDER) + ((<usize>Word.int(record, abi.RECORD_FIRST)) << 2)
      Share.of(rows, thread)
      while (Share.more())
        gather(
          Word.address(step, abi.GATHER_FROM),
          Word.address(step, abi.GATHER_TO),
          order,
          Word.int(step, abi.GATHER_COLS),
          Word.address(step, abi.GATHER_TO_STRIDE),
          Share.begin,
          Share.end,
        )
      break
    }
    case abi.OP_DENSE:
      dense(step, rows, thread)
      break
    case abi.OP_DENSE_DW:
      denseDw(step, rows, thread)
      break
    case abi.OP_DENSE_DX:
      denseDx(step, rows, thread)
      break
    case abi.OP_ACTIVATE:
      Share.of(rows, thread)
      while (Share.more())
        activateRows(
          Word.int(step, abi.ACTIVATE_KIND),
          Word.float(step, abi.ACTIVATE_ALPHA),
          Word.address(step, abi.ACTIVATE_FROM),
          Word.address(step, abi.ACTIVATE_TO),
          Word.address(step, abi.ACTIVATE_STRIDE),
          Word.int(step, abi.ACTIVATE_COLS),
          Share.begin,
          Share.end,
        )
      break
    case abi.OP_ACTIVATE_BACK:
      Share.of(rows, thread)
      while (Share.more())
        activateBackRows(
          Word.int(step, abi.ACTIVATE_KIND),
          Word.float(step, abi.ACTIVATE_ALPHA),
          Word.address(step, abi.ACTIVATE_SAVED),
          Word.address(step, abi.ACTIVATE_FROM),
          Word.address(step, abi.ACTIVATE_TO),
          Word.address(step, abi.ACTIVATE_STRIDE),
          Word.int(step, abi.ACTIVATE_COLS),
          Share.begin,
          Share.end,
        )
      break
    case abi.OP_LOSS:
      Share.of(rows, thread)
      while (Share.more()) lossRows(step, rows, Share.begin, Share.end)
      break
    case abi.OP_MEAN_LOSS:
      if (thread == 0)
        meanLoss(Word.address(step, abi.MEAN_LOSS_ROWS), Word.address(step, abi.MEAN_LOSS_WEIGHTS), rows, record)
      break
    case abi.OP_CORRECT:
      if (thread == 0) countCorrect(step, rows, record)
      break
    case abi.OP_PENALTY:
    case abi.OP_GRADIENT_SUMS:
    case abi.OP_CLIP_NORM:
    case abi.OP_CLIP_VALUE:
      adjustGradients(op, step, record, thread)
      break
    case abi.OP_PENALTY_SUM:
      if (thread == 0) addPenalties(step, record)
      break
    case abi.OP_ACTIVITY:
      penalizeActivity(step, record, rows, thread)
      break
    default:
      // layers beyond dense and optimizers have switches of their own, which refuse what they do not know
      if (op >= abi.OP_BATCH_NORM && op <= abi.OP_WEIGHT_NORM_BACK) layer(op, step, record, rows, thread)
      else update(op, step, record, thread)
  }
}

function dense(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, abi.DENSE_INPUTS)
  const xStride = Word.address(step, abi.DENSE_X_STRIDE)
  const yStride = Word.address(step, abi.DENSE_Y_STRIDE)
  const saved = Word.address(step, abi.DENSE_SAVED)
  const savedStride = Word.address(step, abi.DENSE_SAVED_STRIDE)
  for (Grid.of(rows, Word.panels(step, abi.DENSE_UNITS), inputs, thread); Grid.more(); ) {
    const row = <usize>Grid.row
    denseForward(
      Word.address(step, abi.DENSE_X) + row * xStride,
      xStride,
      Word.address(step, abi.DENSE_W),
      Word.address(step, abi.DENSE_B),
      Word.address(step, abi.DENSE_Y) + row * yStride,
      yStride,
      Grid.rows,
      inputs,
      Word.int(step, abi.DENSE_UNITS),
      Grid.begin,
      Grid.end,
      Word.int(step, abi.DENSE_ACTIVATION),
      Word.float(step, abi.DENSE_ALPHA),
      saved ? saved + row * savedStride : 0,
      savedStride,
    )
  }
}

/** The rows of dw are inputs. */
function denseDw(step: usize, rows: i32, thread: i32): void {
  const inputs = Word.int(step, abi.DENSE_INPUTS)
  const bias = Word.address(step, abi.DENSE_B)
  for (Grid.of(inputs, Word.panels(step, abi.DENSE_UNITS), rows, thread); Grid.more(); ) {
    denseBackwardWeights(
      Word.address(step, abi.DENSE_X),
      Word.address(step, abi.DENSE_X_STRIDE),
      Word.address(step, abi.DENSE_Y),
      Word.address(step, abi.DENSE_Y_STRIDE),
      Word.address(step, abi.DENSE_W),
      Grid.row ? 0 : bias,
      rows,
      inputs,
      Grid.row,
      Grid.rows,
      Word.int(step, abi.DENSE_UNITS),
      Grid.begin,
      Grid.end,
    )
  }
}

function denseDx(step: usize, rows: i32, thread: i32): void {
  const units = Word.int(step, abi.DENSE_UNITS)
  const zStride = Word.address(step, abi.DENSE_Y_STRIDE)
  const xStride = Word.address(step, abi.DENSE_DX_STRIDE)
  const savedStride = Word.address(step, abi.DENSE_SAVED_STRIDE)
  for (Grid.of(rows, Word.panels(step, abi.DENSE_INPUTS), units, thread); Grid.more(); ) {
    const row = <usize>Grid.row
    denseBackwardInput(
      Word.address(step, abi.DENSE_Y) + row * zStride,
      zStride,
      Word.address(step, abi.DENSE_W),
      Word.address(step, abi.DENSE_DX) + row * xStride,
      xStride,
      Grid.rows,
      Grid.rows < rows,
      Word.int(step, abi.DENSE_INPUTS),
      units,
      Grid.begin,
      Grid.end,
      Word.address(step, abi.DENSE_SCRATCH),
      Word.int(step, abi.DENSE_ACTIVATION),
      Word.float(step, abi.DENSE_ALPHA),
      Word.address(step, abi.DENSE_SAVED) + row * savedStride,
      savedStride,
    )
  }
}
