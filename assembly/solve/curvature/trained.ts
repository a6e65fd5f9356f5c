// Tangents of prelu and of weight normalization.
import {
  PRELU_CURVE_ALPHA,
  PRELU_CURVE_ALPHA_TANGENT,
  PRELU_CURVE_DALPHA,
  PRELU_CURVE_DY,
  PRELU_CURVE_DY_TANGENT,
  PRELU_CURVE_STRIDE,
  PRELU_CURVE_TO,
  PRELU_CURVE_X,
  PRELU_CURVE_X_TANGENT,
  WEIGHT_CURVE_DG,
  WEIGHT_CURVE_DV,
  WEIGHT_CURVE_DW,
  WEIGHT_CURVE_DW_TANGENT,
  WEIGHT_CURVE_G,
  WEIGHT_CURVE_G_TANGENT,
  WEIGHT_CURVE_INPUTS,
  WEIGHT_CURVE_INVERSE,
  WEIGHT_CURVE_SUMS,
  WEIGHT_CURVE_TO,
  WEIGHT_CURVE_UNITS,
  WEIGHT_CURVE_V,
  WEIGHT_CURVE_V_TANGENT,
} from '../../../src/abi/curvature'
import { WeightPanel } from '../../layers/trained'
import { columnDots } from '../../math/columns'
import { F4 } from '../../math/simd'
import { Word } from '../../word'
import { Column } from './batchNorm'

/** to = tx if x > 0, else alpha tx + talpha x, for panels [begin, end). */
export function preluTangent(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, PRELU_CURVE_STRIDE)
  const tangents = Word.address(step, PRELU_CURVE_X_TANGENT)
  const zero = f32x4.splat(0)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, PRELU_CURVE_ALPHA) + offset)
    const moved = Column.load(step, PRELU_CURVE_ALPHA_TANGENT, offset, zero)
    const x = Word.address(step, PRELU_CURVE_X) + offset
    const to = Word.address(step, PRELU_CURVE_TO) + offset
    for (let skip: usize = 0; skip < <usize>rows * stride; skip += stride) {
      const v = v128.load(x + skip)
      const t = tangents ? v128.load(tangents + offset + skip) : zero
      const low = F4.flush(F4.fma(alpha, t, f32x4.mul(moved, v)))
      v128.store(to + skip, F4.select(t, low, f32x4.gt(v, zero)))
    }
  }
}

/** Tangents of dx = dy if x > 0, else alpha dy, and of dalpha = sum dy min(x, 0), with compensated summation. */
export function preluCurve(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, PRELU_CURVE_STRIDE)
  const tangents = Word.address(step, PRELU_CURVE_X_TANGENT)
  const dalpha = Word.address(step, PRELU_CURVE_DALPHA)
  const tos = Word.address(step, PRELU_CURVE_TO)
  const zero = f32x4.splat(0)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, PRELU_CURVE_ALPHA) + offset)
    const moved = Column.load(step, PRELU_CURVE_ALPHA_TANGENT, offset, zero)
    const x = Word.address(step, PRELU_CURVE_X) + offset
    const dy = Word.address(step, PRELU_CURVE_DY) + offset
    const tdy = Word.address(step, PRELU_CURVE_DY_TANGENT) + offset
    let sum = zero
    let lost = zero
    for (let skip: usize = 0; skip < <usize>rows * stride; skip += stride) {
      const v = v128.load(x + skip)
      const g = v128.load(dy + skip)
      const h = v128.load(tdy + skip)
      const t = tangents ? v128.load(tangents + offset + skip) : zero
      const above = f32x4.gt(v, zero)
      const along = v128.andnot(F4.fma(h, v, f32x4.mul(g, t)), above)
      const addend = f32x4.sub(along, lost)
      const next = f32x4.add(sum, addend)
      lost = f32x4.sub(f32x4.sub(next, sum), addend)
      sum = next
      if (!tos) continue
      v128.store(tos + offset + skip, F4.select(h, F4.flush(F4.fma(alpha, h, f32x4.mul(moved, g))), above))
    }
    if (dalpha) v128.store(dalpha + offset, F4.flush(sum))
  }
}

// w = g v / |v|. With s = 1 / |v| and u = s v, the tangent of |v| is a = u · tv, that of u is s (tv - a u), that of g s is s (tg - g s a).

/** to = (tangent of g s) v + g s tv for panels [begin, end). */
export function weightNormTangent(step: usize, begin: i32, end: i32): void {
  const inputs = Word.int(step, WEIGHT_CURVE_INPUTS)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const skip = WeightPanel.offset(offset, inputs)
    const v = Word.address(step, WEIGHT_CURVE_V) + skip
    const tv = Word.address(step, WEIGHT_CURVE_V_TANGENT) + skip
    const to = Word.address(step, WEIGHT_CURVE_TO) + skip
    const sums = Word.address(step, WEIGHT_CURVE_SUMS) + offset
    columnDots(tv, v, 32, inputs, 0, 0, sums)
    const inverse = v128.load(Word.address(step, WEIGHT_CURVE_INVERSE) + offset)
    const scale = F4.mulFlush(v128.load(Word.address(step, WEIGHT_CURVE_G) + offset), inverse)
    const length = F4.mulFlush(inverse, v128.load(sums))
    const moved = F4.nfma(scale, length, v128.load(Word.address(step, WEIGHT_CURVE_G_TANGENT) + offset))
    const turn = F4.mulFlush(inverse, F4.flush(moved))
    for (let k: usize = 0; k < (<usize>inputs) << 5; k += 32) {
      v128.store(to + k, F4.flush(F4.fma(turn, v128.load(v + k), f32x4.mul(scale, v128.load(tv + k)))))
    }
  }
}

/** Tangents of dg = c = u · dw and dv = g s (dw - c u), for panels [begin, end). */
export function weightNormCurve(step: usize, begin: i32, end: i32): void {
  const inputs = Word.int(step, WEIGHT_CURVE_INPUTS)
  const row = (<usize>Word.panels(step, WEIGHT_CURVE_UNITS)) << 5
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const skip = WeightPanel.offset(offset, inputs)
    const v = Word.address(step, WEIGHT_CURVE_V) + skip
    const tv = Word.address(step, WEIGHT_CURVE_V_TANGENT) + skip
    const dw = Word.address(step, WEIGHT_CURVE_DW) + skip
    const tdw = Word.address(step, WEIGHT_CURVE_DW_TANGENT) + skip
    const to = Word.address(step, WEIGHT_CURVE_DV) + skip
    const sums = Word.address(step, WEIGHT_CURVE_SUMS) + offset
    columnDots(tv, v, 32, inputs, 0, 0, sums)
    columnDots(dw, v, 32, inputs, 0, 0, sums + row)
    columnDots(dw, tv, 32, inputs, 0, 0, sums + row * 2)
    columnDots(tdw, v, 32, inputs, 0, 0, sums + row * 3)
    const inverse = v128.load(Word.address(step, WEIGHT_CURVE_INVERSE) + offset)
    const scale = F4.mulFlush(v128.load(Word.address(step, WEIGHT_CURVE_G) + offset), inverse)
    const length = F4.mulFlush(inverse, v128.load(sums))
    const c = F4.mulFlush(inverse, v128.load(sums + row))
    // tc = s (tv · dw - a c + v · tdw)
    const mixed = f32x4.add(v128.load(sums + row * 2), v128.load(sums + row * 3))
    const tc = F4.mulFlush(inverse, F4.flush(F4.nfma(length, c, mixed)))
    v128.store(Word.address(step, WEIGHT_CURVE_DG) + offset, tc)
    const moved = F4.nfma(scale, length, v128.load(Word.address(step, WEIGHT_CURVE_G_TANGENT) + offset))
    const turn = F4.mulFlush(inverse, F4.flush(moved))
    // to = turn (dw - c u) + g s (tdw - tc u - c s (tv - a u))
    const slope = F4.mulFlush(scale, F4.mulFlush(inverse, c))
    const back = F4.fma(turn, c, F4.nfma(slope, length, f32x4.mul(scale, tc)))
    const along = F4.mulFlush(inverse, F4.flush(back))
    for (let k: usize = 0; k < (<usize>inputs) << 5; k += 32) {
      const straight = F4.fma(turn, v128.load(dw + k), f32x4.mul(scale, v128.load(tdw + k)))
      v128.store(to + k, F4.flush(F4.nfma(along, v128.load(v + k), F4.nfma(slope, v128.load(tv + k), straight))))
    }
  }
}
