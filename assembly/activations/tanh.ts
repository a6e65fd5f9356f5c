// tanh two vectors at a time, as F4.tanh computes it, to the bit: constants are loaded once, and nothing is loaded or stored
// between what the two load and store, so that V8 makes one of them where it may use 256 bits.
import * as at from '../math/constants'
import { F4 } from '../math/simd'

/** to = tanh(from) on a block of `rows` x `bytes`, a multiple of 32; strides in bytes; `to` may be `from`. */
export function tanhBlock(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, bytes: usize): void {
  const magnitude = F4.magnitude()
  const low = v128.load(0, at.EXPM1_LOW)
  const log2e = v128.load(0, at.LOG2E)
  const ln2High = v128.load(0, at.LN2_HIGH)
  const ln2Low = v128.load(0, at.LN2_LOW)
  const round = v128.load(0, at.ROUNDING)
  const p6 = v128.load(0, at.EXPM1_6)
  const p5 = v128.load(0, at.EXPM1_5)
  const p4 = v128.load(0, at.EXPM1_4)
  const p3 = v128.load(0, at.EXPM1_3)
  const p2 = v128.load(0, at.EXPM1_2)
  const bias = v128.load(0, at.EXP_BIAS)
  const one = F4.one()
  const two = v128.load(0, at.TWO)
  for (let r = 0; r < rows; r++, from += fromStride, to += toStride) {
    for (let c: usize = 0; c < bytes; c += 32) {
      const x0 = v128.load(from + c)
      const x1 = v128.load(from + c, 16)
      const a0 = v128.and(x0, magnitude)
      const a1 = v128.and(x1, magnitude)
      const z0 = f32x4.pmax(f32x4.neg(f32x4.add(a0, a0)), low)
      const z1 = f32x4.pmax(f32x4.neg(f32x4.add(a1, a1)), low)
      const n0 = f32x4.sub(f32x4.add(f32x4.mul(z0, log2e), round), round)
      const n1 = f32x4.sub(f32x4.add(f32x4.mul(z1, log2e), round), round)
      const r0 = F4.nfma(n0, ln2Low, F4.nfma(n0, ln2High, z0))
      const r1 = F4.nfma(n1, ln2Low, F4.nfma(n1, ln2High, z1))
      const q0 = F4.fma(r0, F4.fma(r0, F4.fma(r0, F4.fma(r0, p6, p5), p4), p3), p2)
      const q1 = F4.fma(r1, F4.fma(r1, F4.fma(r1, F4.fma(r1, p6, p5), p4), p3), p2)
      const s0 = i32x4.shl(f32x4.add(n0, bias), 23)
      const s1 = i32x4.shl(f32x4.add(n1, bias), 23)
      const t0 = F4.fma(s0, F4.fma(f32x4.mul(r0, r0), q0, r0), f32x4.sub(s0, one))
      const t1 = F4.fma(s1, F4.fma(f32x4.mul(r1, r1), q1, r1), f32x4.sub(s1, one))
      const y0 = v128.bitselect(f32x4.div(t0, f32x4.add(t0, two)), x0, magnitude)
      const y1 = v128.bitselect(f32x4.div(t1, f32x4.add(t1, two)), x1, magnitude)
      v128.store(to + c, y0)
      v128.store(to + c, y1, 16)
    }
  }
}
