// Entry point of the extension `solve`: solvers and second-order methods.

import { MODULE_SOLVE } from '../../src/abi/modules'
import { OP, OP_AXPY, OP_DOT_PARTIALS, OP_DOT_SUM, OP_GRAM, OP_PRODUCT } from '../../src/abi/ops'
import { AXPY_COUNT, DOT_COUNT } from '../../src/abi/solve'
import { Turn } from '../threads/extension'
import { Share } from '../threads/share'
import { Word } from '../word'
import { curvature } from './curvature/curvature'
import { linear } from './linear/linear'
import { matrix } from './matrix/matrix'
import { axpy, dotPartials, dotSum } from './vectors'

export { abiVersion, fused } from '../identity'

export function module(): i32 {
  return MODULE_SOLVE
}

/** Runs a thread's share of a step for `count` threads; takes and returns the number of shared steps so far. */
export function execute(step: usize, record: usize, thread: i32, count: i32, taken: i64): i64 {
  Turn.begin(count, taken)
  switch (Word.int(step, OP)) {
    case OP_DOT_PARTIALS:
      for (Share.of(Word.chunks(step, DOT_COUNT), thread); Share.more(); ) dotPartials(step, Share.begin, Share.end)
      break
    case OP_DOT_SUM:
      if (thread == 0) dotSum(step, record)
      break
    case OP_AXPY:
      for (Share.of(Word.int(step, AXPY_COUNT) >> 2, thread); Share.more(); ) axpy(step, record, Share.begin, Share.end)
      break
    default:
      if (Word.int(step, OP) < OP_PRODUCT) curvature(step, record, thread)
      else if (Word.int(step, OP) < OP_GRAM) matrix(step, record, thread)
      else linear(step, record, thread)
  }
  return Turn.end()
}
