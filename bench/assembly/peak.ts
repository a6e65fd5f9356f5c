// Yardsticks: what one core can do at most with the instructions the kernels use.
import { F4 } from '../../assembly/math/simd'

export { fillConstants } from '../../assembly/math/simd'

class Peak {
  /** One multiply-add, in the form that takes no move and that no compiler can hoist or merge. */
  @inline static next(sum: v128, p: v128, q: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(p, q, sum)
    return f32x4.add(f32x4.mul(sum, p), q)
  }

  /** `rounds` of COUNT (a literal) independent multiply-adds of four lanes, all in registers. */
  @inline static run(COUNT: i32, rounds: i32, x: f32, y: f32): f32 {
    const p = f32x4.splat(x)
    const q = f32x4.splat(y)
    let a = f32x4.splat(0)
    let b = f32x4.splat(1)
    let c = f32x4.splat(2)
    let d = f32x4.splat(3)
    let e = f32x4.splat(4)
    let f = f32x4.splat(5)
    let g = f32x4.splat(6)
    let h = f32x4.splat(7)
    let i = f32x4.splat(8)
    let j = f32x4.splat(9)
    let k = f32x4.splat(10)
    let l = f32x4.splat(11)
    let m = f32x4.splat(12)
    for (; rounds; rounds--) {
      a = Peak.next(a, p, q)
      b = Peak.next(b, p, q)
      c = Peak.next(c, p, q)
      d = Peak.next(d, p, q)
      e = Peak.next(e, p, q)
      f = Peak.next(f, p, q)
      g = Peak.next(g, p, q)
      h = Peak.next(h, p, q)
      i = Peak.next(i, p, q)
      j = Peak.next(j, p, q)
      if (COUNT > 10) k = Peak.next(k, p, q)
      if (COUNT > 10) l = Peak.next(l, p, q)
      if (COUNT > 10) m = Peak.next(m, p, q)
    }
    const first = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(e, f))
    const second = f32x4.add(f32x4.add(f32x4.add(g, h), f32x4.add(i, j)), f32x4.add(k, f32x4.add(l, m)))
    return f32x4.extract_lane(f32x4.add(first, second), 0)
  }
}

/** 10 sums hide the latency of a fused multiply-add, and fit engines that leave few vector registers. */
export function peak10(rounds: i32, x: f32, y: f32): f32 {
  return Peak.run(10, rounds, x, y)
}

/** 13 sums and two factors fill 15 registers: a multiply and an add that wait for each other need that many. */
export function peak13(rounds: i32, x: f32, y: f32): f32 {
  return Peak.run(13, rounds, x, y)
}

/** Copies `bytes`, a multiple of 64. */
export function copy(from: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 64) {
    v128.store(to + at, v128.load(from + at))
    v128.store(to + at, v128.load(from + at, 16), 16)
    v128.store(to + at, v128.load(from + at, 32), 32)
    v128.store(to + at, v128.load(from + at, 48), 48)
  }
}

/** to = e^from for `bytes`, a multiple of 16. */
export function exp(from: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, F4.exp(v128.load(from + at)))
}
