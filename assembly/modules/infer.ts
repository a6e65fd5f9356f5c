// The switch over the ops of `infer`: forward passes.
import { BATCH_NORM_COLS, PRELU_COLS, WEIGHT_NORM_UNITS } from '../../src/abi/layers'
import {
  OP,
  OP_ACTIVATE,
  OP_ADD,
  OP_BATCH_NORM,
  OP_DENSE,
  OP_NONE,
  OP_PRELU,
  OP_ROW_NORM,
  OP_SPREAD,
  OP_WEIGHT_NORM,
} from '../../src/abi/ops'
import { RECORD_ROWS } from '../../src/abi/records'
import { activate } from '../activations/activations'
import { dense } from '../gemm/dense'
import { batchNorm } from '../layers/batchNorm'
import { addRows } from '../layers/noise'
import { rowNorm, spread } from '../layers/rowNorm'
import { prelu, weightNorm } from '../layers/trained'
import { Share } from '../threads/share'
import { Word } from '../word'

/** Runs this thread's share of a step. */
export function infer(step: usize, record: usize, thread: i32): void {
  const rows = Word.int(record, RECORD_ROWS)
  switch (Word.int(step, OP)) {
    case OP_NONE:
      break
    case OP_DENSE:
      dense(step, rows, thread)
      break
    case OP_ACTIVATE:
      for (Share.of(rows, thread); Share.more(); ) activate(step, Share.begin, Share.end)
      break
    // sums over the batch are never split: such ops are split by panels of columns
    case OP_BATCH_NORM:
      for (Share.columns(step, BATCH_NORM_COLS, thread); Share.more(); ) batchNorm(step, rows, Share.begin, Share.end)
      break
    case OP_ROW_NORM:
      for (Share.of(rows, thread); Share.more(); ) rowNorm(step, Share.begin, Share.end)
      break
    case OP_SPREAD:
      if (thread == 0) spread(step)
      break
    case OP_ADD:
      for (Share.of(rows, thread); Share.more(); ) addRows(step, Share.begin, Share.end)
      break
    case OP_PRELU:
      for (Share.columns(step, PRELU_COLS, thread); Share.more(); ) prelu(step, rows, Share.begin, Share.end)
      break
    case OP_WEIGHT_NORM:
      for (Share.columns(step, WEIGHT_NORM_UNITS, thread); Share.more(); ) weightNorm(step, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
}
