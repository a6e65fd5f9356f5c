// A thread's journal allows another thread to complete its share of an update if it dies: it contains the old values
// of the current block, and the progress. Parameters and state are updated in place, so a half-done block is restored
// first. The main thread keeps no journal: if it dies, so does everything.
import { OPT_JOURNAL } from '../../src/abi/optimizers'
import { JOB_JOURNAL, JOURNAL_BYTES, LINE_PROGRESS } from '../../src/abi/threads'
import { Word } from '../word'
import { Job, Line, shares } from './threads'

/** Progress is the offset of a block (of the last cache line when all is done) plus its status. */
const UNTOUCHED: i32 = 1
const SAVED: i32 = 2
const DONE: i32 = 3

export class Journal {
  @inline static at(thread: i32): usize {
    return <usize>Job.word(JOB_JOURNAL) + <usize>(thread - 1) * JOURNAL_BYTES
  }

  /** One word: the number of the shared step, and the progress in it. */
  @inline static note(thread: i32, progress: i32): void {
    atomic.store<i64>(Line.at(thread), (shares << 32) | <i64>progress, LINE_PROGRESS << 2)
  }

  /** Saves bytes [begin, end) of everything that the step changes in place. */
  @inline static save(step: usize, begin: usize, end: usize, thread: i32): void {
    Journal.note(thread, <i32>begin | UNTOUCHED)
    copyBlocks(step, begin, end, Journal.at(thread), false)
    Journal.note(thread, <i32>begin | SAVED)
  }

  /** Marks everything up to byte `end` as done. */
  @inline static done(end: usize, thread: i32): void {
    Journal.note(thread, <i32>((end - 1) & ~63) | DONE)
  }

  /**
   * Where to resume in bytes [begin, end) that a dead thread has not finished; restores the block
   * that it was working on. `unit`: bytes per block.
   */
  static resume(step: usize, begin: usize, end: usize, unit: usize, thread: i32): usize {
    const note = load<i64>(Line.at(thread), LINE_PROGRESS << 2)
    const progress = <i32>note
    const at = <usize>(progress & ~63)
    // the note is older than this share
    if (<i32>(note >> 32) != <i32>shares || at < begin || at >= end) return begin
    if ((progress & 63) == DONE) return end
    if ((progress & 63) == SAVED) copyBlocks(step, at, min(at + unit, end), Journal.at(thread), true)
    return at
  }
}

/** Copies bytes [begin, end) of what the step changes in place to the journal, or back. */
function copyBlocks(step: usize, begin: usize, end: usize, journal: usize, back: bool): void {
  for (let words = Word.int(step, OPT_JOURNAL); words; words &= words - 1) {
    const block = Word.address(step, ctz(words))
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
