// Copies and additions of column ranges.
import {
  COLUMNS_COUNT,
  COLUMNS_FROM,
  COLUMNS_FROM_STRIDE,
  COLUMNS_PAD,
  COLUMNS_TO,
  COLUMNS_TO_STRIDE,
} from '../../src/abi/features'
import { Lanes } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'

export class Some {
  /** Stores the first `left` of four lanes (or all), where a full vector might not fit. */
  @inline static store(at: usize, value: v128, left: i32): void {
    if (left >= 4) {
      v128.store(at, value)
      return
    }
    store<f32>(at, f32x4.extract_lane(value, 0))
    if (left > 1) store<f32>(at, f32x4.extract_lane(value, 1), 4)
    if (left > 2) store<f32>(at, f32x4.extract_lane(value, 2), 8)
  }
}

/** to = from, or 0, then zeros for padding; rows [begin, end). */
export function copyColumns(step: usize, begin: i32, end: i32): void {
  const count = (<usize>Word.int(step, COLUMNS_COUNT)) << 2
  const pad = (<usize>Word.int(step, COLUMNS_PAD)) << 2
  const source = Word.address(step, COLUMNS_FROM)
  for (let r = <usize>begin; r < <usize>end; r++) {
    const from = source + r * Word.address(step, COLUMNS_FROM_STRIDE)
    const to = Word.address(step, COLUMNS_TO) + r * Word.address(step, COLUMNS_TO_STRIDE)
    if (source) memory.copy(to, from, count)
    else memory.fill(to, 0, count)
    memory.fill(to + count, 0, pad)
  }
}

/** to += from; rows [begin, end). */
export function addColumns(step: usize, begin: i32, end: i32): void {
  const count = Word.int(step, COLUMNS_COUNT)
  for (let r = <usize>begin; r < <usize>end; r++) {
    let from = Word.address(step, COLUMNS_FROM) + r * Word.address(step, COLUMNS_FROM_STRIDE)
    let to = Word.address(step, COLUMNS_TO) + r * Word.address(step, COLUMNS_TO_STRIDE)
    for (let left = count; left > 0; left -= 4, from += 16, to += 16) {
      Some.store(to, F4.flush(f32x4.add(Lanes.load(to, left), Lanes.load(from, left))), left)
    }
  }
}
