// Gathering a batch, the mean of its row losses, counting correct predictions.
import {
  CORRECT_BINARY,
  CORRECT_COLS,
  CORRECT_MODE,
  CORRECT_OUTPUTS,
  CORRECT_SPARSE,
  CORRECT_STRIDE,
  CORRECT_TARGETS,
  CORRECT_TARGETS_STRIDE,
  CORRECT_THRESHOLD,
  GATHER_COLS,
  GATHER_FROM,
  GATHER_ORDER,
  GATHER_TO,
  GATHER_TO_STRIDE,
  MEAN_LOSS_ROWS,
  MEAN_LOSS_WEIGHTS,
} from '../../src/abi/batches'
import { RECORD_CORRECT, RECORD_FIRST, RECORD_LOSS, RECORD_WEIGHT } from '../../src/abi/records'
import { Lanes, totalWeight } from '../math/lanes'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** to[r] = from[order[first + r]] for rows [begin, end); source rows are packed, padding of `to` is not written. */
export function gather(step: usize, record: usize, begin: i32, end: i32): void {
  const from = Word.address(step, GATHER_FROM)
  const cols = Word.int(step, GATHER_COLS)
  const bytes = (<usize>cols) << 2
  const toStride = Word.address(step, GATHER_TO_STRIDE)
  let to = Word.address(step, GATHER_TO) + <usize>begin * toStride
  let order = Word.address(step, GATHER_ORDER) + ((<usize>Word.int(record, RECORD_FIRST)) << 2)
  const last = order + ((<usize>end) << 2)
  order += (<usize>begin) << 2
  if (cols == 1) {
    for (; order < last; order += 4, to += toStride) store<u32>(to, load<u32>(from + ((<usize>load<u32>(order)) << 2)))
    return
  }
  if (cols == 4) {
    for (; order < last; order += 4, to += toStride) v128.store(to, v128.load(from + ((<usize>load<u32>(order)) << 4)))
    return
  }
  for (; order < last; order += 4, to += toStride) copyWords(from + <usize>load<u32>(order) * bytes, to, bytes)
}

/** Copies a row; if it is longer than a vector, the last vector overlaps the previous one. */
function copyWords(from: usize, to: usize, bytes: usize): void {
  if (bytes < 16) {
    store<u64>(to, load<u64>(from))
    if (bytes == 12) store<u32>(to, load<u32>(from, 8), 8)
    return
  }
  const end = to + bytes
  const offset = from - to
  const blocks = to + (bytes & ~63)
  for (; to < blocks; to += 64) {
    v128.store(to, v128.load(to + offset))
    v128.store(to, v128.load(to + offset, 16), 16)
    v128.store(to, v128.load(to + offset, 32), 32)
    v128.store(to, v128.load(to + offset, 48), 48)
  }
  for (; to + 16 <= end; to += 16) v128.store(to, v128.load(to + offset))
  if (to < end) v128.store(end - 16, v128.load(end - 16 + offset))
}

/** loss = sum(w * l) / sum(w), 0 if no row has weight; weight = sum(w). */
export function meanLoss(step: usize, rows: i32, record: usize): void {
  let rowLosses = Word.address(step, MEAN_LOSS_ROWS)
  let weights = Word.address(step, MEAN_LOSS_WEIGHTS)
  const total = totalWeight(weights, rows)
  let sum: f64 = 0
  const last = rowLosses + ((<usize>rows) << 2)
  if (weights) {
    // rows without weight are skipped, even if their loss is not finite
    for (; rowLosses < last; rowLosses += 4, weights += 4) {
      const weight = <f64>load<f32>(weights)
      if (weight != 0) sum += weight * <f64>load<f32>(rowLosses)
    }
  } else {
    for (; rowLosses < last; rowLosses += 4) sum += <f64>load<f32>(rowLosses)
  }
  Word.setDouble(record, RECORD_LOSS, total != 0 ? sum / total : 0)
  Word.setDouble(record, RECORD_WEIGHT, total)
}

/**
 * Number of rows whose argmax is the target's class (sparse) or the target's argmax (one-hot), first on ties, or of outputs
 * on the target's side: (y > threshold) == (t > 0.5). A row with NaN is never correct.
 */
export function countCorrect(step: usize, rows: i32, record: usize): void {
  const mode = Word.int(step, CORRECT_MODE)
  const cols = Word.int(step, CORRECT_COLS)
  const stride = Word.address(step, CORRECT_STRIDE)
  const targetsStride = Word.address(step, CORRECT_TARGETS_STRIDE)
  const threshold = Word.splat(step, CORRECT_THRESHOLD)
  let outputs = Word.address(step, CORRECT_OUTPUTS)
  let targets = Word.address(step, CORRECT_TARGETS)
  let correct = 0
  for (let r = 0; r < rows; r++, outputs += stride, targets += targetsStride) {
    if (mode == CORRECT_BINARY) {
      correct += countSides(outputs, targets, cols, threshold)
    } else {
      const found = argmax(outputs, cols)
      const wanted = mode == CORRECT_SPARSE ? load<i32>(targets) : argmax(targets, cols)
      correct += i32(found >= 0 && found == wanted)
    }
  }
  Word.setDouble(record, RECORD_CORRECT, <f64>correct)
}

/** Index of the first largest value; -1 if there is a NaN. */
function argmax(row: usize, cols: i32): i32 {
  let largest = v128.load32_splat(row)
  const first = largest
  const index = i32x4(0, 1, 2, 3)
  for (let c = 0, at = row; c < cols; c += 4, at += 16) {
    const left = cols - c
    largest = f32x4.max(largest, v128.bitselect(Lanes.load(at, left), first, Lanes.mask(index, left)))
  }
  if (v128.any_true(f32x4.ne(largest, largest))) return -1
  const wanted = f32x4.splat(F4.max(largest))
  for (let c = 0, at = row; c < cols; c += 4, at += 16) {
    const left = cols - c
    const bits = i32x4.bitmask(f32x4.eq(Lanes.load(at, left), wanted)) & Lanes.bits(left)
    if (bits) return c + ctz(bits)
  }
  return -1
}

function countSides(outputs: usize, targets: usize, cols: i32, threshold: v128): i32 {
  const half = f32x4.splat(0.5)
  let count = 0
  for (let c = 0; c < cols; c += 4, outputs += 16, targets += 16) {
    const left = cols - c
    const y = Lanes.load(outputs, left)
    const predicted = f32x4.gt(y, threshold)
    const wanted = f32x4.gt(Lanes.load(targets, left), half)
    const wrong = v128.or(v128.xor(predicted, wanted), f32x4.ne(y, y))
    count += popcnt(~i32x4.bitmask(wrong) & Lanes.bits(left))
  }
  return count
}
