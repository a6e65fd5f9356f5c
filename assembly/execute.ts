// Which module a step's op is of: this one, or an extension, found in the table that JavaScript fills.
import { MODULE_SHIFT } from '../src/abi/modules'
import { OP } from '../src/abi/ops'
import { infer } from './modules/infer'
import { train } from './modules/train'
import { setShares, shares, threads } from './threads/threads'
import { Word } from './word'

/** The number of the module that a step's op is of; infer's and train's have none. */
function extensionOf(step: usize): i32 {
  return Word.int(step, OP) >> MODULE_SHIFT
}

export function isExtension(step: usize): bool {
  return extensionOf(step) > 0
}

/** This thread's share of a step. */
export function execute(step: usize, record: usize, thread: i32): void {
  const extension = extensionOf(step)
  if (extension > 0) setShares(call_indirect<i64>(extension, step, record, thread, threads, shares))
  else if (TRAINING) train(step, record, thread)
  else infer(step, record, thread)
}
