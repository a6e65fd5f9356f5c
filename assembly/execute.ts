// Dispatches a step's op to the switch of forward passes, of training, or of an extension, which is called through the table
// that JavaScript fills.
import { MODULE_SHIFT } from '../src/abi/modules'
import { OP, OP_GATHER } from '../src/abi/ops'
import { infer } from './modules/infer'
import { train } from './modules/train'
import { setShares, shares, threads } from './threads/threads'
import { Word } from './word'

/** The first op that is not in `infer`. */
const TRAINED: i32 = OP_GATHER
/** The first op of an extension. */
const EXTENDED: i32 = 1 << MODULE_SHIFT

export class Step {
  /** This thread's share of it. */
  @inline static execute(step: usize, record: usize, thread: i32): void {
    const op = Word.int(step, OP)
    if (op < TRAINED) infer(step, record, thread)
    else if (op >= EXTENDED) extend(step, record, thread)
    else if (TRAINING) train(step, record, thread)
    else unreachable()
  }

  @inline static isExtended(step: usize): bool {
    return Word.int(step, OP) >= EXTENDED
  }
}

/** Calls an extension, which continues counting the shared steps. */
export function extend(step: usize, record: usize, thread: i32): void {
  const extension = Word.int(step, OP) >> MODULE_SHIFT
  setShares(call_indirect<i64>(extension, step, record, thread, threads, shares))
}
