// Prelu, with one slope per unit, and weight normalization, with one length per unit.
import {
  PRELU_ALPHA,
  PRELU_DALPHA,
  PRELU_DY,
  PRELU_STRIDE,
  PRELU_TO,
  PRELU_X,
  WEIGHT_NORM_DG,
  WEIGHT_NORM_DV,
  WEIGHT_NORM_G,
  WEIGHT_NORM_INPUTS,
  WEIGHT_NORM_INVERSE,
  WEIGHT_NORM_V,
  WEIGHT_NORM_W,
} from '../../src/abi/layers'
import { columnDots } from '../math/columns'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** y = x if x > 0, else alpha x, for panels [begin, end). */
export function prelu(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, PRELU_STRIDE)
  const zero = f32x4.splat(0)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, PRELU_ALPHA) + offset)
    const x = Word.address(step, PRELU_X) + offset
    const toY = Word.address(step, PRELU_TO) + offset - x
    const last = x + <usize>rows * stride
    for (let at = x; at < last; at += stride) {
      const v = v128.load(at)
      v128.store(at + toY, F4.select(v, F4.mulFlush(v, alpha), f32x4.gt(v, zero)))
    }
  }
}

/** dx = dy if x > 0, else alpha dy; dalpha = sum dy min(x, 0), with compensated summation of chunks of rows. */
export function preluBack(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, PRELU_STRIDE)
  const dalpha = Word.address(step, PRELU_DALPHA)
  const dxs = Word.address(step, PRELU_TO)
  const zero = f32x4.splat(0)
  const one = F4.one()
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, PRELU_ALPHA) + offset)
    const x = Word.address(step, PRELU_X) + offset
    const dy = Word.address(step, PRELU_DY) + offset
    let sum = zero
    let lost = zero
    for (let r = 0; r < rows; r++) {
      const v = v128.load(x + <usize>r * stride)
      const g = v128.load(dy + <usize>r * stride)
      const addend = f32x4.sub(f32x4.mul(g, F4.smaller(v, zero)), lost)
      const next = f32x4.add(sum, addend)
      lost = f32x4.sub(f32x4.sub(next, sum), addend)
      sum = next
      if (dxs) v128.store(dxs + offset + <usize>r * stride, F4.mulFlush(g, F4.select(one, alpha, f32x4.gt(v, zero))))
    }
    if (dalpha) v128.store(dalpha + offset, F4.flush(sum))
  }
}

/** w = v g / |v|, |v| the norm of a unit's weights; 0 if it is 0. Panels [begin, end). */
export function weightNorm(step: usize, begin: i32, end: i32): void {
  const inputs = Word.int(step, WEIGHT_NORM_INPUTS)
  const zero = f32x4.splat(0)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const skip = WeightPanel.offset(offset, inputs)
    const v = Word.address(step, WEIGHT_NORM_V) + skip
    const w = Word.address(step, WEIGHT_NORM_W) + skip
    const at = Word.address(step, WEIGHT_NORM_INVERSE) + offset
    columnDots(v, v, 32, inputs, 0, 0, at)
    const length = f32x4.sqrt(v128.load(at))
    const inverse = v128.and(f32x4.div(F4.one(), length), f32x4.gt(length, zero))
    v128.store(at, inverse)
    const scale = F4.mulFlush(v128.load(Word.address(step, WEIGHT_NORM_G) + offset), inverse)
    for (let k: usize = 0; k < (<usize>inputs) << 5; k += 32) {
      v128.store(w + k, F4.mulFlush(v128.load(v + k), scale))
    }
  }
}

/** dg = dw · v / |v|, dv = g / |v| (dw - dg v / |v|) for panels [begin, end). */
export function weightNormBack(step: usize, begin: i32, end: i32): void {
  const inputs = Word.int(step, WEIGHT_NORM_INPUTS)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const skip = WeightPanel.offset(offset, inputs)
    const v = Word.address(step, WEIGHT_NORM_V) + skip
    const dw = Word.address(step, WEIGHT_NORM_W) + skip
    const dv = Word.address(step, WEIGHT_NORM_DV) + skip
    const dg = Word.address(step, WEIGHT_NORM_DG) + offset
    const inverse = v128.load(Word.address(step, WEIGHT_NORM_INVERSE) + offset)
    columnDots(dw, v, 32, inputs, 0, 0, dg)
    const length = F4.mulFlush(v128.load(dg), inverse)
    v128.store(dg, length)
    const scale = F4.mulFlush(v128.load(Word.address(step, WEIGHT_NORM_G) + offset), inverse)
    const slope = F4.mulFlush(inverse, length)
    for (let k: usize = 0; k < (<usize>inputs) << 5; k += 32) {
      const rest = F4.flush(F4.nfma(slope, v128.load(v + k), v128.load(dw + k)))
      v128.store(dv + k, F4.mulFlush(scale, rest))
    }
  }
}

export class WeightPanel {
  /** Offset in panels [ceil(units / PANEL)][inputs][PANEL] of the columns `offset` bytes into a padded row. */
  @inline static offset(offset: usize, inputs: i32): usize {
    return (offset & ~31) * <usize>inputs + (offset & 31)
  }
}
