// Tangents of batch normalization: each column separately, four columns at a time. With s = 1 / spread and
// n = (x - mean) s, the tangent of s is -s² mean(n tx). Batch renorm's r and d are constants, as in the backward pass.
import {
  BATCH_CURVE_DBETA,
  BATCH_CURVE_DGAMMA,
  BATCH_CURVE_LIVE,
  BATCH_CURVE_STATISTICS,
  BATCH_CURVE_STATISTICS_STRIDE,
  BATCH_CURVE_SUMS,
  NORM_BETA_TANGENT,
  NORM_DY,
  NORM_DY_TANGENT,
  NORM_GAMMA,
  NORM_GAMMA_TANGENT,
  NORM_NORMALIZED_TANGENT,
  NORM_STRIDE,
  NORM_TO,
  NORM_X,
  NORM_X_TANGENT,
  SUMS_CROSSED,
  SUMS_DY,
  SUMS_DY_DOT,
  SUMS_TANGENT,
  SUMS_TANGENT_DOT,
} from '../../../src/abi/curvature'
import {
  STATISTICS_D,
  STATISTICS_DOT,
  STATISTICS_INVERSE,
  STATISTICS_MEAN,
  STATISTICS_R,
  STATISTICS_SUM,
} from '../../../src/abi/layers'
import { columnDots } from '../../math/columns'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** A row of one f32 per column that may be missing. */
export class Column {
  @inline static load(step: usize, word: i32, offset: usize, missing: v128): v128 {
    const address = Word.address(step, word)
    return address ? v128.load(address + offset) : missing
  }
}

/** tn = s (tx - mean tx - n mean(n tx)), or s tx if the statistics are constants; to = gamma r tn + tgamma (r n + d) + tbeta. */
export function batchNormTangent(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, NORM_STRIDE)
  const row = Word.address(step, BATCH_CURVE_STATISTICS_STRIDE)
  const live = Word.int(step, BATCH_CURVE_LIVE)
  const tangents = Word.address(step, NORM_X_TANGENT)
  const zero = f32x4.splat(0)
  const share = f32x4.splat(1 / <f32>rows)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const x = Word.address(step, NORM_X) + offset
    const tx = tangents + offset
    const tn = Word.address(step, NORM_NORMALIZED_TANGENT) + offset
    const to = Word.address(step, NORM_TO) + offset
    const at = Word.address(step, BATCH_CURVE_STATISTICS) + offset
    const sums = Word.address(step, BATCH_CURVE_SUMS) + offset
    const mean = v128.load(at + row * STATISTICS_MEAN)
    const inverse = v128.load(at + row * STATISTICS_INVERSE)
    const r = v128.load(at + row * STATISTICS_R)
    const moved = Column.load(step, NORM_GAMMA_TANGENT, offset, zero)
    const scale = F4.mulFlush(Column.load(step, NORM_GAMMA, offset, F4.one()), r)
    const turn = F4.mulFlush(F4.mulFlush(moved, r), inverse)
    const shift = F4.flush(
      F4.fma(moved, v128.load(at + row * STATISTICS_D), Column.load(step, NORM_BETA_TANGENT, offset, zero)),
    )
    let center = zero
    let slope = zero
    if (tangents && live) {
      columnDots(
        tx,
        x,
        stride,
        rows,
        at + row * STATISTICS_MEAN,
        sums + row * SUMS_TANGENT,
        sums + row * SUMS_TANGENT_DOT,
      )
      center = F4.mulFlush(inverse, F4.mulFlush(v128.load(sums + row * SUMS_TANGENT), share))
      const alike = F4.mulFlush(F4.mulFlush(inverse, v128.load(sums + row * SUMS_TANGENT_DOT)), share)
      slope = F4.mulFlush(F4.mulFlush(inverse, inverse), alike)
    } else {
      v128.store(sums + row * SUMS_TANGENT, zero)
      v128.store(sums + row * SUMS_TANGENT_DOT, zero)
    }
    for (let skip: usize = 0; skip < <usize>rows * stride; skip += stride) {
      const d = F4.subFlush(v128.load(x + skip), mean)
      let n = zero
      if (tangents) n = F4.flush(F4.fma(inverse, v128.load(tx + skip), F4.nfma(slope, d, f32x4.neg(center))))
      v128.store(tn + skip, n)
      v128.store(to + skip, F4.flush(F4.fma(scale, n, F4.fma(turn, d, shift))))
    }
  }
}

/**
 * Tangents of dx = s (u - mean u - n mean(u n)), u = gamma r dy, dgamma = sum dy (r n + d) and dbeta = sum dy; the means are omitted
 * if the statistics are constants.
 */
export function batchNormCurve(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, NORM_STRIDE)
  const row = Word.address(step, BATCH_CURVE_STATISTICS_STRIDE)
  const live = Word.int(step, BATCH_CURVE_LIVE)
  const tos = Word.address(step, NORM_TO)
  const dgamma = Word.address(step, BATCH_CURVE_DGAMMA)
  const dbeta = Word.address(step, BATCH_CURVE_DBETA)
  const zero = f32x4.splat(0)
  const share = f32x4.splat(1 / <f32>rows)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const x = Word.address(step, NORM_X) + offset
    const tn = Word.address(step, NORM_NORMALIZED_TANGENT) + offset
    const dy = Word.address(step, NORM_DY) + offset
    const tdy = Word.address(step, NORM_DY_TANGENT) + offset
    const at = Word.address(step, BATCH_CURVE_STATISTICS) + offset
    const sums = Word.address(step, BATCH_CURVE_SUMS) + offset
    const meanAt = at + row * STATISTICS_MEAN
    columnDots(tdy, x, stride, rows, meanAt, sums + row * SUMS_DY, sums + row * SUMS_DY_DOT)
    columnDots(dy, tn, stride, rows, 0, 0, sums + row * SUMS_CROSSED)
    const inverse = v128.load(at + row * STATISTICS_INVERSE)
    const r = v128.load(at + row * STATISTICS_R)
    const sum = v128.load(sums + row * SUMS_DY)
    const dot = F4.mulFlush(inverse, v128.load(sums + row * SUMS_DY_DOT))
    const crossed = v128.load(sums + row * SUMS_CROSSED)
    if (dbeta) v128.store(dbeta + offset, sum)
    if (dgamma) {
      const both = F4.mulFlush(r, f32x4.add(dot, crossed))
      v128.store(dgamma + offset, F4.flush(F4.fma(v128.load(at + row * STATISTICS_D), sum, both)))
    }
    if (!tos) continue

    const to = tos + offset
    const gamma = F4.mulFlush(r, Column.load(step, NORM_GAMMA, offset, F4.one()))
    const moved = F4.mulFlush(r, Column.load(step, NORM_GAMMA_TANGENT, offset, zero))
    // to = a dy + b tdy + c (x - mean) + f tn + g
    let a = F4.mulFlush(inverse, moved)
    const b = F4.mulFlush(inverse, gamma)
    let c = zero
    let f = zero
    let g = zero
    if (live) {
      const oldSum = v128.load(at + row * STATISTICS_SUM)
      const oldDot = F4.mulFlush(inverse, v128.load(at + row * STATISTICS_DOT))
      const alike = F4.mulFlush(F4.mulFlush(inverse, v128.load(sums + row * SUMS_TANGENT_DOT)), share)
      // the tangent of s; mean u and mean(u n), and their tangents
      const ts = f32x4.neg(F4.mulFlush(F4.mulFlush(inverse, inverse), alike))
      const u = F4.mulFlush(F4.mulFlush(gamma, oldSum), share)
      const m = F4.mulFlush(F4.mulFlush(gamma, oldDot), share)
      const tu = F4.mulFlush(F4.fma(moved, oldSum, f32x4.mul(gamma, sum)), share)
      const tm = F4.mulFlush(F4.fma(moved, oldDot, f32x4.mul(gamma, f32x4.add(dot, crossed))), share)
      a = F4.flush(F4.fma(ts, gamma, a))
      f = f32x4.neg(F4.mulFlush(inverse, m))
      c = f32x4.neg(F4.mulFlush(inverse, F4.flush(F4.fma(ts, m, f32x4.mul(inverse, tm)))))
      g = f32x4.neg(F4.flush(F4.fma(ts, u, f32x4.mul(inverse, tu))))
    }
    const mean = v128.load(meanAt)
    for (let skip: usize = 0; skip < <usize>rows * stride; skip += stride) {
      const d = F4.subFlush(v128.load(x + skip), mean)
      const rest = F4.fma(c, d, F4.fma(f, v128.load(tn + skip), g))
      v128.store(to + skip, F4.flush(F4.fma(a, v128.load(dy + skip), F4.fma(b, v128.load(tdy + skip), rest))))
    }
  }
}
