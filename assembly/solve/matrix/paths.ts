// Path-SGD: the contribution of every weight to the paths from inputs to outputs. The square of a path is the product of
// its squared weights; s sums those from the inputs to a unit, r those from a unit to the outputs, computed by passing one row through
// the squared weights. All terms are non-negative.
import { PANEL } from '../../../src/abi/layout'
import {
  PATH_B,
  PATH_COLS,
  PATH_G,
  PATH_R,
  PATH_RATE,
  PATH_ROWS,
  PATH_S,
  PATH_TO,
  PATH_W,
} from '../../../src/abi/matrix'
import { RECORD_LEARNING_RATE } from '../../../src/abi/records'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

class Paths {
  /** sum + scale x² */
  @inline static add(sum: v128, at: usize, scale: v128): v128 {
    const x = v128.load(at)
    return F4.fma(f32x4.mul(x, x), scale, sum)
  }

  /** w - rate g / (s r), or w if s r is 0. */
  @inline static less(w: v128, rate: v128, g: v128, s: v128, r: v128): v128 {
    const zero = f32x4.splat(0)
    const none = v128.or(f32x4.eq(s, zero), f32x4.eq(r, zero))
    // both are 0 or at least 2^-63, so their product is normal or 0
    const step = f32x4.div(f32x4.mul(rate, F4.flush(g)), f32x4.mul(s, r))
    return F4.flush(F4.select(w, f32x4.sub(w, step), none))
  }
}

/** to = s · w² + b² for panels [begin, end) of w. */
export function pathUp(step: usize, begin: i32, end: i32): void {
  const rows = Word.int(step, PATH_ROWS)
  const s = Word.address(step, PATH_S)
  const b = Word.address(step, PATH_B)
  const to = Word.address(step, PATH_TO)
  let one = F4.one()
  for (let p = <usize>begin; p < <usize>end; p++) {
    let w = Word.address(step, PATH_W) + p * <usize>rows * ROW
    let left = F4.biased(f32x4.splat(0))
    let right = left
    if (b) {
      left = Paths.add(left, b + p * ROW, F4.one())
      right = Paths.add(right, b + p * ROW + 16, F4.one())
    }
    for (let i: usize = 0; i < <usize>rows; i++, w += ROW) {
      if (s) one = v128.load32_splat(s + (i << 2))
      left = Paths.add(left, w, one)
      right = Paths.add(right, w + 16, one)
    }
    v128.store(to + p * ROW, F4.flush(left))
    v128.store(to + p * ROW, F4.flush(right), 16)
  }
}

/** to = w² · r for panels [begin, end) of `to`. */
export function pathDown(step: usize, begin: i32, end: i32): void {
  const rows = Word.int(step, PATH_ROWS)
  const panel = <usize>rows * ROW
  const panels = Word.panels(step, PATH_COLS)
  const w = Word.address(step, PATH_W)
  const r = Word.address(step, PATH_R)
  const to = Word.address(step, PATH_TO)
  const last = end * PANEL
  for (let i = begin * PANEL; i < last; i++) {
    let sum = F4.biased(f32x4.splat(0))
    let left = F4.one()
    let right = left
    let at = w + <usize>i * ROW
    for (let p: usize = 0; i < rows && p < <usize>panels; p++, at += panel) {
      if (r) {
        left = v128.load(r + p * ROW)
        right = v128.load(r + p * ROW, 16)
      }
      sum = Paths.add(Paths.add(sum, at, left), at + 16, right)
    }
    store<f32>(to + ((<usize>i) << 2), f32x4.extract_lane(F4.flush(F4.splat(F4.sum(sum))), 0))
  }
}

/** to = w - rate g / (s rᵀ) for panels [begin, end). */
export function pathDescend(step: usize, record: usize, begin: i32, end: i32): void {
  const rows = Word.int(step, PATH_ROWS)
  const s = Word.address(step, PATH_S)
  const r = Word.address(step, PATH_R)
  const rate = F4.splat(Word.float(record, RECORD_LEARNING_RATE) * Word.float(step, PATH_RATE))
  const bytes = <usize>rows * ROW
  let one = F4.one()
  for (let p = <usize>begin; p < <usize>end; p++) {
    const w = Word.address(step, PATH_W) + p * bytes
    const toG = Word.address(step, PATH_G) + p * bytes - w
    const toTo = Word.address(step, PATH_TO) + p * bytes - w
    const left = r ? v128.load(r + p * ROW) : F4.one()
    const right = r ? v128.load(r + p * ROW, 16) : F4.one()
    let at = w
    for (let i: usize = 0; i < <usize>rows; i++, at += ROW) {
      if (s) one = v128.load32_splat(s + (i << 2))
      v128.store(at + toTo, Paths.less(v128.load(at), rate, v128.load(at + toG), one, left))
      v128.store(at + toTo, Paths.less(v128.load(at, 16), rate, v128.load(at + toG, 16), one, right), 16)
    }
  }
}
