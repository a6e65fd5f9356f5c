// Table rows looked up by index columns. An index that is negative or out of range is missing: zeros.
import {
  TABLE_CATEGORIES,
  TABLE_GRADIENT,
  TABLE_LIST,
  TABLE_PAD,
  TABLE_RATE_SCALE,
  TABLE_ROOM,
  TABLE_ROWS,
  TABLE_TINY,
  TABLE_UNITS,
  TABLE_X,
  TABLE_X_STRIDE,
  TABLE_Y,
  TABLE_Y_STRIDE,
} from '../../src/abi/features'
import { RECORD_LEARNING_RATE } from '../../src/abi/records'
import { Lanes } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { Some } from './columns'

class Table {
  /** Bytes of a row. */
  @inline static row(step: usize): usize {
    return (<usize>(Word.int(step, TABLE_UNITS) + 7) & ~7) << 2
  }

  /** The index of row r, or -1. */
  @inline static index(step: usize, r: usize): i32 {
    const x = load<f32>(Word.address(step, TABLE_X) + r * Word.address(step, TABLE_X_STRIDE))
    const index = i32x4.extract_lane(i32x4.trunc_sat_f32x4_s(f32x4.splat(x)), 0)
    return <u32>index < <u32>Word.int(step, TABLE_CATEGORIES) ? index : -1
  }
}

/** y = the table row at each index, then zero padding; rows [begin, end). */
export function takeRows(step: usize, begin: i32, end: i32): void {
  const units = Word.int(step, TABLE_UNITS)
  const pad = (<usize>Word.int(step, TABLE_PAD)) << 2
  const row = Table.row(step)
  const table = Word.address(step, TABLE_ROWS)
  for (let r = <usize>begin; r < <usize>end; r++) {
    let to = Word.address(step, TABLE_Y) + r * Word.address(step, TABLE_Y_STRIDE)
    const index = Table.index(step, r)
    if (index < 0) {
      memory.fill(to, 0, ((<usize>units) << 2) + pad)
      continue
    }
    let from = table + <usize>index * row
    // table rows are padded to whole panels, so reading past the units reads zeros
    for (let left = units; left > 0; left -= 4, from += 16, to += 16) Some.store(to, v128.load(from), left)
    for (let at = <usize>0; at < pad; at += 4) store<f32>(to - ((<usize>(-units & 3)) << 2) + at, 0)
  }
}

/** y = one-hot encoding of each index, then zero padding; rows [begin, end). */
export function markColumns(step: usize, begin: i32, end: i32): void {
  const bytes = (<usize>(Word.int(step, TABLE_CATEGORIES) + Word.int(step, TABLE_PAD))) << 2
  for (let r = <usize>begin; r < <usize>end; r++) {
    const to = Word.address(step, TABLE_Y) + r * Word.address(step, TABLE_Y_STRIDE)
    const index = Table.index(step, r)
    memory.fill(to, 0, bytes)
    if (index >= 0) store<f32>(to + ((<usize>index) << 2), 1)
  }
}

/** Clears the listed rows of the gradient, or all, and lists those of the batch. Runs on one thread. */
export function clearRows(step: usize, rows: i32): void {
  const row = Table.row(step)
  const categories = Word.int(step, TABLE_CATEGORIES)
  const gradient = Word.address(step, TABLE_GRADIENT)
  const list = Word.address(step, TABLE_LIST)
  const count = list ? load<i32>(list) : 0
  if (count <= 0 || count > Word.int(step, TABLE_ROOM)) memory.fill(gradient, 0, row * <usize>categories)
  else {
    for (let i: usize = 1; i <= <usize>count; i++) {
      const index = load<i32>(list + (i << 2))
      if (<u32>index >= <u32>categories) continue
      const at = gradient + <usize>index * row
      for (let c: usize = 0; c < row; c += 16) v128.store(at + c, i64x2.splat(0))
    }
  }
  if (!list) return
  store<i32>(list, rows)
  for (let r: usize = 0; r < <usize>rows; r++) store<i32>(list + ((r + 1) << 2), Table.index(step, r))
}

/** gradient[index] += dy, row by row of the batch, for the units of panels [begin, end). */
export function addToRows(step: usize, rows: i32, begin: i32, end: i32): void {
  const units = Word.int(step, TABLE_UNITS)
  const row = Table.row(step)
  const gradient = Word.address(step, TABLE_GRADIENT)
  for (let r: usize = 0; r < <usize>rows; r++) {
    const index = Table.index(step, r)
    if (index < 0) continue
    const dy = Word.address(step, TABLE_Y) + r * Word.address(step, TABLE_Y_STRIDE)
    const to = gradient + <usize>index * row
    for (let c = begin << 3; c < min(end << 3, units); c += 4) {
      const at = to + ((<usize>c) << 2)
      const sum = f32x4.add(v128.load(at), Lanes.load(dy + ((<usize>c) << 2), units - c))
      v128.store(at, F4.flush(sum))
    }
  }
}

/**
 * Plain SGD on the looked-up rows: w -= rate * gradient, using the w that the forward pass copied to y, so that a row that
 * occurs several times is written several times with the same result. Rows [begin, end).
 */
export function stepRows(step: usize, record: usize, begin: i32, end: i32): void {
  const units = Word.int(step, TABLE_UNITS)
  const row = Table.row(step)
  const rate = F4.splat(Word.float(record, RECORD_LEARNING_RATE) * Word.float(step, TABLE_RATE_SCALE))
  const tiny = Word.splat(step, TABLE_TINY)
  const table = Word.address(step, TABLE_ROWS)
  const toGradient = Word.address(step, TABLE_GRADIENT) - table
  for (let r = <usize>begin; r < <usize>end; r++) {
    const index = Table.index(step, r)
    if (index < 0) continue
    let y = Word.address(step, TABLE_Y) + r * Word.address(step, TABLE_Y_STRIDE)
    let at = table + <usize>index * row
    for (let left = units; left > 0; left -= 4, y += 16, at += 16) {
      const w = Lanes.load(y, left)
      const g = f32x4.sub(f32x4.add(v128.load(at + toGradient), tiny), tiny)
      v128.store(at, F4.flush(F4.nfma(rate, g, w)))
    }
  }
}
