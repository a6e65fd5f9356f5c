// Parametric activations: y between x and f(x), one trained factor per column.
import {
  BLEND_ALPHA,
  BLEND_DALPHA,
  BLEND_DF,
  BLEND_DY,
  BLEND_F,
  BLEND_STRIDE,
  BLEND_TO,
  BLEND_X,
} from '../../src/abi/features'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** y = x + alpha (f - x), for panels [begin, end). */
export function blend(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, BLEND_STRIDE)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, BLEND_ALPHA) + offset)
    const x = Word.address(step, BLEND_X) + offset
    const toF = Word.address(step, BLEND_F) + offset - x
    const toY = Word.address(step, BLEND_TO) + offset - x
    const last = x + <usize>rows * stride
    for (let at = x; at < last; at += stride) {
      const v = v128.load(at)
      v128.store(at + toY, F4.flush(F4.fma(alpha, F4.subFlush(v128.load(at + toF), v), v)))
    }
  }
}

/** dx = (1 - alpha) dy and df = alpha dy; dalpha = sum dy (f - x), with compensated summation. Panels [begin, end). */
export function blendBack(step: usize, rows: i32, begin: i32, end: i32): void {
  const stride = Word.address(step, BLEND_STRIDE)
  const dalpha = Word.address(step, BLEND_DALPHA)
  const dxs = Word.address(step, BLEND_TO)
  for (let offset = (<usize>begin) << 5; offset < (<usize>end) << 5; offset += 16) {
    const alpha = v128.load(Word.address(step, BLEND_ALPHA) + offset)
    const rest = F4.subFlush(F4.one(), alpha)
    const x = Word.address(step, BLEND_X) + offset
    const toF = Word.address(step, BLEND_F) + offset - x
    const toDy = Word.address(step, BLEND_DY) + offset - x
    const toDx = dxs + offset - x
    const toDf = Word.address(step, BLEND_DF) + offset - x
    const last = x + <usize>rows * stride
    let sum = f32x4.splat(0)
    let lost = sum
    for (let at = x; at < last; at += stride) {
      const g = v128.load(at + toDy)
      const addend = f32x4.sub(f32x4.mul(g, F4.subFlush(v128.load(at + toF), v128.load(at))), lost)
      const next = f32x4.add(sum, addend)
      lost = f32x4.sub(f32x4.sub(next, sum), addend)
      sum = next
      if (dxs == 0) continue
      v128.store(at + toDx, F4.mulFlush(g, rest))
      v128.store(at + toDf, F4.mulFlush(g, alpha))
    }
    if (dalpha) v128.store(dalpha + offset, F4.flush(sum))
  }
}
