// Flushing to zero. Values below 2^-63 count as 0 in everything that kernels multiply, since arithmetic on denormals is 10 to 100
// times slower, and products of values from 2^-63 on are never denormal. Kernels flush what they store (F4.flush);
// features and parameters are flushed here when they enter.
import { MET_NON_FINITE, MET_TINY } from '../../src/abi/layout'
import { F4 } from './simd'

/** The largest finite number, as bits; NaN and infinity, without their sign, are greater. */
const LARGEST = 0x7f7fffff

/** Flushes `bytes` of floats, a multiple of 4; returns MET_TINY if any nonzero value was flushed, and MET_NON_FINITE. */
export function flush(at: usize, bytes: usize): i32 {
  const end = at + bytes
  const whole = at + (bytes & ~31)
  const first = at
  let lost = i32x4.splat(0)
  let most = i32x4.splat(0)
  for (; at < whole; at += 32) {
    const x = v128.load(at)
    const z = v128.load(at, 16)
    lost = v128.or(lost, v128.or(v128.and(x, F4.isTiny(x)), v128.and(z, F4.isTiny(z))))
    most = i32x4.max_s(most, i32x4.max_s(F4.abs(x), F4.abs(z)))
  }
  for (; at < end; at += 4) {
    const x = v128.load32_zero(at)
    lost = v128.or(lost, v128.and(x, F4.isTiny(x)))
    most = i32x4.max_s(most, F4.abs(x))
  }
  // usually there is nothing to flush, and no need to write
  if (v128.any_true(lost)) {
    for (at = first; at < whole; at += 16) v128.store(at, F4.flush(v128.load(at)))
    for (; at < end; at += 4) v128.store32_lane(at, F4.flush(v128.load32_zero(at)), 0)
  }
  // losing -0 does not count
  return (
    (v128.any_true(F4.abs(lost)) ? MET_TINY : 0) |
    (v128.any_true(i32x4.gt_s(most, i32x4.splat(LARGEST))) ? MET_NON_FINITE : 0)
  )
}
