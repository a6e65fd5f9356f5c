// The optimizers' switch: one line per rule. A pass is elementwise, so threads share it by cache lines; the rules with
// norms per tensor share whole chunks while they sum.
import {
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
import { adadelta, adagrad, rmsprop } from './optimizers/accumulators'
import { lamb, lambNorms, novograd, novogradMoment, novogradNorms } from './optimizers/layerwise'
import { adabelief, adam, adamax, lion, nadam, radam, yogi } from './optimizers/moments'
import { asgd, rprop, sgd } from './optimizers/plain'
import { Share } from './threads'

/** This thread's share of an optimizer step. */
export function update(op: i32, step: usize, record: usize, thread: i32): void {
  const count = load<i32>(step, OPT_COUNT << 2)
  const lines = count >> 4
  const begin = (<usize>Share.begin(lines, thread)) << 6
  const end = (<usize>Share.end(lines, thread)) << 6
  const chunks = (count + NORM_CHUNK - 1) / NORM_CHUNK
  const first = Share.begin(chunks, thread)
  const last = Share.end(chunks, thread)
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
