// Dropout and noise, and the sum of two branches: elementwise, split by rows.
import {
  ADD_A,
  ADD_B,
  ADD_COLS,
  ADD_STRIDE,
  ADD_TO,
  NOISE_COLS,
  NOISE_FROM,
  NOISE_RATE,
  NOISE_SCALE,
  NOISE_STREAM,
  NOISE_STRIDE,
  NOISE_THRESHOLD,
  NOISE_TO,
} from '../../src/abi/layers'
import { PANEL } from '../../src/abi/layout'
import { RECORD_ROWS_BEFORE } from '../../src/abi/records'
import { Draw } from '../math/random'
import { F4 } from '../math/simd'
import { Word } from '../word'

export class Elements {
  /** Number of columns including padding. */
  @inline static padded(step: usize): i32 {
    return (Word.int(step, NOISE_COLS) + PANEL - 1) & -PANEL
  }

  /** Rows before these ones in a batch that is shared by several ranks. */
  @inline static before(record: usize): i32 {
    return Word.int(record, RECORD_ROWS_BEFORE)
  }

  /** Indices of the row's first four elements, independent of its stride. */
  @inline static first(row: i32, padded: i32): v128 {
    return i32x4.add(i32x4.splat(row * padded), i32x4(0, 1, 2, 3))
  }

  @inline static key(step: usize, record: usize, index: i32): v128 {
    return i32x4.splat(Draw.key(record, Word.int(step, NOISE_STREAM), index))
  }
}

/** to = from / (1 - rate) with probability 1 - rate, else 0; the same mask for dy as for x. */
export function dropout(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, NOISE_STRIDE)
  const padded = Elements.padded(step)
  let threshold = Word.splat(step, NOISE_THRESHOLD)
  let scale = Word.splat(step, NOISE_SCALE)
  const scheduled = Word.int(step, NOISE_RATE)
  if (scheduled) {
    const rate = Word.float(record, scheduled)
    threshold = i32x4.splat(<i32>(<u32>(<f64>rate * 4294967296)))
    scale = f32x4.splat(1 / (1 - rate))
  }
  const key = Elements.key(step, record, 0)
  const second = Elements.key(step, record, 1)
  const before = Elements.before(record)
  const four = i32x4.splat(PANEL >> 1)
  for (let r = begin; r < end; r++) {
    const from = Word.address(step, NOISE_FROM) + <usize>r * stride
    const to = Word.address(step, NOISE_TO) + <usize>r * stride
    let index = Elements.first(before + r, padded)
    for (let c: usize = 0; c < (<usize>padded) << 2; c += 16) {
      const kept = i32x4.ge_u(Draw.bits(index, key, second), threshold)
      v128.store(to + c, v128.and(f32x4.mul(v128.load(from + c), scale), kept))
      index = i32x4.add(index, four)
    }
  }
}

/** to = from + stddev z, z standard normal. */
export function noise(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, NOISE_STRIDE)
  const padded = Elements.padded(step)
  const scale = Word.splat(step, NOISE_SCALE)
  const key = Elements.key(step, record, 0)
  const second = Elements.key(step, record, 1)
  const before = Elements.before(record)
  const four = i32x4.splat(PANEL >> 1)
  for (let r = begin; r < end; r++) {
    const from = Word.address(step, NOISE_FROM) + <usize>r * stride
    const to = Word.address(step, NOISE_TO) + <usize>r * stride
    let index = Elements.first(before + r, padded)
    for (let c: usize = 0; c < (<usize>padded) << 2; c += 16) {
      v128.store(to + c, F4.flush(F4.fma(Draw.normal(Draw.bits(index, key, second)), scale, v128.load(from + c))))
      index = i32x4.add(index, four)
    }
  }
}

/** to = a + b on rows [begin, end); `to` may be either. */
export function addRows(step: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, ADD_STRIDE)
  const bytes = <usize>Word.panels(step, ADD_COLS) * (PANEL << 2)
  for (let r = begin; r < end; r++) {
    const a = Word.address(step, ADD_A) + <usize>r * stride
    const b = Word.address(step, ADD_B) + <usize>r * stride
    const to = Word.address(step, ADD_TO) + <usize>r * stride
    for (let c: usize = 0; c < bytes; c += PANEL << 2) {
      v128.store(to + c, F4.flush(f32x4.add(v128.load(a + c), v128.load(b + c))))
      v128.store(to + c, F4.flush(f32x4.add(v128.load(a + c, 16), v128.load(b + c, 16))), 16)
    }
  }
}
