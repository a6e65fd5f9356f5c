// The executor: a case decodes a step's words and calls one kernel.
import {
  ACTIVATE_ALPHA, ACTIVATE_COLS, ACTIVATE_FROM, ACTIVATE_KIND, ACTIVATE_SAVED, ACTIVATE_STRIDE, ACTIVATE_TO,
  DENSE_ACTIVATION, DENSE_ALPHA, DENSE_B, DENSE_DX, DENSE_DX_STRIDE, DENSE_INPUTS, DENSE_SAVED, DENSE_SAVED_STRIDE,
  DENSE_SCRATCH, DENSE_UNITS, DENSE_W, DENSE_X, DENSE_X_STRIDE, DENSE_Y, DENSE_Y_STRIDE,
  GATHER_COLS, GATHER_FROM, GATHER_ORDER, GATHER_TO, GATHER_TO_STRIDE,
  MEAN_LOSS_ROWS, MEAN_LOSS_WEIGHTS,
  OP_ACTIVATE, OP_ACTIVATE_BACK, OP_ADAM, OP_CORRECT, OP_DENSE, OP_DENSE_DW, OP_DENSE_DX, OP_GATHER, OP_LOSS,
  OP_MEAN_LOSS, OP_SGD, OPT_COUNT, PANEL, RECORD_FIRST, RECORD_ROWS, RECORD_WORDS, STEP_WORDS,
} from '../src/abi'
import { activateBackRows, activateRows } from './activations'
import { denseBackwardInput, denseBackwardWeights, denseForward } from './gemm'
import { lossRows } from './losses'
import { adam, sgd } from './optimizers'
import { countCorrect, gather, meanLoss } from './reduce'
import { barrier, Share } from './threads'

/** Operand `index` of a step, or dynamic word `index` of a record. */
class Word {
  @inline static int(at: usize, index: i32): i32 {
    return load<i32>(at + (<usize>index << 2))
  }

  @inline static address(at: usize, index: i32): usize {
    return load<usize>(at + (<usize>index << 2))
  }

  @inline static float(at: usize, index: i32): f32 {
    return load<f32>(at + (<usize>index << 2))
  }
}

/** Runs steps [from, to) of the program once for each of `records` consecutive records. */
export function run(program: usize, from: i32, to: i32, record: usize, records: i32, thread: i32): void {
  const first = program + <usize>(from * (STEP_WORDS << 2))
  const last = program + <usize>(to * (STEP_WORDS << 2))
  for (let i = 0; i < records; i++, record += RECORD_WORDS << 2) {
    for (let step = first; step < last; step += STEP_WORDS << 2) {
      execute(step, record, thread)
      barrier()
    }
  }
}

function execute(step: usize, record: usize, thread: i32): void {
  const rows = Word.int(record, RECORD_ROWS)
  const op = load<i32>(step)
  switch (op) {
    case OP_GATHER: {
      const order = Word.address(step, GATHER_ORDER) + (<usize>Word.int(record, RECORD_FIRST) << 2)
      gather(Word.address(step, GATHER_FROM), Word.address(step, GATHER_TO), order, Word.int(step, GATHER_COLS),
        Word.address(step, GATHER_TO_STRIDE), Share.begin(rows, thread), Share.end(rows, thread))
      break
    }
    case OP_DENSE: {
      const panels = (Word.int(step, DENSE_UNITS) + PANEL - 1) / PANEL
      denseForward(Word.address(step, DENSE_X), Word.address(step, DENSE_X_STRIDE), Word.address(step, DENSE_W),
        Word.address(step, DENSE_B), Word.address(step, DENSE_Y), Word.address(step, DENSE_Y_STRIDE), rows,
        Word.int(step, DENSE_INPUTS), Word.int(step, DENSE_UNITS), Share.begin(panels, thread), Share.end(panels, thread),
        Word.int(step, DENSE_ACTIVATION), Word.float(step, DENSE_ALPHA), Word.address(step, DENSE_SAVED),
        Word.address(step, DENSE_SAVED_STRIDE))
      break
    }
    case OP_DENSE_DW: {
      const panels = (Word.int(step, DENSE_UNITS) + PANEL - 1) / PANEL
      denseBackwardWeights(Word.address(step, DENSE_X), Word.address(step, DENSE_X_STRIDE), Word.address(step, DENSE_Y),
        Word.address(step, DENSE_Y_STRIDE), Word.address(step, DENSE_W), Word.address(step, DENSE_B), rows,
        Word.int(step, DENSE_INPUTS), Word.int(step, DENSE_UNITS), Share.begin(panels, thread), Share.end(panels, thread))
      break
    }
    case OP_DENSE_DX: {
      const panels = (Word.int(step, DENSE_INPUTS) + PANEL - 1) / PANEL
      denseBackwardInput(Word.address(step, DENSE_Y), Word.address(step, DENSE_Y_STRIDE), Word.address(step, DENSE_W),
        Word.address(step, DENSE_DX), Word.address(step, DENSE_DX_STRIDE), rows, Word.int(step, DENSE_INPUTS),
        Word.int(step, DENSE_UNITS), Share.begin(panels, thread), Share.end(panels, thread),
        Word.address(step, DENSE_SCRATCH), Word.int(step, DENSE_ACTIVATION), Word.float(step, DENSE_ALPHA),
        Word.address(step, DENSE_SAVED), Word.address(step, DENSE_SAVED_STRIDE))
      break
    }
    case OP_ACTIVATE:
      activateRows(Word.int(step, ACTIVATE_KIND), Word.float(step, ACTIVATE_ALPHA), Word.address(step, ACTIVATE_FROM),
        Word.address(step, ACTIVATE_TO), Word.address(step, ACTIVATE_STRIDE), Word.int(step, ACTIVATE_COLS),
        Share.begin(rows, thread), Share.end(rows, thread))
      break
    case OP_ACTIVATE_BACK:
      activateBackRows(Word.int(step, ACTIVATE_KIND), Word.float(step, ACTIVATE_ALPHA), Word.address(step, ACTIVATE_SAVED),
        Word.address(step, ACTIVATE_FROM), Word.address(step, ACTIVATE_TO), Word.address(step, ACTIVATE_STRIDE),
        Word.int(step, ACTIVATE_COLS), Share.begin(rows, thread), Share.end(rows, thread))
      break
    case OP_LOSS:
      lossRows(step, rows, Share.begin(rows, thread), Share.end(rows, thread))
      break
    case OP_MEAN_LOSS:
      if (thread == 0) meanLoss(Word.address(step, MEAN_LOSS_ROWS), Word.address(step, MEAN_LOSS_WEIGHTS), rows, record)
      break
    case OP_CORRECT:
      if (thread == 0) countCorrect(step, rows, record)
      break
    case OP_SGD: {
      const blocks = Word.int(step, OPT_COUNT) >> 4
      sgd(step, record, Share.begin(blocks, thread) << 4, Share.end(blocks, thread) << 4)
      break
    }
    case OP_ADAM: {
      const blocks = Word.int(step, OPT_COUNT) >> 4
      adam(step, record, Share.begin(blocks, thread) << 4, Share.end(blocks, thread) << 4)
      break
    }
    default:
      unreachable()
  }
}
