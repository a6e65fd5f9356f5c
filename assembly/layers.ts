// The steps of the layers beyond dense: batch-wise ones are split by panels of columns, row-wise ones by rows, so that no
// sum over a batch or a row is ever cut.
import * as abi from '../src/abi'
import { addRows, dropout, noise } from './dropout'
import { batchNorm, batchNormBack, runningStatistics } from './normalization'
import { collect, columnSums, rowNorm, rowNormBack, spread } from './rownorm'
import { Share } from './threads'
import { prelu, preluBack, weightNorm, weightNormBack } from './trained'

class Columns {
  /** This thread's first panel, or one past its last, of the columns that operand `index` counts. */
  @inline static begin(step: usize, index: i32, thread: i32): i32 {
    return Share.begin((load<i32>(step + ((<usize>index) << 2)) + abi.PANEL - 1) / abi.PANEL, thread)
  }

  @inline static end(step: usize, index: i32, thread: i32): i32 {
    return Share.end((load<i32>(step + ((<usize>index) << 2)) + abi.PANEL - 1) / abi.PANEL, thread)
  }
}

/** This thread's share of a step with an op from 64 to 95. */
export function layer(op: i32, step: usize, record: usize, rows: i32, thread: i32): void {
  const begin = Share.begin(rows, thread)
  const end = Share.end(rows, thread)
  switch (op) {
    case abi.OP_BATCH_NORM:
      return batchNorm(step, rows, Columns.begin(step, abi.NORM_COLS, thread), Columns.end(step, abi.NORM_COLS, thread))
    case abi.OP_BATCH_NORM_BACK:
      return batchNormBack(
        step,
        rows,
        Columns.begin(step, abi.NORM_COLS, thread),
        Columns.end(step, abi.NORM_COLS, thread),
      )
    case abi.OP_RUNNING_STATISTICS:
      if (thread == 0) runningStatistics(step, rows)
      return
    case abi.OP_ROW_NORM:
      return rowNorm(step, begin, end)
    case abi.OP_ROW_NORM_BACK:
      return rowNormBack(step, begin, end)
    case abi.OP_COLUMN_SUMS:
      return columnSums(
        step,
        rows,
        Columns.begin(step, abi.COLUMN_SUMS_COLS, thread),
        Columns.end(step, abi.COLUMN_SUMS_COLS, thread),
      )
    case abi.OP_SPREAD:
      if (thread == 0) spread(step)
      return
    case abi.OP_COLLECT:
      if (thread == 0) collect(step)
      return
    case abi.OP_DROPOUT:
      return dropout(step, record, begin, end)
    case abi.OP_NOISE:
      return noise(step, record, begin, end)
    case abi.OP_ADD:
      return addRows(step, begin, end)
    case abi.OP_PRELU:
      return prelu(step, rows, Columns.begin(step, abi.PRELU_COLS, thread), Columns.end(step, abi.PRELU_COLS, thread))
    case abi.OP_PRELU_BACK:
      return preluBack(
        step,
        rows,
        Columns.begin(step, abi.PRELU_COLS, thread),
        Columns.end(step, abi.PRELU_COLS, thread),
      )
    case abi.OP_WEIGHT_NORM:
      return weightNorm(
        step,
        Columns.begin(step, abi.WEIGHT_NORM_UNITS, thread),
        Columns.end(step, abi.WEIGHT_NORM_UNITS, thread),
      )
    case abi.OP_WEIGHT_NORM_BACK:
      return weightNormBack(
        step,
        Columns.begin(step, abi.WEIGHT_NORM_UNITS, thread),
        Columns.end(step, abi.WEIGHT_NORM_UNITS, thread),
      )
    default:
      unreachable()
  }
}
