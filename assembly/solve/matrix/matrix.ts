// The switch over ops on matrices: each case splits its step among the threads and calls one kernel.
import {
  ADAPT_COUNT,
  BLEND_COUNT,
  CONVERT_COLS,
  DESCEND_COLS,
  MIRROR_SIZE,
  PATH_COLS,
  PATH_ROWS,
  WHEN_EVERY,
  WHEN_SINCE,
} from '../../../src/abi/matrix'
import {
  OP,
  OP_ADAPT,
  OP_BLEND,
  OP_COLUMN_PRODUCT,
  OP_COPY,
  OP_DESCEND,
  OP_EIGEN,
  OP_MIRROR,
  OP_PATH_DESCEND,
  OP_PATH_DOWN,
  OP_PATH_UP,
  OP_PRODUCT,
  OP_SECOND_RULE,
  OP_TO_PANELS,
  OP_TO_ROWS,
} from '../../../src/abi/ops'
import { RECORD_STEP } from '../../../src/abi/records'
import { Share } from '../../threads/share'
import { Word } from '../../word'
import { eigen } from './eigen'
import { mirror, toPanels, toRows } from './layouts'
import { pathDescend, pathDown, pathUp } from './paths'
import { columnProduct, product } from './products'
import { adapt, blend, copyVectors, descend, secondRule } from './updates'

/** Runs this thread's share of a step. */
export function matrix(step: usize, record: usize, thread: i32): void {
  if (!isDue(step, record)) return
  switch (Word.int(step, OP)) {
    case OP_PRODUCT:
      product(step, thread)
      break
    case OP_COLUMN_PRODUCT:
      columnProduct(step, thread)
      break
    case OP_MIRROR:
      for (Share.columns(step, MIRROR_SIZE, thread); Share.more(); ) mirror(step, Share.begin, Share.end)
      break
    case OP_TO_ROWS:
      for (Share.columns(step, CONVERT_COLS, thread); Share.more(); ) toRows(step, Share.begin, Share.end)
      break
    case OP_TO_PANELS:
      for (Share.columns(step, CONVERT_COLS, thread); Share.more(); ) toPanels(step, Share.begin, Share.end)
      break
    case OP_BLEND:
      for (Share.of(Word.int(step, BLEND_COUNT) >> 2, thread); Share.more(); ) blend(step, Share.begin, Share.end)
      break
    case OP_ADAPT:
      for (Share.of(Word.int(step, ADAPT_COUNT) >> 2, thread); Share.more(); )
        adapt(step, record, Share.begin, Share.end)
      break
    case OP_COPY:
      for (Share.of(Word.int(step, BLEND_COUNT) >> 2, thread); Share.more(); ) copyVectors(step, Share.begin, Share.end)
      break
    case OP_DESCEND:
      for (Share.columns(step, DESCEND_COLS, thread); Share.more(); ) descend(step, record, Share.begin, Share.end)
      break
    case OP_SECOND_RULE:
      if (thread == 0) secondRule(record)
      break
    case OP_PATH_UP:
      for (Share.columns(step, PATH_COLS, thread); Share.more(); ) pathUp(step, Share.begin, Share.end)
      break
    case OP_PATH_DOWN:
      for (Share.columns(step, PATH_ROWS, thread); Share.more(); ) pathDown(step, Share.begin, Share.end)
      break
    case OP_PATH_DESCEND:
      for (Share.columns(step, PATH_COLS, thread); Share.more(); ) pathDescend(step, record, Share.begin, Share.end)
      break
    case OP_EIGEN:
      if (thread == 0) eigen(step)
      break
    default:
      unreachable()
  }
}

/** Whether the step runs in this update; the same on all threads. */
function isDue(step: usize, record: usize): bool {
  const update = Word.int(record, RECORD_STEP)
  const every = Word.int(step, WHEN_EVERY)
  return update >= Word.int(step, WHEN_SINCE) && (every <= 1 || (update - 1) % every == 0)
}
