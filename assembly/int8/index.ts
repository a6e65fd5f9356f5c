// The door of the extension `int8`: arithmetic on 8-bit integers.
import { CHECKSUM_BYTES, CHECKSUM_FROM, CHECKSUM_TO } from '../../src/abi/int8'
import { MODULE_INT8 } from '../../src/abi/modules'
import { OP, OP_CHECKSUM } from '../../src/abi/ops'
import { Turn } from '../threads/extension'
import { Word } from '../word'
import { sumBytes } from './checksum'

export { abiVersion, fused } from '../identity'

export function module(): i32 {
  return MODULE_INT8
}

/** A thread's share of a step, of `count` threads; takes and returns the number of steps shared out so far. */
export function execute(step: usize, _record: usize, thread: i32, count: i32, taken: i64): i64 {
  Turn.begin(count, taken)
  switch (Word.int(step, OP)) {
    case OP_CHECKSUM:
      if (thread == 0) {
        const sum = sumBytes(Word.address(step, CHECKSUM_FROM), Word.int(step, CHECKSUM_BYTES))
        store<i32>(Word.address(step, CHECKSUM_TO), sum)
      }
      break
    default:
      unreachable()
  }
  return Turn.end()
}
