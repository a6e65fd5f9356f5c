// The switch over dense linear algebra and K-FAC's ops on a batch's rows.
import { COMBINE_COUNT } from '../../../src/abi/linear'
import {
  OP,
  OP_CHOLESKY,
  OP_COMBINE,
  OP_DAMP,
  OP_GRAM,
  OP_SEED,
  OP_STRIDED_PRODUCT,
  OP_TRIANGLE,
  OP_WEIGH,
} from '../../../src/abi/ops'
import { RECORD_ROWS } from '../../../src/abi/records'
import { takeTile } from '../../gemm/tileLoops'
import { Share } from '../../threads/share'
import { Word } from '../../word'
import { seedRows, weighRows } from '../fisher'
import { choleskyStep, dampStep, gramStep, stridedProductStep, triangleStep } from './steps'
import { combine } from './symmetric'

/** Runs this thread's share of a step. */
export function linear(step: usize, record: usize, thread: i32): void {
  takeTile()
  switch (Word.int(step, OP)) {
    case OP_GRAM:
      gramStep(step, record, thread)
      break
    case OP_DAMP:
      dampStep(step, record, thread)
      break
    case OP_CHOLESKY:
      if (thread == 0) choleskyStep(step)
      break
    case OP_TRIANGLE:
      triangleStep(step, thread)
      break
    case OP_STRIDED_PRODUCT:
      stridedProductStep(step, thread)
      break
    case OP_COMBINE:
      for (Share.of(Word.int(step, COMBINE_COUNT) >> 2, thread); Share.more(); )
        combine(step, record, Share.begin, Share.end)
      break
    case OP_WEIGH:
      for (Share.of(Word.int(record, RECORD_ROWS), thread); Share.more(); )
        weighRows(step, record, Share.begin, Share.end)
      break
    case OP_SEED:
      for (Share.of(Word.int(record, RECORD_ROWS), thread); Share.more(); )
        seedRows(step, record, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
}
