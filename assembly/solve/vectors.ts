// Vector operations for solvers: on float32 blocks of the size of all parameters.
import { SUM_CHUNK } from '../../src/abi/layout'
import { RECORD_DOT, RECORD_SCALAR } from '../../src/abi/records'
import {
  AXPY_SCALAR,
  AXPY_TO,
  AXPY_X,
  AXPY_Y,
  DOT_COUNT,
  DOT_PARTIALS,
  DOT_SUM_COUNT,
  DOT_SUM_PARTIALS,
  DOT_X,
  DOT_Y,
} from '../../src/abi/solve'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** Bytes of a chunk. */
const CHUNK: usize = SUM_CHUNK << 2

/** partials[c] = sum of x y over chunk c, for chunks [begin, end): in float64, in a fixed order. */
export function dotPartials(step: usize, begin: i32, end: i32): void {
  const bytes = (<usize>Word.int(step, DOT_COUNT)) << 2
  const partials = Word.address(step, DOT_PARTIALS)
  const x = Word.address(step, DOT_X)
  const toY = Word.address(step, DOT_Y) - x
  for (let chunk = <usize>begin; chunk < <usize>end; chunk++) {
    let low = f64x2.splat(0)
    let high = low
    const last = x + min((chunk + 1) * CHUNK, bytes)
    for (let at = x + chunk * CHUNK; at < last; at += 16) {
      const a = v128.load(at)
      const b = v128.load(at + toY)
      low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)))
      const upperA = v128.shuffle<i64>(a, a, 1, 1)
      const upperB = v128.shuffle<i64>(b, b, 1, 1)
      high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(upperA), f64x2.promote_low_f32x4(upperB)))
    }
    const both = f64x2.add(low, high)
    store<f64>(partials + (chunk << 3), f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1))
  }
}

/** record.dot = the sum of the partials, in order. */
export function dotSum(step: usize, record: usize): void {
  let partial = Word.address(step, DOT_SUM_PARTIALS)
  let sum: f64 = 0
  for (let left = Word.int(step, DOT_SUM_COUNT); left > 0; left--, partial += 8) sum += load<f64>(partial)
  Word.setDouble(record, RECORD_DOT, sum)
}

/** to = y + record.scalar x, flushed, for vectors [begin, end) of the blocks. */
export function axpy(step: usize, record: usize, begin: i32, end: i32): void {
  const a = Word.splat(record, RECORD_SCALAR + Word.int(step, AXPY_SCALAR))
  const x = Word.address(step, AXPY_X)
  const toY = Word.address(step, AXPY_Y) - x
  const toTo = Word.address(step, AXPY_TO) - x
  const last = x + ((<usize>end) << 4)
  for (let at = x + ((<usize>begin) << 4); at < last; at += 16) {
    v128.store(at + toTo, F4.flush(F4.fma(a, v128.load(at), v128.load(at + toY))))
  }
}
