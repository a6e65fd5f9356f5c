// Noise in training, and the sum of two branches: element by element, rows split among threads.
import {
  NOISE_COLS,
  NOISE_FROM,
  NOISE_OTHER,
  NOISE_SCALE,
  NOISE_STREAM,
  NOISE_STRIDE,
  NOISE_THRESHOLD,
  NOISE_TO,
} from '../../src/abi/layers'
import { PANEL } from '../../src/abi/layout'
import { Draw } from '../math/random'
import { F4 } from '../math/simd'

class Elements {
  /** Columns with their padding. */
  @inline static padded(step: usize): i32 {
    return (load<i32>(step, NOISE_COLS << 2) + PANEL - 1) & -PANEL
  }

  /** Indices of the row's first four elements: they depend on its columns, not on its stride. */
  @inline static first(row: i32, padded: i32): v128 {
    return i32x4.add(i32x4.splat(row * padded), i32x4(0, 1, 2, 3))
  }

  @inline static key(step: usize, record: usize, index: i32): v128 {
    return i32x4.splat(Draw.key(record, load<i32>(step, NOISE_STREAM << 2), index))
  }
}

/** to = from / (1 - rate) with probability 1 - rate, else 0; the same elements for dy as for x. */
export function dropout(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = load<usize>(step, NOISE_STRIDE << 2)
  const padded = Elements.padded(step)
  const threshold = v128.load32_splat(step, NOISE_THRESHOLD << 2)
  const scale = v128.load32_splat(step, NOISE_SCALE << 2)
  const key = Elements.key(step, record, 0)
  const second = Elements.key(step, record, 1)
  const four = i32x4.splat(PANEL >> 1)
  for (let r = begin; r < end; r++) {
    const from = load<usize>(step, NOISE_FROM << 2) + <usize>r * stride
    const to = load<usize>(step, NOISE_TO << 2) + <usize>r * stride
    let index = Elements.first(r, padded)
    for (let c: usize = 0; c < (<usize>padded) << 2; c += 16) {
      const kept = i32x4.ge_u(Draw.bits(index, key, second), threshold)
      v128.store(to + c, v128.and(f32x4.mul(v128.load(from + c), scale), kept))
      index = i32x4.add(index, four)
    }
  }
}

/** to = from + stddev z, z standard normal. */
export function noise(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = load<usize>(step, NOISE_STRIDE << 2)
  const padded = Elements.padded(step)
  const scale = v128.load32_splat(step, NOISE_SCALE << 2)
  const key = Elements.key(step, record, 0)
  const second = Elements.key(step, record, 1)
  const four = i32x4.splat(PANEL >> 1)
  for (let r = begin; r < end; r++) {
    const from = load<usize>(step, NOISE_FROM << 2) + <usize>r * stride
    const to = load<usize>(step, NOISE_TO << 2) + <usize>r * stride
    let index = Elements.first(r, padded)
    for (let c: usize = 0; c < (<usize>padded) << 2; c += 16) {
      v128.store(to + c, F4.fma(Draw.normal(Draw.bits(index, key, second)), scale, v128.load(from + c)))
      index = i32x4.add(index, four)
    }
  }
}

/** to = from + other; `to` may be either. */
export function addRows(step: usize, begin: i32, end: i32): void {
  const stride = load<usize>(step, NOISE_STRIDE << 2)
  const bytes = (<usize>Elements.padded(step)) << 2
  for (let r = begin; r < end; r++) {
    const from = load<usize>(step, NOISE_FROM << 2) + <usize>r * stride
    const to = load<usize>(step, NOISE_TO << 2) + <usize>r * stride
    const other = load<usize>(step, NOISE_OTHER << 2) + <usize>r * stride
    for (let c: usize = 0; c < bytes; c += PANEL << 2) {
      v128.store(to + c, f32x4.add(v128.load(from + c), v128.load(other + c)))
      v128.store(to + c, f32x4.add(v128.load(from + c, 16), v128.load(other + c, 16)), 16)
    }
  }
}
