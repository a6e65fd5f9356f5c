// K-FAC's ops on a batch's rows: noise whose covariance is the Hessian of the loss with respect to the outputs, for a backward pass, and
// weighted activations for second moments.
import {
  SEED_COLS,
  SEED_KIND,
  SEED_SIGMOID,
  SEED_SOFTMAX,
  SEED_STREAM,
  SEED_STRIDE,
  SEED_TO,
  SEED_WEIGHTS,
  SEED_Y,
  WEIGH_COLS,
  WEIGH_DIVIDES,
  WEIGH_ONES,
  WEIGH_TO,
  WEIGH_TO_STRIDE,
  WEIGH_WEIGHTS,
  WEIGH_X,
  WEIGH_X_STRIDE,
} from '../../src/abi/fisher'
import { PANEL } from '../../src/abi/layout'
import { RECORD_ROWS, RECORD_SCALAR, RECORD_WEIGHT } from '../../src/abi/records'
import { Draw } from '../math/random'
import { F4 } from '../math/simd'
import { Word } from '../word'

class Factor {
  /** sqrt(w / sum of w) of a row; if there is no weight at all, all rows count equally. */
  @inline static of(weights: usize, record: usize, row: i32): f32 {
    if (!weights) return <f32>sqrt(1 / <f64>Word.int(record, RECORD_ROWS))
    const all = Word.double(record, RECORD_WEIGHT)
    const own: f64 = load<f32>(weights + ((<usize>row) << 2))
    return all > 0 ? <f32>sqrt(own / all) : 0
  }
}

export function weighRows(step: usize, record: usize, begin: i32, end: i32): void {
  const weights = Word.address(step, WEIGH_WEIGHTS)
  const cols = Word.int(step, WEIGH_COLS)
  const bytes = <usize>Word.panels(step, WEIGH_COLS) * (PANEL << 2)
  const ones = Word.int(step, WEIGH_ONES)
  for (let r = begin; r < end; r++) {
    const from = Word.address(step, WEIGH_X) + <usize>r * Word.address(step, WEIGH_X_STRIDE)
    const to = Word.address(step, WEIGH_TO) + <usize>r * Word.address(step, WEIGH_TO_STRIDE)
    let factor = Factor.of(weights, record, r)
    if (Word.int(step, WEIGH_DIVIDES)) factor = factor > 0 ? 1 / factor : 0
    const scale = f32x4.splat(factor)
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, F4.mulFlush(v128.load(from + at), scale))
    if (!ones) continue
    const one = to + ((<usize>cols) << 2)
    if ((cols & (PANEL - 1)) == 0) memory.fill(one, 0, PANEL << 2)
    store<f32>(one, factor)
  }
}

/**
 * Noise e on the outputs of rows [begin, end), times the rows' factors, with E[e eᵀ] = H, the Hessian of a row's loss:
 *
 *   softmax   p - onehot(c), c sampled from p        H = diag(p) - p pᵀ
 *   sigmoid   (p - b) / sqrt(K), b sampled from p    H = diag(p (1 - p)) / K
 *   squared   sqrt(2 / K) z, z normal                H = 2 I / K
 *
 * Without a stream, the exact part of output k: sqrt(p_k) (p - onehot(k)), sqrt(p_k (1 - p_k) / K) onehot(k), sqrt(2 / K) onehot(k),
 * whose outer products sum to H over k.
 */
export function seedRows(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, SEED_STRIDE)
  const cols = Word.int(step, SEED_COLS)
  const bytes = <usize>Word.panels(step, SEED_COLS) * (PANEL << 2)
  const weights = Word.address(step, SEED_WEIGHTS)
  const kind = Word.int(step, SEED_KIND)
  const stream = Word.int(step, SEED_STREAM)
  const drawn = stream >= 0
  const output = drawn ? 0 : <i32>Word.float(record, RECORD_SCALAR + 1)
  const key = i32x4.splat(Draw.key(record, max(stream, 0), 0))
  const second = i32x4.splat(Draw.key(record, max(stream, 0), 1))
  for (let r = begin; r < end; r++) {
    const p = Word.address(step, SEED_Y) + <usize>r * stride
    const to = Word.address(step, SEED_TO) + <usize>r * stride
    let factor = Factor.of(weights, record, r)
    if (kind == SEED_SOFTMAX) {
      if (drawn) drawClass(p, to, cols, bytes, r, factor, key, second)
      else softmaxPart(p, to, output, bytes, factor)
      continue
    }
    factor *= <f32>sqrt((kind == SEED_SIGMOID ? 1.0 : 2.0) / <f64>cols)
    if (drawn) {
      drawValues(kind, p, to, cols, bytes, r, factor, key, second)
      continue
    }
    memory.fill(to, 0, bytes)
    const at = (<usize>output) << 2
    const own = load<f32>(p + at)
    store<f32>(to + at, kind == SEED_SIGMOID ? factor * sqrt<f32>(own * (1 - own)) : factor)
  }
}

/** factor (p - onehot(c)), c the first class whose cumulative probability exceeds a uniform number. */
function drawClass(p: usize, to: usize, cols: i32, bytes: usize, row: i32, factor: f32, key: v128, second: v128): void {
  const bits = i32x4.extract_lane(Draw.bits(i32x4.splat(row), key, second), 0)
  const uniform = <f32>(bits >>> 8) * <f32>(1.0 / 16777216.0)
  let chosen = 0
  let sum = load<f32>(p)
  // rounding may leave the sum slightly below 1
  while (sum <= uniform && chosen < cols - 1) {
    chosen++
    sum += load<f32>(p + ((<usize>chosen) << 2))
  }
  softmaxRow(p, to, chosen, bytes, factor)
}

function softmaxPart(p: usize, to: usize, output: i32, bytes: usize, factor: f32): void {
  softmaxRow(p, to, output, bytes, factor * sqrt<f32>(load<f32>(p + ((<usize>output) << 2))))
}

/** factor (p - onehot(own)) */
function softmaxRow(p: usize, to: usize, own: i32, bytes: usize, factor: f32): void {
  const scale = f32x4.splat(factor)
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, F4.mulFlush(v128.load(p + at), scale))
  const at = (<usize>own) << 2
  store<f32>(to + at, factor * (load<f32>(p + at) - 1))
}

/** factor (p - b), b = 1 with probability p, or factor z. */
function drawValues(
  kind: i32,
  p: usize,
  to: usize,
  cols: i32,
  bytes: usize,
  row: i32,
  factor: f32,
  key: v128,
  second: v128,
): void {
  const scale = f32x4.splat(factor)
  let index = i32x4.add(i32x4.splat(row * <i32>(bytes >> 2)), i32x4(0, 1, 2, 3))
  let column = i32x4(0, 1, 2, 3)
  const last = i32x4.splat(cols)
  const four = i32x4.splat(4)
  for (let at: usize = 0; at < bytes; at += 16) {
    const bits = Draw.bits(index, key, second)
    let noise: v128
    if (kind == SEED_SIGMOID) {
      const mean = v128.load(p + at)
      const uniform = f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(bits, 8)), f32x4.splat(1.0 / 16777216.0))
      noise = f32x4.sub(mean, v128.and(f32x4.lt(uniform, mean), F4.one()))
    } else noise = Draw.normal(bits)
    v128.store(to + at, v128.and(F4.mulFlush(noise, scale), i32x4.lt_s(column, last)))
    index = i32x4.add(index, four)
    column = i32x4.add(column, four)
  }
}
