// The steps of the layers beyond dense: batch-wise ones are split by panels of columns, row-wise ones by rows, so that no
// sum over a batch or a row is ever cut.
import { BATCH_NORM_COLS, COLUMN_SUMS_COLS, PRELU_COLS, WEIGHT_NORM_UNITS } from '../../src/abi/layers'
import {
  OP_ADD,
  OP_BATCH_NORM,
  OP_BATCH_NORM_BACK,
  OP_COLLECT,
  OP_COLUMN_SUMS,
  OP_DROPOUT,
  OP_NOISE,
  OP_PRELU,
  OP_PRELU_BACK,
  OP_ROW_NORM,
  OP_ROW_NORM_BACK,
  OP_RUNNING_STATISTICS,
  OP_SPREAD,
  OP_WEIGHT_NORM,
  OP_WEIGHT_NORM_BACK,
} from '../../src/abi/ops'
import { Share } from '../threads/share'
import { Word } from '../word'
import { batchNorm, batchNormBack, runningStatistics } from './batchNorm'
import { addRows, dropout, noise } from './noise'
import { collect, columnSums, rowNorm, rowNormBack, spread } from './rowNorm'
import { prelu, preluBack, weightNorm, weightNormBack } from './trained'

/** Shares the panels of the columns that operand `index` counts. */
function columns(step: usize, index: i32, thread: i32): void {
  Share.of(Word.panels(step, index), thread)
}

/** This thread's share of a step with an op from 64 to 95. */
export function layer(op: i32, step: usize, record: usize, rows: i32, thread: i32): void {
  switch (op) {
    case OP_BATCH_NORM:
      for (columns(step, BATCH_NORM_COLS, thread); Share.more(); ) batchNorm(step, rows, Share.begin, Share.end)
      return
    case OP_BATCH_NORM_BACK:
      for (columns(step, BATCH_NORM_COLS, thread); Share.more(); ) batchNormBack(step, rows, Share.begin, Share.end)
      return
    case OP_RUNNING_STATISTICS:
      if (thread == 0) runningStatistics(step, rows)
      return
    case OP_ROW_NORM:
      for (Share.of(rows, thread); Share.more(); ) rowNorm(step, Share.begin, Share.end)
      return
    case OP_ROW_NORM_BACK:
      for (Share.of(rows, thread); Share.more(); ) rowNormBack(step, Share.begin, Share.end)
      return
    case OP_COLUMN_SUMS:
      for (columns(step, COLUMN_SUMS_COLS, thread); Share.more(); ) columnSums(step, rows, Share.begin, Share.end)
      return
    case OP_SPREAD:
      if (thread == 0) spread(step)
      return
    case OP_COLLECT:
      if (thread == 0) collect(step)
      return
    case OP_DROPOUT:
      for (Share.of(rows, thread); Share.more(); ) dropout(step, record, Share.begin, Share.end)
      return
    case OP_NOISE:
      for (Share.of(rows, thread); Share.more(); ) noise(step, record, Share.begin, Share.end)
      return
    case OP_ADD:
      for (Share.of(rows, thread); Share.more(); ) addRows(step, Share.begin, Share.end)
      return
    case OP_PRELU:
      for (columns(step, PRELU_COLS, thread); Share.more(); ) prelu(step, rows, Share.begin, Share.end)
      return
    case OP_PRELU_BACK:
      for (columns(step, PRELU_COLS, thread); Share.more(); ) preluBack(step, rows, Share.begin, Share.end)
      return
    case OP_WEIGHT_NORM:
      for (columns(step, WEIGHT_NORM_UNITS, thread); Share.more(); ) weightNorm(step, Share.begin, Share.end)
      return
    case OP_WEIGHT_NORM_BACK:
      for (columns(step, WEIGHT_NORM_UNITS, thread); Share.more(); ) weightNormBack(step, Share.begin, Share.end)
      return
    default:
      unreachable()
  }
}
