// Fused softmax and cross entropy: row losses, gradient and probabilities from logits.
import {
  LOSS_COLS,
  LOSS_GRADIENT,
  LOSS_KIND,
  LOSS_OUTPUTS,
  LOSS_PROBABILITIES,
  LOSS_ROW_LOSSES,
  LOSS_SMOOTHING,
  LOSS_STRIDE,
  LOSS_TARGETS,
  LOSS_TARGETS_STRIDE,
  LOSS_WEIGHTS,
} from '../../src/abi/batches'
import { LOSS_SOFTMAX_SPARSE } from '../../src/abi/losses'
import { batchWeight, Lanes, Row } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'

export function softmaxRows(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  if (Word.int(step, LOSS_COLS) > 4) wideRows(step, record, rows, rowBegin, rowEnd)
  else narrowRows(step, record, rows, rowBegin, rowEnd)
}

/**
 * loss = -sum t log softmax(z) = log(sum e^(z - max)) * sum t - sum t (z - max); dz = softmax(z) * sum t - t.
 * Three passes over a row: maximum; exponentials and sums; probabilities and gradient.
 */
function wideRows(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  const sparse = Word.int(step, LOSS_KIND) == LOSS_SOFTMAX_SPARSE
  const cols = Word.int(step, LOSS_COLS)
  const stride = Word.address(step, LOSS_STRIDE)
  const targetsStride = Word.address(step, LOSS_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_WEIGHTS)
  const rowLosses = Word.address(step, LOSS_ROW_LOSSES)
  const smoothing = Word.float(step, LOSS_SMOOTHING)
  const keep = f32x4.splat(1 - smoothing)
  const base = f32x4.splat(smoothing / <f32>cols)
  const total = batchWeight(record, weights, rows)
  const inverse = total != 0 ? 1 / total : 0
  const index = i32x4(0, 1, 2, 3)

  let outputs = Word.address(step, LOSS_OUTPUTS) + <usize>rowBegin * stride
  let targets = Word.address(step, LOSS_TARGETS) + <usize>rowBegin * targetsStride
  let gradient = Word.address(step, LOSS_GRADIENT)
  let probabilities = Word.address(step, LOSS_PROBABILITIES)
  if (gradient) gradient += <usize>rowBegin * stride
  if (probabilities) probabilities += <usize>rowBegin * stride
  for (let r = rowBegin; r < rowEnd; r++) {
    const first = v128.load32_splat(outputs)
    let largest = first
    for (let c = 0; c < cols; c += 4) {
      const z = v128.load(outputs + ((<usize>c) << 2))
      largest = f32x4.pmax(largest, v128.bitselect(z, first, Lanes.mask(index, cols - c)))
    }
    const shift = f32x4.splat(F4.max(largest))

    // the exponentials are stored where the gradient or the probabilities will be
    const exponentials = gradient ? gradient : probabilities
    let sums = i32x4.splat(0)
    let mass = i32x4.splat(0)
    let cross = i32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const left = cols - c
      const mask = Lanes.mask(index, left)
      const z = f32x4.sub(v128.load(outputs + at), shift)
      const t = Row.targets(sparse, targets, c, left, index, keep, base, mask)
      const e = v128.and(F4.exp(z), mask)
      sums = f32x4.add(sums, e)
      mass = f32x4.add(mass, t)
      cross = F4.fma(t, z, cross)
      if (exponentials) v128.store(exponentials + at, e)
    }
    const sum = F4.sum(sums)
    const weight = F4.sum(mass)
    const logSum = f32x4.extract_lane(F4.log(f32x4.splat(sum)), 0)
    store<f32>(rowLosses + ((<usize>r) << 2), logSum * weight - F4.sum(cross))

    if (exponentials) {
      const scale = Row.scale(weights, r, inverse)
      const scales = f32x4.splat(scale)
      const reciprocal = f32x4.splat(1 / sum)
      const masses = f32x4.splat(weight)
      for (let c = 0; c < cols; c += 4) {
        const at = (<usize>c) << 2
        const left = cols - c
        const p = F4.flushPositive(f32x4.mul(v128.load(exponentials + at), reciprocal))
        if (probabilities) v128.store(probabilities + at, p)
        if (gradient) {
          const t = Row.targets(sparse, targets, c, left, index, keep, base, Lanes.mask(index, left))
          v128.store(gradient + at, F4.mulFlush(f32x4.sub(f32x4.mul(p, masses), t), scales))
        }
      }
      if (probabilities) {
        Row.endPanel(probabilities, cols)
        probabilities += stride
      }
      if (gradient) {
        Row.endGradient(gradient, cols, scale)
        gradient += stride
      }
    }
    outputs += stride
    targets += targetsStride
  }
}

/** Transposes four rows a, b, c, d: columns 0 and 1 from their low halves, 2 and 3 from their high halves. */
class Columns {
  /** a0 b0 a1 b1 */
  @inline static low(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  }

  /** a2 b2 a3 b3 */
  @inline static high(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  }

  /** a0 b0 c0 d0 from a0 b0 a1 b1 and c0 d0 c1 d1 */
  @inline static first(ab: v128, cd: v128): v128 {
    return v128.shuffle<f32>(ab, cd, 0, 1, 4, 5)
  }

  /** a1 b1 c1 d1 from the same */
  @inline static second(ab: v128, cd: v128): v128 {
    return v128.shuffle<f32>(ab, cd, 2, 3, 6, 7)
  }

  /** One word from each of the four rows. */
  @inline static gather(a: usize, b: usize, c: usize, d: usize): v128 {
    return v128.load32_lane(d, v128.load32_lane(c, v128.load32_lane(b, v128.load32_zero(a), 1), 2), 3)
  }

  /** Writes four columns as rows of a padded panel. */
  @inline static store(
    to: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    c0: v128,
    c1: v128,
    c2: v128,
    c3: v128,
  ): void {
    const low01 = Columns.low(c0, c1)
    const high01 = Columns.high(c0, c1)
    const low23 = Columns.low(c2, c3)
    const high23 = Columns.high(c2, c3)
    const zero = i32x4.splat(0)
    v128.store(to + a, Columns.first(low01, low23))
    v128.store(to + a, zero, 16)
    v128.store(to + b, Columns.second(low01, low23))
    v128.store(to + b, zero, 16)
    v128.store(to + c, Columns.first(high01, high23))
    v128.store(to + c, zero, 16)
    v128.store(to + d, Columns.second(high01, high23))
    v128.store(to + d, zero, 16)
  }
}

/**
 * Likewise for rows of up to 4 logits, four rows at once with one vector per column, without sums across
 * lanes. The last row stands in for missing ones; what is then stored repeatedly is the same.
 */
function narrowRows(step: usize, record: usize, rows: i32, rowBegin: i32, rowEnd: i32): void {
  const sparse = Word.int(step, LOSS_KIND) == LOSS_SOFTMAX_SPARSE
  const cols = Word.int(step, LOSS_COLS)
  const stride = Word.address(step, LOSS_STRIDE)
  const targetsStride = Word.address(step, LOSS_TARGETS_STRIDE)
  const weights = Word.address(step, LOSS_WEIGHTS)
  const rowLosses = Word.address(step, LOSS_ROW_LOSSES)
  const outputs = Word.address(step, LOSS_OUTPUTS)
  const targets = Word.address(step, LOSS_TARGETS)
  const gradient = Word.address(step, LOSS_GRADIENT)
  const probabilities = Word.address(step, LOSS_PROBABILITIES)
  const smoothing = Word.float(step, LOSS_SMOOTHING)
  const keep = f32x4.splat(1 - smoothing)
  const base = f32x4.splat(smoothing / <f32>cols)
  const total = batchWeight(record, weights, rows)
  const inverse = total != 0 ? 1 / total : 0
  const zero = i32x4.splat(0)

  const last = rowEnd - 1
  for (let r = rowBegin; r < rowEnd; r += 4) {
    const rb = min(r + 1, last)
    const rc = min(r + 2, last)
    const rd = min(r + 3, last)
    const a = <usize>r * stride
    const b = <usize>rb * stride
    const c = <usize>rc * stride
    const d = <usize>rd * stride
    const lowAB = Columns.low(v128.load(outputs + a), v128.load(outputs + b))
    const highAB = Columns.high(v128.load(outputs + a), v128.load(outputs + b))
    const lowCD = Columns.low(v128.load(outputs + c), v128.load(outputs + d))
    const highCD = Columns.high(v128.load(outputs + c), v128.load(outputs + d))
    let z0 = Columns.first(lowAB, lowCD)
    let z1 = cols > 1 ? Columns.second(lowAB, lowCD) : z0
    let z2 = cols > 2 ? Columns.first(highAB, highCD) : z0
    let z3 = cols > 3 ? Columns.second(highAB, highCD) : z0
    const largest = f32x4.pmax(f32x4.pmax(z0, z1), f32x4.pmax(z2, z3))
    z0 = f32x4.sub(z0, largest)
    z1 = f32x4.sub(z1, largest)
    z2 = f32x4.sub(z2, largest)
    z3 = f32x4.sub(z3, largest)

    const ta = targets + <usize>r * targetsStride
    const tb = targets + <usize>rb * targetsStride
    const tc = targets + <usize>rc * targetsStride
    const td = targets + <usize>rd * targetsStride
    let t0: v128
    let t1 = zero
    let t2 = zero
    let t3 = zero
    if (sparse) {
      const wanted = Columns.gather(ta, tb, tc, td)
      const one = F4.one()
      t0 = v128.and(i32x4.eq(wanted, zero), one)
      t1 = v128.and(i32x4.eq(wanted, i32x4.splat(1)), one)
      t2 = v128.and(i32x4.eq(wanted, i32x4.splat(2)), one)
      t3 = v128.and(i32x4.eq(wanted, i32x4.splat(3)), one)
    } else {
      t0 = Columns.gather(ta, tb, tc, td)
      if (cols > 1) t1 = Columns.gather(ta + 4, tb + 4, tc + 4, td + 4)
      if (cols > 2) t2 = Columns.gather(ta + 8, tb + 8, tc + 8, td + 8)
      if (cols > 3) t3 = Columns.gather(ta + 12, tb + 12, tc + 12, td + 12)
    }
    t0 = F4.fma(t0, keep, base)
    if (cols > 1) t1 = F4.fma(t1, keep, base)
    if (cols > 2) t2 = F4.fma(t2, keep, base)
    if (cols > 3) t3 = F4.fma(t3, keep, base)

    const e0 = F4.exp(z0)
    const e1 = cols > 1 ? F4.exp(z1) : zero
    const e2 = cols > 2 ? F4.exp(z2) : zero
    const e3 = cols > 3 ? F4.exp(z3) : zero
    const sum = f32x4.add(f32x4.add(e0, e1), f32x4.add(e2, e3))
    const mass = f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3))
    const cross = F4.fma(t0, z0, F4.fma(t1, z1, F4.fma(t2, z2, f32x4.mul(t3, z3))))
    const losses = f32x4.sub(f32x4.mul(F4.log(sum), mass), cross)
    v128.store32_lane(rowLosses + ((<usize>rd) << 2), losses, 3)
    v128.store32_lane(rowLosses + ((<usize>rc) << 2), losses, 2)
    v128.store32_lane(rowLosses + ((<usize>rb) << 2), losses, 1)
    v128.store32_lane(rowLosses + ((<usize>r) << 2), losses, 0)

    const reciprocal = f32x4.div(F4.one(), sum)
    const p0 = F4.flushPositive(f32x4.mul(e0, reciprocal))
    const p1 = F4.flushPositive(f32x4.mul(e1, reciprocal))
    const p2 = F4.flushPositive(f32x4.mul(e2, reciprocal))
    const p3 = F4.flushPositive(f32x4.mul(e3, reciprocal))
    if (probabilities) Columns.store(probabilities, a, b, c, d, p0, p1, p2, p3)
    if (gradient) {
      let scales = f32x4.splat(<f32>inverse)
      if (weights) {
        scales = f32x4.splat(Row.scale(weights, r, inverse))
        scales = f32x4.replace_lane(scales, 1, Row.scale(weights, rb, inverse))
        scales = f32x4.replace_lane(scales, 2, Row.scale(weights, rc, inverse))
        scales = f32x4.replace_lane(scales, 3, Row.scale(weights, rd, inverse))
      }
      const counted = f32x4.ne(scales, zero)
      const g0 = v128.and(F4.mulFlush(f32x4.sub(f32x4.mul(p0, mass), t0), scales), counted)
      const g1 = v128.and(F4.mulFlush(f32x4.sub(f32x4.mul(p1, mass), t1), scales), counted)
      const g2 = v128.and(F4.mulFlush(f32x4.sub(f32x4.mul(p2, mass), t2), scales), counted)
      const g3 = v128.and(F4.mulFlush(f32x4.sub(f32x4.mul(p3, mass), t3), scales), counted)
      Columns.store(gradient, a, b, c, d, g0, g1, g2, g3)
    }
  }
}
