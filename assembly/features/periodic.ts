// Periodic embeddings: for every feature, cosines of trained frequencies and a linear map of them.
import {
  PERIODIC_B,
  PERIODIC_BIAS,
  PERIODIC_COLS,
  PERIODIC_DB,
  PERIODIC_DBIAS,
  PERIODIC_DKERNEL,
  PERIODIC_DW,
  PERIODIC_DX,
  PERIODIC_FREQUENCIES,
  PERIODIC_KERNEL,
  PERIODIC_UNITS,
  PERIODIC_W,
  PERIODIC_X,
  PERIODIC_X_STRIDE,
  PERIODIC_Y,
  PERIODIC_Y_STRIDE,
} from '../../src/abi/features'
import { F4 } from '../math/simd'
import { Word } from '../word'

const TWO_PI: f32 = 6.2831855

class Feature {
  /** Bytes of a table's row of `values` floats. */
  @inline static row(values: i32): usize {
    return (<usize>(values + 7) & ~7) << 2
  }

  /** Bytes of the whole vectors that hold `values` floats. */
  @inline static vectors(values: i32): usize {
    return (<usize>(values + 3) & ~3) << 2
  }

  /** 2 pi x, in all lanes. */
  @inline static turn(x: f32): v128 {
    return F4.flush(f32x4.splat(TWO_PI * x))
  }

  /** Mask of the lanes, `bytes` into a row, that are among its `values`. */
  @inline static lanes(bytes: usize, values: i32): v128 {
    return i32x4.lt_s(i32x4.add(i32x4.splat(<i32>(bytes >> 2)), i32x4(0, 1, 2, 3)), i32x4.splat(values))
  }

  /** A sum, flushed to 0 if tiny. */
  @inline static flush(x: f32): f32 {
    return f32x4.extract_lane(F4.flush(f32x4.splat(x)), 0)
  }
}

/** For each feature x: x, then sum over k of kernel[u][k] cos(2 pi x w[k] + b[k]) + bias[u]. Rows [begin, end). */
export function periodic(step: usize, begin: i32, end: i32): void {
  const cols = Word.int(step, PERIODIC_COLS)
  const units = Word.int(step, PERIODIC_UNITS)
  const count = Word.int(step, PERIODIC_FREQUENCIES)
  const row = Feature.row(count)
  const bytes = Feature.vectors(count)
  const biasRow = Feature.row(units)
  const padded = (<usize>(cols * (1 + units) + 7) & ~7) << 2
  for (let r = <usize>begin; r < <usize>end; r++) {
    const x = Word.address(step, PERIODIC_X) + r * Word.address(step, PERIODIC_X_STRIDE)
    const first = Word.address(step, PERIODIC_Y) + r * Word.address(step, PERIODIC_Y_STRIDE)
    let w = Word.address(step, PERIODIC_W)
    let b = Word.address(step, PERIODIC_B)
    let bias = Word.address(step, PERIODIC_BIAS)
    let kernel = Word.address(step, PERIODIC_KERNEL)
    let y = first
    for (let c: usize = 0; c < <usize>cols; c++, w += row, b += row, bias += biasRow) {
      const value = load<f32>(x + (c << 2))
      const turn = Feature.turn(value)
      store<f32>(y, value)
      y += 4
      // four units share the cosines
      for (let u = 0; u < units; u += 4) {
        const shared = min(4, units - u)
        let s0 = f32x4.splat(0)
        let s1 = s0
        let s2 = s0
        let s3 = s0
        for (let k: usize = 0; k < bytes; k += 16) {
          const wave = F4.sine(F4.fma(turn, v128.load(w + k), v128.load(b + k)), 1)
          s0 = F4.fma(wave, v128.load(kernel + k), s0)
          if (shared > 1) s1 = F4.fma(wave, v128.load(kernel + row + k), s1)
          if (shared > 2) s2 = F4.fma(wave, v128.load(kernel + 2 * row + k), s2)
          if (shared > 3) s3 = F4.fma(wave, v128.load(kernel + 3 * row + k), s3)
        }
        for (let i = 0; i < shared; i++, kernel += row, y += 4) {
          const sum = F4.sum(i == 0 ? s0 : i == 1 ? s1 : i == 2 ? s2 : s3)
          store<f32>(y, Feature.flush(sum + load<f32>(bias + ((<usize>(u + i)) << 2))))
        }
      }
    }
    for (; y < first + padded; y += 4) store<f32>(y, 0)
  }
}

/** dx, and the gradients of all four tables, for the features of panels [begin, end). */
export function periodicBack(step: usize, rows: i32, begin: i32, end: i32): void {
  const cols = Word.int(step, PERIODIC_COLS)
  const units = Word.int(step, PERIODIC_UNITS)
  const count = Word.int(step, PERIODIC_FREQUENCIES)
  const row = Feature.row(count)
  const bytes = Feature.vectors(count)
  const biasRow = Feature.row(units)
  const dxs = Word.address(step, PERIODIC_DX)
  const xStride = Word.address(step, PERIODIC_X_STRIDE)
  for (let c = begin << 3; c < end << 3; c++) {
    let x = Word.address(step, PERIODIC_X) + ((<usize>c) << 2)
    let dx = dxs + ((<usize>c) << 2)
    if (c >= cols) {
      if (dxs) for (let r = 0; r < rows; r++, dx += xStride) store<f32>(dx, 0)
      continue
    }
    let dy = Word.address(step, PERIODIC_Y) + ((<usize>(c * (1 + units))) << 2)
    const w = Word.address(step, PERIODIC_W) + <usize>c * row
    const b = Word.address(step, PERIODIC_B) + <usize>c * row
    const kernels = <usize>(c * units) * row
    const kernel = Word.address(step, PERIODIC_KERNEL) + kernels
    const trained = Word.address(step, PERIODIC_DW) != 0
    const dw = Word.address(step, PERIODIC_DW) + <usize>c * row
    const db = Word.address(step, PERIODIC_DB) + <usize>c * row
    const dbias = Word.address(step, PERIODIC_DBIAS) + <usize>c * biasRow
    const dkernel = Word.address(step, PERIODIC_DKERNEL) + kernels
    if (trained) {
      memory.fill(dw, 0, row)
      memory.fill(db, 0, row)
      memory.fill(dbias, 0, biasRow)
      memory.fill(dkernel, 0, row * units)
    }
    for (let r = 0; r < rows; r++) {
      const turn = Feature.turn(load<f32>(x))
      let slope = f32x4.splat(0)
      for (let k: usize = 0; k < bytes; k += 16) {
        const argument = F4.fma(turn, v128.load(w + k), v128.load(b + k))
        const wave = v128.and(F4.sine(argument, 1), Feature.lanes(k, count))
        let dwave = f32x4.splat(0)
        for (let u: usize = 0; u < <usize>units; u++) {
          const g = v128.load32_splat(dy + 4 + (u << 2))
          dwave = F4.fma(g, v128.load(kernel + u * row + k), dwave)
          if (trained) {
            const at = dkernel + u * row + k
            v128.store(at, F4.fma(g, wave, v128.load(at)))
          }
        }
        // minus sine
        const dargument = F4.mulFlush(dwave, F4.sine(argument, 2))
        slope = F4.fma(dargument, v128.load(w + k), slope)
        if (!trained) continue
        v128.store(dw + k, F4.fma(dargument, turn, v128.load(dw + k)))
        v128.store(db + k, f32x4.add(dargument, v128.load(db + k)))
      }
      if (trained) {
        for (let u: usize = 0; u < <usize>units; u++) {
          const at = dbias + (u << 2)
          store<f32>(at, load<f32>(at) + load<f32>(dy + 4 + (u << 2)))
        }
      }
      if (dxs) store<f32>(dx, Feature.flush(load<f32>(dy) + TWO_PI * F4.sum(slope)))
      x += xStride
      dx += xStride
      dy += Word.address(step, PERIODIC_Y_STRIDE)
    }
    if (!trained) continue
    for (let k: usize = 0; k < row; k += 16) {
      v128.store(dw + k, F4.flush(v128.load(dw + k)))
      v128.store(db + k, F4.flush(v128.load(db + k)))
    }
    for (let k: usize = 0; k < biasRow; k += 16) v128.store(dbias + k, F4.flush(v128.load(dbias + k)))
    for (let k: usize = 0; k < row * units; k += 16) v128.store(dkernel + k, F4.flush(v128.load(dkernel + k)))
  }
}
