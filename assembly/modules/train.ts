// The switch over the ops of `train` that are not in `infer`: each case splits its step among the threads and calls one kernel. The
// other half of each op is its row in src/machine/ops.
import { CLIP_COUNT, PENALTY_COUNT } from '../../src/abi/gradients'
import { BATCH_NORM_COLS, COLUMN_SUMS_COLS, PRELU_COLS, WEIGHT_NORM_UNITS } from '../../src/abi/layers'
import {
  OP,
  OP_ACTIVATE_BACK,
  OP_ACTIVITY,
  OP_ACTIVITY_BACK,
  OP_BATCH_NORM_BACK,
  OP_CLIP_NORM,
  OP_CLIP_VALUE,
  OP_COLLECT,
  OP_COLUMN_SUMS,
  OP_CORRECT,
  OP_DENSE_DW,
  OP_DENSE_DX,
  OP_DENSE_PACK,
  OP_DROPOUT,
  OP_GATHER,
  OP_GRADIENT_SUMS,
  OP_LOSS,
  OP_MEAN_LOSS,
  OP_NOISE,
  OP_PENALTY,
  OP_PENALTY_SUM,
  OP_PRELU_BACK,
  OP_ROW_NORM_BACK,
  OP_RUNNING_STATISTICS,
  OP_WEIGHT_NORM_BACK,
} from '../../src/abi/ops'
import { RECORD_ROWS } from '../../src/abi/records'
import { activateBack } from '../activations/activations'
import { denseDw, denseDx, densePack } from '../gemm/dense'
import { batchNormBack, runningStatistics } from '../layers/batchNorm'
import { dropout, noise } from '../layers/noise'
import { collect, columnSums, rowNormBack } from '../layers/rowNorm'
import { preluBack, weightNormBack } from '../layers/trained'
import { lossRows } from '../losses/losses'
import { countCorrect, gather, meanLoss } from '../losses/reduce'
import {
  addActivity,
  addActivityGradient,
  addPenalties,
  clipNorm,
  clipValue,
  penalize,
  sumGradients,
} from '../optimizers/gradients'
import { update } from '../optimizers/optimizers'
import { Share } from '../threads/share'
import { Word } from '../word'

/** Runs this thread's share of a step. */
export function train(step: usize, record: usize, thread: i32): void {
  const rows = Word.int(record, RECORD_ROWS)
  switch (Word.int(step, OP)) {
    case OP_GATHER:
      for (Share.of(rows, thread); Share.more(); ) gather(step, record, Share.begin, Share.end)
      break
    case OP_DENSE_PACK:
      densePack(step, rows, thread)
      break
    case OP_DENSE_DW:
      denseDw(step, rows, thread)
      break
    case OP_DENSE_DX:
      denseDx(step, rows, thread)
      break
    case OP_ACTIVATE_BACK:
      for (Share.of(rows, thread); Share.more(); ) activateBack(step, Share.begin, Share.end)
      break
    case OP_LOSS:
      for (Share.of(rows, thread); Share.more(); ) lossRows(step, record, rows, Share.begin, Share.end)
      break
    case OP_MEAN_LOSS:
      if (thread == 0) meanLoss(step, rows, record)
      break
    case OP_CORRECT:
      if (thread == 0) countCorrect(step, rows, record)
      break

    case OP_PENALTY:
      for (Share.of(Word.chunks(step, PENALTY_COUNT), thread); Share.more(); ) penalize(step, Share.begin, Share.end)
      break
    case OP_PENALTY_SUM:
      if (thread == 0) addPenalties(step, record)
      break
    case OP_ACTIVITY:
      if (thread == 0) addActivity(step, record, rows)
      break
    case OP_ACTIVITY_BACK:
      for (Share.of(rows, thread); Share.more(); ) addActivityGradient(step, record, rows, Share.begin, Share.end)
      break
    case OP_GRADIENT_SUMS:
      for (Share.of(Word.chunks(step, CLIP_COUNT), thread); Share.more(); ) sumGradients(step, Share.begin, Share.end)
      break
    case OP_CLIP_NORM:
      clipNorm(step, record, thread)
      break
    case OP_CLIP_VALUE:
      for (Share.of(Word.int(step, CLIP_COUNT) >> 2, thread); Share.more(); ) clipValue(step, Share.begin, Share.end)
      break

    // sums over the batch are never split: such ops are split by panels of columns
    case OP_BATCH_NORM_BACK:
      for (Share.columns(step, BATCH_NORM_COLS, thread); Share.more(); )
        batchNormBack(step, rows, Share.begin, Share.end)
      break
    case OP_RUNNING_STATISTICS:
      if (thread == 0) runningStatistics(step, rows)
      break
    case OP_ROW_NORM_BACK:
      for (Share.of(rows, thread); Share.more(); ) rowNormBack(step, Share.begin, Share.end)
      break
    case OP_COLUMN_SUMS:
      for (Share.columns(step, COLUMN_SUMS_COLS, thread); Share.more(); ) columnSums(step, rows, Share.begin, Share.end)
      break
    case OP_COLLECT:
      if (thread == 0) collect(step)
      break
    case OP_DROPOUT:
      for (Share.of(rows, thread); Share.more(); ) dropout(step, record, Share.begin, Share.end)
      break
    case OP_NOISE:
      for (Share.of(rows, thread); Share.more(); ) noise(step, record, Share.begin, Share.end)
      break
    case OP_PRELU_BACK:
      for (Share.columns(step, PRELU_COLS, thread); Share.more(); ) preluBack(step, rows, Share.begin, Share.end)
      break
    case OP_WEIGHT_NORM_BACK:
      for (Share.columns(step, WEIGHT_NORM_UNITS, thread); Share.more(); ) weightNormBack(step, Share.begin, Share.end)
      break

    // updates; their own switch rejects unknown ops
    default:
      update(step, record, thread)
  }
}
