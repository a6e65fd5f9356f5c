// A tile of sums for engines that multiply four inputs of four units in one instruction.
//
// A tile is N rows of one panel, or one row of N panels: what all N share is read once. N, ROWS and PAIRS are literals:
// inlining removes the branches on them. Each iteration takes half a group of inputs, PANEL units of four inputs: for a whole
// group, engines load all weights first and then spill some of the sums.
import { DOTS_AT, DOTS_PAIRS, DOTS_WHOLE } from '../../src/abi/layout'
import { ONE, ONES } from '../math/constants'

export class RelaxedTile {
  /** The largest N: as many sums as fit into registers. */
  static readonly MOST: i32 = 6
  /** Likewise with PAIRS, for which more are not faster. */
  static readonly MOST_PAIRS: i32 = 2

  /** Whether this engine is faster with PAIRS: two instructions for pairs of inputs, then a sum, instead of one for four. */
  static inPairs(): bool {
    if (!load<i32>(DOTS_AT)) store<i32>(DOTS_AT, RelaxedTile.saturates() ? DOTS_PAIRS : DOTS_WHOLE)
    return load<i32>(DOTS_AT) == DOTS_PAIRS
  }

  /** Whether sums of two products saturate at 16 bits. With an eight-bit x an engine may do so, which reveals its instructions. */
  private static saturates(): bool {
    const one = v128.load(0, ONE)
    const x = i32x4.eq(one, one)
    const sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.shr_u(x, 1), x, i32x4.splat(0))
    return i32x4.extract_lane(sum, 0) == 2 * i16.MAX_VALUE
  }

  /** y += w * x over four inputs; the second operand, an activation, has seven bits, so nothing saturates. */
  @inline private static dot(PAIRS: bool, w: v128, x: v128, y: v128, ones: v128): v128 {
    if (!PAIRS) return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, y)
    return i32x4.add(y, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones))
  }

  /** Activations of row or panel i. */
  @inline private static x(ROWS: bool, x: usize, first: v128): v128 {
    return ROWS ? v128.load32_splat(x) : first
  }

  @inline private static w(ROWS: bool, w: usize, first: v128, offset: usize): v128 {
    return ROWS ? first : v128.load(w + offset)
  }

  /** y = x · w; w ends at `end`; rows of x and y, or panels of w and y, are xStep or wStep, and yStep bytes apart. */
  @inline static multiply(
    N: i32,
    ROWS: bool,
    PAIRS: bool,
    x: usize,
    xStep: usize,
    w: usize,
    wStep: usize,
    end: usize,
    y: usize,
    yStep: usize,
  ): void {
    const ones = v128.load(0, ONES)
    let c00 = i32x4.splat(0)
    let c01 = c00
    let c10 = c00
    let c11 = c00
    let c20 = c00
    let c21 = c00
    let c30 = c00
    let c31 = c00
    let c40 = c00
    let c41 = c00
    let c50 = c00
    let c51 = c00
    for (; w != end; w += 32, x += 4) {
      const x1 = x + xStep
      const x2 = x1 + xStep
      const x3 = x2 + xStep
      const x4 = x3 + xStep
      const x5 = x4 + xStep
      const w1 = w + wStep
      const w2 = w1 + wStep
      const w3 = w2 + wStep
      const w4 = w3 + wStep
      const w5 = w4 + wStep
      const a = v128.load32_splat(x)
      const a0 = v128.load(w)
      const a1 = v128.load(w, 16)
      c00 = RelaxedTile.dot(PAIRS, a0, a, c00, ones)
      c01 = RelaxedTile.dot(PAIRS, a1, a, c01, ones)
      if (N > 1) {
        const z = RelaxedTile.x(ROWS, x1, a)
        c10 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w1, a0, 0), z, c10, ones)
        c11 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w1, a1, 16), z, c11, ones)
      }
      if (N > 2) {
        const z = RelaxedTile.x(ROWS, x2, a)
        c20 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w2, a0, 0), z, c20, ones)
        c21 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w2, a1, 16), z, c21, ones)
      }
      if (N > 3) {
        const z = RelaxedTile.x(ROWS, x3, a)
        c30 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w3, a0, 0), z, c30, ones)
        c31 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w3, a1, 16), z, c31, ones)
      }
      if (N > 4) {
        const z = RelaxedTile.x(ROWS, x4, a)
        c40 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w4, a0, 0), z, c40, ones)
        c41 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w4, a1, 16), z, c41, ones)
      }
      if (N > 5) {
        const z = RelaxedTile.x(ROWS, x5, a)
        c50 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w5, a0, 0), z, c50, ones)
        c51 = RelaxedTile.dot(PAIRS, RelaxedTile.w(ROWS, w5, a1, 16), z, c51, ones)
      }
    }
    v128.store(y, c00)
    v128.store(y, c01, 16)
    if (N > 1) {
      const to = y + yStep
      v128.store(to, c10)
      v128.store(to, c11, 16)
    }
    if (N > 2) {
      const to = y + 2 * yStep
      v128.store(to, c20)
      v128.store(to, c21, 16)
    }
    if (N > 3) {
      const to = y + 3 * yStep
      v128.store(to, c30)
      v128.store(to, c31, 16)
    }
    if (N > 4) {
      const to = y + 4 * yStep
      v128.store(to, c40)
      v128.store(to, c41, 16)
    }
    if (N > 5) {
      const to = y + 5 * yStep
      v128.store(to, c50)
      v128.store(to, c51, 16)
    }
  }
}
