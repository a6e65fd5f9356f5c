// A checksum of quantized weights.

/** The sum of `bytes` signed bytes, modulo 2^32. */
export function sumBytes(from: usize, bytes: i32): i32 {
  const last = from + <usize>bytes
  const vectors = from + <usize>(bytes & ~15)
  let sums = i32x4.splat(0)
  let at = from
  for (; at < vectors; at += 16) {
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(at))))
  }
  let sum = 0
  for (; at < last; at++) sum += <i32>load<i8>(at)
  const low = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1)
  return sum + low + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3)
}
