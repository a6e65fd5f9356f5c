// What counts as 0. Values below 2^-63 do, in everything that kernels multiply: arithmetic on denormals is 10 to 100 times
// slower, and a product of two values from 2^-63 on is no denormal. Kernels keep it so (F4.flush where they store), the
// doors begin it: features and parameters pass through here.
import { F4 } from './simd'

/** Flushes `bytes` of floats, a multiple of 4; whether any that was not 0 now is. */
export function flush(at: usize, bytes: usize): bool {
  const whole = at + (bytes & ~15)
  const end = at + bytes
  let lost = i32x4.splat(0)
  for (; at < whole; at += 16) {
    const x = v128.load(at)
    const tiny = F4.isTiny(x)
    v128.store(at, v128.andnot(x, tiny))
    lost = v128.or(lost, v128.and(x, tiny))
  }
  for (; at < end; at += 4) {
    const x = v128.load32_zero(at)
    const tiny = F4.isTiny(x)
    v128.store32_lane(at, v128.andnot(x, tiny), 0)
    lost = v128.or(lost, v128.and(x, tiny))
  }
  // -0 is no loss
  return v128.any_true(F4.abs(lost))
}
