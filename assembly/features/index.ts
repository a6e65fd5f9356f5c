// The door of the extension `features`: layers and activations that not every model has.
import { MODULE_FEATURES } from '../../src/abi/modules'
import { OP, OP_WAVE, OP_WAVE_BACK } from '../../src/abi/ops'
import { RECORD_ROWS } from '../../src/abi/records'
import { Turn } from '../threads/extension'
import { Share } from '../threads/share'
import { Word } from '../word'
import { wave, waveBack } from './waves'

export { abiVersion, fused } from '../identity'

export function module(): i32 {
  return MODULE_FEATURES
}

/** A thread's share of a step, of `count` threads; takes and returns the number of steps shared out so far. */
export function execute(step: usize, record: usize, thread: i32, count: i32, taken: i64): i64 {
  Turn.begin(count, taken)
  const rows = Word.int(record, RECORD_ROWS)
  switch (Word.int(step, OP)) {
    case OP_WAVE:
      for (Share.of(rows, thread); Share.more(); ) wave(step, Share.begin, Share.end)
      break
    case OP_WAVE_BACK:
      for (Share.of(rows, thread); Share.more(); ) waveBack(step, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
  return Turn.end()
}
