// Counter-based random numbers: a hash of the element's index, keyed by seed, step and stream. The backward pass regenerates
// the same bits as the forward pass, for any split among threads.
import { RECORD_SEED, RECORD_STEP } from '../../src/abi/records'
import { Word } from '../word'
import * as constant from './constants'
import { F4 } from './simd'

/** Weyl increment of SplitMix. */
const GAMMA: i32 = <i32>0x9e3779b9

/** A 32-bit mixer: "lowbias32" of Wellons' hash prospector. */
function mix(z: i32): i32 {
  z = (z ^ (z >>> 16)) * <i32>0x7feb352d
  z = (z ^ (z >>> 15)) * <i32>0x846ca68b
  return z ^ (z >>> 16)
}

export class Draw {
  /** Word `index` of the key of one stream in one step. */
  static key(record: usize, stream: i32, index: i32): i32 {
    const seed = mix(Word.int(record, RECORD_SEED) + GAMMA * (index + 1))
    const step = mix(seed ^ (Word.int(record, RECORD_STEP) + GAMMA))
    return mix(step + GAMMA * (stream + 1))
  }

  /** 32 bits per lane; the second key word enters between the rounds, so that streams are not shifts of one another. */
  @inline static bits(index: v128, key: v128, second: v128): v128 {
    let z = v128.xor(index, key)
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), v128.load(0, constant.HASH1))
    z = i32x4.add(v128.xor(z, i32x4.shr_u(z, 15)), second)
    z = i32x4.mul(z, v128.load(0, constant.HASH2))
    return v128.xor(z, i32x4.shr_u(z, 16))
  }

  /**
   * Standard normal from 32 random bits: sqrt(2) erfinv(u), u uniform on the odd multiples of 2^-24 in (-1, 1);
   * Giles' single precision polynomials ("Approximating the erfinv function", 2010), relative error below 4e-7.
   */
  @inline static normal(bits: v128): v128 {
    const one = F4.one()
    const whole = i32x4.sub(v128.or(i32x4.shr_u(bits, 7), v128.load(0, constant.BIT0)), v128.load(0, constant.BIT24))
    const u = f32x4.mul(f32x4.convert_i32x4_s(whole), v128.load(0, constant.ULP24))
    const w = f32x4.neg(F4.log(f32x4.mul(f32x4.sub(one, u), f32x4.add(one, u))))
    const near = f32x4.sub(w, v128.load(0, constant.ERFINV_CENTER))
    let p = F4.fma(near, v128.load(0, constant.ERFINV8), v128.load(0, constant.ERFINV7))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV6))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV5))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV4))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV3))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV2))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV1))
    p = F4.fma(near, p, v128.load(0, constant.ERFINV0))
    const far = f32x4.sub(f32x4.sqrt(w), v128.load(0, constant.THREE))
    let q = F4.fma(far, v128.load(0, constant.ERFINV_TAIL8), v128.load(0, constant.ERFINV_TAIL7))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL6))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL5))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL4))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL3))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL2))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL1))
    q = F4.fma(far, q, v128.load(0, constant.ERFINV_TAIL0))
    const tail = f32x4.ge(near, v128.load(0, constant.ERFINV_CENTER))
    return f32x4.mul(f32x4.mul(v128.bitselect(q, p, tail), u), v128.load(0, constant.SQRT2))
  }
}
