// The switch over updates: one line per op. Elementwise passes are split by cache lines; rules with
// norms per tensor are split by whole chunks while they sum.
import { SUM_CHUNK } from '../../src/abi/layout'
import {
  OP,
  OP_ADABELIEF,
  OP_ADADELTA,
  OP_ADAGRAD,
  OP_ADAM,
  OP_ADAMAX,
  OP_ASGD,
  OP_LAMB,
  OP_LAMB_NORMS,
  OP_LION,
  OP_NADAM,
  OP_NOVOGRAD,
  OP_NOVOGRAD_MOMENT,
  OP_NOVOGRAD_NORMS,
  OP_RADAM,
  OP_RMSPROP,
  OP_RPROP,
  OP_RUNNING_STATISTICS,
  OP_SGD,
  OP_YOGI,
} from '../../src/abi/ops'
import { OPT_COUNT } from '../../src/abi/optimizers'
import { JOURNAL_BLOCK } from '../../src/abi/threads'
import { Journal } from '../threads/journal'
import { Share } from '../threads/share'
import { Word } from '../word'
import { adadelta, adagrad, rmsprop } from './accumulators'
import { lamb, lambNorms, novograd, novogradMoment, novogradNorms } from './layerwise'
import { adabelief, adam, adamax, lion, nadam, radam, yogi } from './moments'
import { asgd, rprop, sgd } from './plain'

/** Runs this thread's share of an update. */
export function update(step: usize, record: usize, thread: i32): void {
  const op = Word.int(step, OP)
  if (op == OP_NOVOGRAD_MOMENT) {
    if (thread == 0) novogradMoment(step, record)
    return
  }
  for (Share.of(Block.units(op, step), thread); Share.more(); Share.done()) {
    pass(op, step, record, Block.begin(op), Block.end(op, step), thread)
  }
}

/** In a copy of the memory: completes a dead thread's share of the step. */
export function finishUpdate(step: usize, record: usize, thread: i32): void {
  const op = Word.int(step, OP)
  // done by the main thread
  if (op == OP_RUNNING_STATISTICS || op == OP_NOVOGRAD_MOMENT) return
  if (!Share.left(Block.units(op, step), thread)) return
  const end = Block.end(op, step)
  const at = Journal.resume(step, Block.begin(op), end, Block.bytes(op), thread)
  if (at < end) pass(op, step, record, at, end, 0)
}

/** Bytes [at, end) of the step's blocks; all threads except the main one keep a journal, block by block. */
function pass(op: i32, step: usize, record: usize, at: usize, end: usize, thread: i32): void {
  const unit = thread ? Block.bytes(op) : end - at
  while (at < end) {
    const next = min(at + unit, end)
    if (thread) Journal.save(step, at, next, thread)
    apply(op, step, record, at, next)
    at = next
  }
  if (thread) Journal.done(end, thread)
}

/** Units of splitting: cache lines for passes, whole chunks for norms. */
class Block {
  @inline static chunked(op: i32): bool {
    return op == OP_LAMB_NORMS || op == OP_NOVOGRAD_NORMS
  }

  /** Bytes per journal block. */
  @inline static bytes(op: i32): usize {
    return Block.chunked(op) ? SUM_CHUNK << 2 : JOURNAL_BLOCK
  }

  @inline static units(op: i32, step: usize): i32 {
    const count = Word.int(step, OPT_COUNT)
    return Block.chunked(op) ? (count + SUM_CHUNK - 1) / SUM_CHUNK : count >> 4
  }

  /** The current share in bytes. */
  @inline static begin(op: i32): usize {
    return <usize>Share.begin * (Block.chunked(op) ? (<usize>SUM_CHUNK) << 2 : 64)
  }

  @inline static end(op: i32, step: usize): usize {
    const end = <usize>Share.end * (Block.chunked(op) ? (<usize>SUM_CHUNK) << 2 : 64)
    return min(end, (<usize>Word.int(step, OPT_COUNT)) << 2)
  }
}

/** An update of bytes [begin, end) of its blocks. */
function apply(op: i32, step: usize, record: usize, begin: usize, end: usize): void {
  const first = <i32>(begin / (SUM_CHUNK << 2))
  const last = <i32>((end + (SUM_CHUNK << 2) - 1) / (SUM_CHUNK << 2))
  switch (op) {
    case OP_SGD:
      return sgd(step, record, begin, end)
    case OP_ADAM:
      return adam(step, record, begin, end)
    case OP_ADAMAX:
      return adamax(step, record, begin, end)
    case OP_NADAM:
      return nadam(step, record, begin, end)
    case OP_RADAM:
      return radam(step, record, begin, end)
    case OP_YOGI:
      return yogi(step, record, begin, end)
    case OP_ADABELIEF:
      return adabelief(step, record, begin, end)
    case OP_LION:
      return lion(step, record, begin, end)
    case OP_LAMB_NORMS:
      return lambNorms(step, record, first, last)
    case OP_LAMB:
      return lamb(step, record, begin, end)
    case OP_NOVOGRAD_NORMS:
      return novogradNorms(step, first, last)
    case OP_NOVOGRAD:
      return novograd(step, record, begin, end)
    case OP_ADAGRAD:
      return adagrad(step, record, begin, end)
    case OP_ADADELTA:
      return adadelta(step, record, begin, end)
    case OP_RMSPROP:
      return rmsprop(step, record, begin, end)
    case OP_RPROP:
      return rprop(step, begin, end)
    case OP_ASGD:
      return asgd(step, record, begin, end)
    default:
      unreachable()
  }
}
