// Entry point of the extension `int8`: arithmetic on 8-bit integers.
import { MODULE_INT8 } from '../../src/abi/modules'
import { OP, OP_ACTIVATE_EXACT, OP_DENSE_INT8, OP_QUANTIZE_ROWS } from '../../src/abi/ops'
import { RECORD_ROWS } from '../../src/abi/records'
import { activate } from '../activations/activations'
import { Turn } from '../threads/extension'
import { Share } from '../threads/share'
import { Word } from '../word'
import { denseInt8 } from './dense'
import { quantizeRows } from './quantize'

export { abiVersion, fused } from '../identity'

export function module(): i32 {
  return MODULE_INT8
}

/** Runs a thread's share of a step for `count` threads; takes and returns the number of shared steps so far. */
export function execute(step: usize, record: usize, thread: i32, count: i32, taken: i64): i64 {
  Turn.begin(count, taken)
  const rows = Word.int(record, RECORD_ROWS)
  switch (Word.int(step, OP)) {
    case OP_QUANTIZE_ROWS:
      for (Share.of(rows, thread); Share.more(); ) quantizeRows(step, Share.begin, Share.end)
      break
    case OP_DENSE_INT8:
      denseInt8(step, rows, thread)
      break
    case OP_ACTIVATE_EXACT:
      for (Share.of(rows, thread); Share.more(); ) activate(step, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
  return Turn.end()
}
