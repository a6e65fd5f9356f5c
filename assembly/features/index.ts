// Entry point of the extension `features`: layers and activations that only some models have.

import { BLEND_COLS, PERIODIC_COLS, TABLE_UNITS } from '../../src/abi/features'
import { MODULE_FEATURES } from '../../src/abi/modules'
import {
  OP,
  OP_ADD_COLUMNS,
  OP_ADD_TO_ROWS,
  OP_ALPHA_DROPOUT,
  OP_CLEAR_ROWS,
  OP_COPY_COLUMNS,
  OP_MARK_COLUMNS,
  OP_MIX,
  OP_MIX_BACK,
  OP_PERIODIC,
  OP_PERIODIC_BACK,
  OP_STEP_ROWS,
  OP_TAKE_ROWS,
  OP_WAVE,
  OP_WAVE_BACK,
} from '../../src/abi/ops'
import { RECORD_ROWS } from '../../src/abi/records'
import { Turn } from '../threads/extension'
import { Share } from '../threads/share'
import { Word } from '../word'
import { alphaDropout } from './alphaDropout'
import { blend, blendBack } from './blend'
import { addColumns, copyColumns } from './columns'
import { periodic, periodicBack } from './periodic'
import { addToRows, clearRows, markColumns, stepRows, takeRows } from './tables'
import { wave, waveBack } from './waves'

export { abiVersion, fused } from '../identity'

export function module(): i32 {
  return MODULE_FEATURES
}

/** Runs a thread's share of a step for `count` threads; takes and returns the number of shared steps so far. */
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
    case OP_MIX:
      for (Share.columns(step, BLEND_COLS, thread); Share.more(); ) blend(step, rows, Share.begin, Share.end)
      break
    // sums over the batch are never split: such ops are split by columns
    case OP_MIX_BACK:
      for (Share.columns(step, BLEND_COLS, thread); Share.more(); ) blendBack(step, rows, Share.begin, Share.end)
      break
    case OP_PERIODIC:
      for (Share.of(rows, thread); Share.more(); ) periodic(step, Share.begin, Share.end)
      break
    case OP_PERIODIC_BACK:
      for (Share.columns(step, PERIODIC_COLS, thread); Share.more(); ) periodicBack(step, rows, Share.begin, Share.end)
      break
    case OP_COPY_COLUMNS:
      for (Share.of(rows, thread); Share.more(); ) copyColumns(step, Share.begin, Share.end)
      break
    case OP_ADD_COLUMNS:
      for (Share.of(rows, thread); Share.more(); ) addColumns(step, Share.begin, Share.end)
      break
    case OP_TAKE_ROWS:
      for (Share.of(rows, thread); Share.more(); ) takeRows(step, Share.begin, Share.end)
      break
    case OP_MARK_COLUMNS:
      for (Share.of(rows, thread); Share.more(); ) markColumns(step, Share.begin, Share.end)
      break
    case OP_CLEAR_ROWS:
      if (thread == 0) clearRows(step, rows)
      break
    case OP_ADD_TO_ROWS:
      for (Share.columns(step, TABLE_UNITS, thread); Share.more(); ) addToRows(step, rows, Share.begin, Share.end)
      break
    case OP_STEP_ROWS:
      for (Share.of(rows, thread); Share.more(); ) stepRows(step, record, Share.begin, Share.end)
      break
    case OP_ALPHA_DROPOUT:
      for (Share.of(rows, thread); Share.more(); ) alphaDropout(step, record, Share.begin, Share.end)
      break
    default:
      unreachable()
  }
  return Turn.end()
}
