// Updates of whole matrices: results are written elsewhere and copied into place by a separate step, so that a step
// can be repeated if a thread dies in the middle of it.
import { PANEL } from '../../../src/abi/layout'
import {
  ADAPT_BETA,
  ADAPT_EPSILON,
  ADAPT_FIRST,
  ADAPT_G,
  ADAPT_NEXT,
  ADAPT_REST,
  ADAPT_SECOND,
  ADAPT_TO,
  BLEND_ALPHA,
  BLEND_BETA,
  BLEND_TO,
  BLEND_X,
  BLEND_Y,
  DESCEND_COLS,
  DESCEND_DECAY,
  DESCEND_DECAY_SCALE,
  DESCEND_FACTOR,
  DESCEND_RATE,
  DESCEND_ROWS,
  DESCEND_TO,
  DESCEND_TRANSPOSED,
  DESCEND_W,
  DESCEND_X,
  DESCEND_X_STRIDE,
} from '../../../src/abi/matrix'
import { MOMENT_SCALAR_FIRST, MOMENT_SCALAR_SECOND } from '../../../src/abi/optimizers'
import {
  RECORD_LEARNING_RATE,
  RECORD_RULE,
  RECORD_SCALAR,
  RECORD_SECOND,
  RECORD_WEIGHT_DECAY,
} from '../../../src/abi/records'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/** to = alpha x + beta y for vectors [begin, end). */
export function blend(step: usize, begin: i32, end: i32): void {
  const alpha = Word.splat(step, BLEND_ALPHA)
  const beta = Word.splat(step, BLEND_BETA)
  const x = Word.address(step, BLEND_X)
  const toY = Word.address(step, BLEND_Y) - x
  const toTo = Word.address(step, BLEND_TO) - x
  const last = x + ((<usize>end) << 4)
  for (let at = x + ((<usize>begin) << 4); at < last; at += 16) {
    const scaled = f32x4.mul(beta, v128.load(at + toY))
    v128.store(at + toTo, F4.flush(F4.fma(alpha, v128.load(at), scaled)))
  }
}

/** next = beta second + rest g², to = c1 first / (c2 sqrt(next) + epsilon) for vectors [begin, end): Adam's corrections. */
export function adapt(step: usize, record: usize, begin: i32, end: i32): void {
  const c1 = Word.splat(record, RECORD_SCALAR + MOMENT_SCALAR_FIRST)
  const c2 = Word.splat(record, RECORD_SCALAR + MOMENT_SCALAR_SECOND)
  const beta = Word.splat(step, ADAPT_BETA)
  const rest = Word.splat(step, ADAPT_REST)
  const epsilon = Word.splat(step, ADAPT_EPSILON)
  const second = Word.address(step, ADAPT_SECOND)
  const toFirst = Word.address(step, ADAPT_FIRST) - second
  const toG = Word.address(step, ADAPT_G) - second
  const toNext = Word.address(step, ADAPT_NEXT) - second
  const toTo = Word.address(step, ADAPT_TO) - second
  const last = second + ((<usize>end) << 4)
  for (let at = second + ((<usize>begin) << 4); at < last; at += 16) {
    const g = F4.squarable(v128.load(at + toG))
    const v = F4.flush(F4.fma(beta, v128.load(at), f32x4.mul(f32x4.mul(rest, g), g)))
    v128.store(at + toNext, v)
    const direction = f32x4.div(f32x4.mul(c1, v128.load(at + toFirst)), F4.fma(f32x4.sqrt(v), c2, epsilon))
    v128.store(at + toTo, F4.flush(direction))
  }
}

/** to = from for vectors [begin, end). */
export function copyVectors(step: usize, begin: i32, end: i32): void {
  const from = (<usize>begin) << 4
  memory.copy(Word.address(step, BLEND_TO) + from, Word.address(step, BLEND_X) + from, (<usize>(end - begin)) << 4)
}

/** to = (1 - decay) w - rate x for panels [begin, end) of w. */
export function descend(step: usize, record: usize, begin: i32, end: i32): void {
  const x = Word.address(step, DESCEND_X)
  const stride = Word.address(step, DESCEND_X_STRIDE)
  const rows = Word.int(step, DESCEND_ROWS)
  const cols = Word.int(step, DESCEND_COLS)
  const transposed = Word.int(step, DESCEND_TRANSPOSED)
  const learningRate = Word.float(record, RECORD_LEARNING_RATE) * Word.float(step, DESCEND_RATE)
  const decay =
    Word.float(record, RECORD_WEIGHT_DECAY) * Word.float(step, DESCEND_DECAY_SCALE) + Word.float(step, DESCEND_DECAY)
  const kept = F4.splat(1 - learningRate * decay)
  const rate = F4.splat(learningRate * Word.float(step, DESCEND_FACTOR))
  for (let p = begin; p < end; p++) {
    const at = <usize>p * <usize>rows * ROW
    let w = Word.address(step, DESCEND_W) + at
    let to = Word.address(step, DESCEND_TO) + at
    if (transposed) {
      const width = min(PANEL, cols - p * PANEL)
      let column = x + <usize>(p * PANEL) * stride
      for (let i = 0; i < rows; i++, w += ROW, to += ROW, column += 4) {
        const left = F4.nfma(rate, Four.column(column, stride, width), f32x4.mul(kept, v128.load(w)))
        const right = Four.column(column + 4 * stride, stride, width - 4)
        v128.store(to, F4.flush(left))
        v128.store(to, F4.flush(F4.nfma(rate, right, f32x4.mul(kept, v128.load(w, 16)))), 16)
      }
      continue
    }
    let row = x + <usize>p * ROW
    for (let i = 0; i < rows; i++, w += ROW, to += ROW, row += stride) {
      v128.store(to, F4.flush(F4.nfma(rate, v128.load(row), f32x4.mul(kept, v128.load(w)))))
      v128.store(to, F4.flush(F4.nfma(rate, v128.load(row, 16), f32x4.mul(kept, v128.load(w, 16)))), 16)
    }
  }
}

class Four {
  /** Up to 4 values of a column, the other lanes 0. */
  @inline static column(at: usize, stride: usize, count: i32): v128 {
    let four = f32x4.splat(0)
    if (count > 0) four = v128.load32_lane(at, four, 0)
    if (count > 1) four = v128.load32_lane(at + stride, four, 1)
    if (count > 2) four = v128.load32_lane(at + 2 * stride, four, 2)
    if (count > 3) four = v128.load32_lane(at + 3 * stride, four, 3)
    return four
  }
}

/** Later steps read the second rule's rates and scalars. */
export function secondRule(record: usize): void {
  memory.copy(record + (RECORD_LEARNING_RATE << 2), record + (RECORD_SECOND << 2), RECORD_RULE << 2)
}
