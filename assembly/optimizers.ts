// The optimizers' switch: one line per rule. A pass is elementwise, so threads share it by cache lines; the rules with
// norms per tensor share whole chunks while they sum.
import {
  JOURNAL_BLOCK,
  NORM_CHUNK,
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
  OP_SGD,
  OP_YOGI,
  OPT_COUNT,
} from '../src/abi'
import { Journal } from './journal'
import { adadelta, adagrad, rmsprop } from './optimizers/accumulators'
import { lamb, lambNorms, novograd, novogradMoment, novogradNorms } from './optimizers/layerwise'
import { adabelief, adam, adamax, lion, nadam, radam, yogi } from './optimizers/moments'
import { asgd, rprop, sgd } from './optimizers/plain'
import { Share } from './threads'

/** This thread's share of an optimizer step. */
export function update(op: i32, step: usize, record: usize, thread: i32): void {
  const end = Block.end(op, step, thread)
  share(op, step, record, thread, Block.begin(op, step, thread), end, thread != 0)
}

/** Finishes what a dead thread has left of its share in the step that ends with barrier `arrival`. */
export function finishUpdate(op: i32, step: usize, record: usize, thread: i32, arrival: i32): void {
  const end = Block.end(op, step, thread)
  const begin = Block.begin(op, step, thread)
  const at = Journal.resume(op, step, begin, end, Block.bytes(op), thread, arrival)
  if (at < end) share(op, step, record, thread, at, end, false)
}

/** Bytes [at, end) of the step's blocks; with a journal, block by block. */
function share(op: i32, step: usize, record: usize, thread: i32, at: usize, end: usize, journal: bool): void {
  const unit = journal ? Block.bytes(op) : end - at
  do {
    const next = min(at + unit, end)
    if (journal) Journal.save(op, step, at, next, thread)
    pass(op, step, record, at, next, thread)
    at = next
  } while (at < end)
  if (journal) Journal.done(thread)
}

class Block {
  /** Norms are summed in whole chunks. */
  @inline static chunked(op: i32): bool {
    return op == OP_LAMB_NORMS || op == OP_NOVOGRAD_NORMS
  }

  /** Bytes of what a thread's journal takes at once. */
  @inline static bytes(op: i32): usize {
    return Block.chunked(op) ? NORM_CHUNK << 2 : JOURNAL_BLOCK
  }

  /** Share of the pass, in bytes: whole cache lines, or whole chunks. */
  @inline static begin(op: i32, step: usize, thread: i32): usize {
    const count = load<i32>(step, OPT_COUNT << 2)
    if (!Block.chunked(op)) return (<usize>Share.begin(count >> 4, thread)) << 6
    return <usize>Share.begin((count + NORM_CHUNK - 1) / NORM_CHUNK, thread) * (NORM_CHUNK << 2)
  }

  @inline static end(op: i32, step: usize, thread: i32): usize {
    const count = load<i32>(step, OPT_COUNT << 2)
    if (!Block.chunked(op)) return (<usize>Share.end(count >> 4, thread)) << 6
    const end = <usize>Share.end((count + NORM_CHUNK - 1) / NORM_CHUNK, thread) * (NORM_CHUNK << 2)
    return min(end, (<usize>count) << 2)
  }
}

/** An optimizer step on bytes [begin, end) of its blocks. */
function pass(op: i32, step: usize, record: usize, begin: usize, end: usize, thread: i32): void {
  const first = <i32>(begin / (NORM_CHUNK << 2))
  const last = <i32>((end + (NORM_CHUNK << 2) - 1) / (NORM_CHUNK << 2))
  if (op == OP_SGD) sgd(step, record, begin, end)
  else if (op == OP_ADAM) adam(step, record, begin, end)
  else if (op == OP_ADAMAX) adamax(step, record, begin, end)
  else if (op == OP_NADAM) nadam(step, record, begin, end)
  else if (op == OP_RADAM) radam(step, record, begin, end)
  else if (op == OP_YOGI) yogi(step, record, begin, end)
  else if (op == OP_ADABELIEF) adabelief(step, record, begin, end)
  else if (op == OP_LION) lion(step, record, begin, end)
  else if (op == OP_LAMB_NORMS) lambNorms(step, record, first, last)
  else if (op == OP_LAMB) lamb(step, record, begin, end)
  else if (op == OP_NOVOGRAD_NORMS) novogradNorms(step, first, last)
  else if (op == OP_NOVOGRAD_MOMENT) novogradMoment(step, record, thread)
  else if (op == OP_NOVOGRAD) novograd(step, record, begin, end)
  else if (op == OP_ADAGRAD) adagrad(step, record, begin, end)
  else if (op == OP_ADADELTA) adadelta(step, record, begin, end)
  else if (op == OP_RMSPROP) rmsprop(step, record, begin, end)
  else if (op == OP_RPROP) rprop(step, begin, end)
  else if (op == OP_ASGD) asgd(step, record, begin, end)
  else unreachable()
}
