// Transposition of weight panels in registers.
import { PANEL } from '../../src/abi/layout'
import { F4 } from '../math/simd'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/**
 * One panel of wᵀ: to[k][i] = w[i][k] for 8 inputs i and units k of [0, units); w's panels of 8 units start fromPanel bytes
 * apart. Only the first `inputs` of the 8 inputs exist, the others become 0.
 */
export function transposePanel(from: usize, fromPanel: usize, inputs: i32, to: usize, units: i32): void {
  for (; units > 0; units -= PANEL, from += fromPanel, to += PANEL * PANEL * 4) {
    if (inputs >= PANEL && units >= PANEL) {
      for (let half: usize = 0; half < 32; half += 16) {
        Square.transpose(from + half, to + half * PANEL)
        Square.transpose(from + half + 4 * ROW, to + half * PANEL + 16)
      }
      continue
    }
    for (let half: usize = 0, left = min(units, PANEL); left > 0; half += 16, left -= 4) {
      Square.transposePart(from + half, inputs, to + half * PANEL, left)
      Square.transposePart(from + half + 4 * ROW, inputs - 4, to + half * PANEL + 16, left)
    }
  }
}

/** The columns of 4 rows a, b, c, d. */
class Columns {
  @inline static low(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  }

  @inline static high(a: v128, b: v128): v128 {
    return v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  }

  @inline static first(ab: v128, cd: v128): v128 {
    return v128.shuffle<f32>(ab, cd, 0, 1, 4, 5)
  }

  @inline static second(ab: v128, cd: v128): v128 {
    return v128.shuffle<f32>(ab, cd, 2, 3, 6, 7)
  }
}

/** 4 x 4 floats of a panel. */
export class Square {
  @inline static transpose(from: usize, to: usize): void {
    const a = v128.load(from)
    const b = v128.load(from, ROW)
    const c = v128.load(from, 2 * ROW)
    const d = v128.load(from, 3 * ROW)
    const abLow = Columns.low(a, b)
    const cdLow = Columns.low(c, d)
    const abHigh = Columns.high(a, b)
    const cdHigh = Columns.high(c, d)
    v128.store(to, Columns.first(abLow, cdLow))
    v128.store(to, Columns.second(abLow, cdLow), ROW)
    v128.store(to, Columns.first(abHigh, cdHigh), 2 * ROW)
    v128.store(to, Columns.second(abHigh, cdHigh), 3 * ROW)
  }

  /** The first `columns` columns as rows, of a square of which only the first `rows` rows exist; the others count as 0. */
  @inline static transposePart(from: usize, rows: i32, to: usize, columns: i32): void {
    const zero = i32x4.splat(0)
    const a = rows > 0 ? v128.load(from) : zero
    const b = rows > 1 ? v128.load(from, ROW) : zero
    const c = rows > 2 ? v128.load(from, 2 * ROW) : zero
    const d = rows > 3 ? v128.load(from, 3 * ROW) : zero
    const abLow = Columns.low(a, b)
    const cdLow = Columns.low(c, d)
    v128.store(to, Columns.first(abLow, cdLow))
    if (columns > 1) v128.store(to, Columns.second(abLow, cdLow), ROW)
    if (columns < 3) return
    const abHigh = Columns.high(a, b)
    const cdHigh = Columns.high(c, d)
    v128.store(to, Columns.first(abHigh, cdHigh), 2 * ROW)
    if (columns > 3) v128.store(to, Columns.second(abHigh, cdHigh), 3 * ROW)
  }

  /** sum + z · squareᵀ, in the order of z. */
  @inline static multiply(from: usize, z0: v128, z1: v128, z2: v128, z3: v128, sum: v128): v128 {
    const a = v128.load(from)
    const b = v128.load(from, ROW)
    const c = v128.load(from, 2 * ROW)
    const d = v128.load(from, 3 * ROW)
    const abLow = Columns.low(a, b)
    const cdLow = Columns.low(c, d)
    sum = F4.fma(z0, Columns.first(abLow, cdLow), sum)
    sum = F4.fma(z1, Columns.second(abLow, cdLow), sum)
    const abHigh = Columns.high(a, b)
    const cdHigh = Columns.high(c, d)
    sum = F4.fma(z2, Columns.first(abHigh, cdHigh), sum)
    return F4.fma(z3, Columns.second(abHigh, cdHigh), sum)
  }

  /** The first column. */
  @inline static column(from: usize): v128 {
    const ab = v128.load32_lane(from + ROW, v128.load32_zero(from), 1)
    return v128.load32_lane(from + 3 * ROW, v128.load32_lane(from + 2 * ROW, ab, 2), 3)
  }
}
