// The tile of relaxed.ts for targets that must widen bytes to 16 bits first: a lane sums a pair of inputs, two lanes form a unit.

export class PlainTile {
  /** The largest N: as many sums as fit into registers. */
  static readonly MOST: i32 = 3

  /** y += w * x over pairs of inputs. */
  @inline private static dot(w: v128, x: v128, y: v128): v128 {
    return i32x4.add(y, i32x4.dot_i16x8_s(w, x))
  }

  /** Four activations, twice. */
  @inline private static four(x: usize): v128 {
    return i16x8.extend_low_i8x16_s(v128.load32_splat(x))
  }

  @inline private static x(ROWS: bool, x: usize, first: v128): v128 {
    return ROWS ? PlainTile.four(x) : first
  }

  /** Four inputs of two units. */
  @inline private static w(ROWS: bool, w: usize, first: v128): v128 {
    return ROWS ? first : v128.load8x8_s(w)
  }

  /** The sums of four units: adds pairs of lanes. */
  @inline private static store(y: usize, left: v128, right: v128): void {
    const even = v128.shuffle<i32>(left, right, 0, 2, 4, 6)
    v128.store(y, i32x4.add(even, v128.shuffle<i32>(left, right, 1, 3, 5, 7)))
  }

  @inline static multiply(
    N: i32,
    ROWS: bool,
    x: usize,
    xStep: usize,
    w: usize,
    wStep: usize,
    end: usize,
    y: usize,
    yStep: usize,
  ): void {
    let c00 = i32x4.splat(0)
    let c01 = c00
    let c02 = c00
    let c03 = c00
    let c10 = c00
    let c11 = c00
    let c12 = c00
    let c13 = c00
    let c20 = c00
    let c21 = c00
    let c22 = c00
    let c23 = c00
    for (; w != end; w += 32, x += 4) {
      const x1 = x + xStep
      const x2 = x1 + xStep
      const w1 = w + wStep
      const w2 = w1 + wStep
      const a = PlainTile.four(x)
      const b0 = v128.load8x8_s(w)
      const b1 = v128.load8x8_s(w, 8)
      const b2 = v128.load8x8_s(w, 16)
      const b3 = v128.load8x8_s(w, 24)
      c00 = PlainTile.dot(b0, a, c00)
      c01 = PlainTile.dot(b1, a, c01)
      c02 = PlainTile.dot(b2, a, c02)
      c03 = PlainTile.dot(b3, a, c03)
      if (N > 1) {
        const z = PlainTile.x(ROWS, x1, a)
        c10 = PlainTile.dot(PlainTile.w(ROWS, w1, b0), z, c10)
        c11 = PlainTile.dot(PlainTile.w(ROWS, w1 + 8, b1), z, c11)
        c12 = PlainTile.dot(PlainTile.w(ROWS, w1 + 16, b2), z, c12)
        c13 = PlainTile.dot(PlainTile.w(ROWS, w1 + 24, b3), z, c13)
      }
      if (N > 2) {
        const z = PlainTile.x(ROWS, x2, a)
        c20 = PlainTile.dot(PlainTile.w(ROWS, w2, b0), z, c20)
        c21 = PlainTile.dot(PlainTile.w(ROWS, w2 + 8, b1), z, c21)
        c22 = PlainTile.dot(PlainTile.w(ROWS, w2 + 16, b2), z, c22)
        c23 = PlainTile.dot(PlainTile.w(ROWS, w2 + 24, b3), z, c23)
      }
    }
    PlainTile.store(y, c00, c01)
    PlainTile.store(y + 16, c02, c03)
    if (N > 1) {
      const to = y + yStep
      PlainTile.store(to, c10, c11)
      PlainTile.store(to + 16, c12, c13)
    }
    if (N > 2) {
      const to = y + 2 * yStep
      PlainTile.store(to, c20, c21)
      PlainTile.store(to + 16, c22, c23)
    }
  }
}
