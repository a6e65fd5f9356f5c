// The tile of relaxed.ts for engines that fuse pairs of vectors: six rows of two panels, whose 24 sums become 12 of twice the width.
// With half as many, as for one panel, each sum would wait for its own last addition.

export class WideTile {
  static readonly ROWS: i32 = 6

  @inline private static dot(w: v128, x: v128, y: v128): v128 {
    return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, y)
  }

  /** A row of the tile: two adjacent panels. */
  @inline private static store(y: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
    v128.store(y, c0)
    v128.store(y, c1, 16)
    v128.store(y, c2, 32)
    v128.store(y, c3, 48)
  }

  /** y[ROWS x 2 PANEL] = x · w, `panel` bytes of w; rows of x and y are xStride and yStride bytes apart. */
  static multiply(x: usize, xStride: usize, w: usize, panel: usize, y: usize, yStride: usize): void {
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
    let c30 = c00
    let c31 = c00
    let c32 = c00
    let c33 = c00
    let c40 = c00
    let c41 = c00
    let c42 = c00
    let c43 = c00
    let c50 = c00
    let c51 = c00
    let c52 = c00
    let c53 = c00
    for (const end = w + panel; w != end; w += 32, x += 4) {
      const w0 = v128.load(w)
      const w1 = v128.load(w, 16)
      const w2 = v128.load(w + panel)
      const w3 = v128.load(w + panel, 16)
      const x0 = v128.load32_splat(x)
      c00 = WideTile.dot(w0, x0, c00)
      c01 = WideTile.dot(w1, x0, c01)
      c02 = WideTile.dot(w2, x0, c02)
      c03 = WideTile.dot(w3, x0, c03)
      const at1 = x + xStride
      const x1 = v128.load32_splat(at1)
      c10 = WideTile.dot(w0, x1, c10)
      c11 = WideTile.dot(w1, x1, c11)
      c12 = WideTile.dot(w2, x1, c12)
      c13 = WideTile.dot(w3, x1, c13)
      const at2 = at1 + xStride
      const x2 = v128.load32_splat(at2)
      c20 = WideTile.dot(w0, x2, c20)
      c21 = WideTile.dot(w1, x2, c21)
      c22 = WideTile.dot(w2, x2, c22)
      c23 = WideTile.dot(w3, x2, c23)
      const at3 = at2 + xStride
      const x3 = v128.load32_splat(at3)
      c30 = WideTile.dot(w0, x3, c30)
      c31 = WideTile.dot(w1, x3, c31)
      c32 = WideTile.dot(w2, x3, c32)
      c33 = WideTile.dot(w3, x3, c33)
      const at4 = at3 + xStride
      const x4 = v128.load32_splat(at4)
      c40 = WideTile.dot(w0, x4, c40)
      c41 = WideTile.dot(w1, x4, c41)
      c42 = WideTile.dot(w2, x4, c42)
      c43 = WideTile.dot(w3, x4, c43)
      const at5 = at4 + xStride
      const x5 = v128.load32_splat(at5)
      c50 = WideTile.dot(w0, x5, c50)
      c51 = WideTile.dot(w1, x5, c51)
      c52 = WideTile.dot(w2, x5, c52)
      c53 = WideTile.dot(w3, x5, c53)
    }
    WideTile.store(y, c00, c01, c02, c03)
    WideTile.store(y + yStride, c10, c11, c12, c13)
    WideTile.store(y + 2 * yStride, c20, c21, c22, c23)
    WideTile.store(y + 3 * yStride, c30, c31, c32, c33)
    WideTile.store(y + 4 * yStride, c40, c41, c42, c43)
    WideTile.store(y + 5 * yStride, c50, c51, c52, c53)
  }
}
