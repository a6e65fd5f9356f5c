// What a thread's share of an update needs so that another can finish it when the thread dies in the middle: the old values
// of the block it is at, and how far it is. Parameters and state are updated in place, so a block half done is restored
// first. The main thread keeps no journal: with it, everything dies.
import {
  JOB_JOURNAL,
  JOURNAL_BYTES,
  LINE_ARRIVED,
  LINE_PROGRESS,
  OP_LAMB_NORMS,
  OPT_PARAMETERS,
  OPT_STATE,
  OPT_STATES,
} from '../src/abi'
import { Job, Line, nextArrival } from './threads'

/** Progress is the offset of a block, a multiple of 64, and what is known of it. */
const UNTOUCHED: i32 = 1
const SAVED: i32 = 2
const DONE: i32 = 3

export class Journal {
  @inline static at(thread: i32): usize {
    return <usize>Job.word(JOB_JOURNAL) + <usize>(thread - 1) * JOURNAL_BYTES
  }

  /** One word: the barrier that the step ends with, and the progress in it. */
  @inline static note(thread: i32, progress: i32): void {
    atomic.store<i64>(Line.at(thread), ((<i64>nextArrival()) << 32) | <i64>progress, LINE_PROGRESS << 2)
  }

  /** Saves bytes [begin, end) of everything the step changes in place. */
  @inline static save(op: i32, step: usize, begin: usize, end: usize, thread: i32): void {
    Journal.note(thread, <i32>begin | UNTOUCHED)
    copyBlocks(op, step, begin, end, Journal.at(thread), false)
    Journal.note(thread, <i32>begin | SAVED)
  }

  @inline static done(thread: i32): void {
    Journal.note(thread, DONE)
  }

  /**
   * Where the share [begin, end) that a dead thread was at, in the step that ends with barrier `arrival`, is to be taken up
   * again; the block it was at is restored. `unit`: bytes of a block.
   */
  static resume(op: i32, step: usize, begin: usize, end: usize, unit: usize, thread: i32, arrival: i32): usize {
    const line = Line.at(thread)
    if (load<i32>(line, LINE_ARRIVED << 2) - arrival >= 0) return end
    const note = load<i64>(line, LINE_PROGRESS << 2)
    if (<i32>(note >> 32) != arrival) return begin
    const progress = <i32>note
    if ((progress & 63) == DONE) return end
    const at = <usize>(progress & ~63)
    if ((progress & 63) == SAVED) copyBlocks(op, step, at, min(at + unit, end), Journal.at(thread), true)
    return at
  }
}

/** Copies bytes [begin, end) of parameters and state to the journal, or back. */
function copyBlocks(op: i32, step: usize, begin: usize, end: usize, journal: usize, back: bool): void {
  // LAMB's sums go by long chunks, but leave the parameters alone
  for (let i = op == OP_LAMB_NORMS ? 0 : -1; i < OPT_STATES; i++) {
    const block = load<usize>(step + ((<usize>(i < 0 ? OPT_PARAMETERS : OPT_STATE + i)) << 2))
    if (!block) continue
    const from = back ? journal : block + begin
    const to = back ? block + begin : journal
    const bytes = end - begin
    for (let at: usize = 0; at < bytes; at += 64) {
      v128.store(to + at, v128.load(from + at))
      v128.store(to + at, v128.load(from + at, 16), 16)
      v128.store(to + at, v128.load(from + at, 32), 32)
      v128.store(to + at, v128.load(from + at, 48), 48)
    }
    journal += bytes
  }
}
