// Micro-kernels: a tile of c = from + a · b held in registers, one fused multiply-add for each k, k ascending.
// All shapes sum an element in the same order, so the choice of tiles does not affect results. Sums start biased
// and are flushed at the end (see F4), so that no intermediate value is denormal.
//
// The rows of a tile form two groups, each of rows aRow apart. In the last tile the second group may overlap the first:
// shared rows are computed and stored twice, with the same bits. So a few shapes cover any number of rows.
import { F4 } from '../math/simd'

export class Tile {
  /** Rows per group. */
  @inline static group(MR: i32): i32 {
    return (MR + 1) >> 1
  }

  /** Row r of a matrix whose groups start at `first` and `second`. */
  @inline private static row(MR: i32, r: i32, first: usize, second: usize, stride: usize): usize {
    return r < Tile.group(MR) ? first + <usize>r * stride : second + <usize>(r - Tile.group(MR)) * stride
  }

  /**
   * c[MR x 4 NV] = from + a[MR x depth] · b[depth x 4 NV]; a and b advance by aStep and bStep bytes per k.
   * NV 1: the left half of a panel (the right half of c becomes 0), 2: a panel, 4: two panels, fromPanel, bPanel and
   * cPanel bytes apart. aSecond, fromSecond, cSecond: start of the second group. fromRow 0 broadcasts one row.
   * MR and NV are literals: inlining removes the branches on them.
   */
  @inline static matrix(
    MR: i32,
    NV: i32,
    a: usize,
    aSecond: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bPanel: usize,
    bStep: usize,
    from: usize,
    fromSecond: usize,
    fromRow: usize,
    fromPanel: usize,
    c: usize,
    cSecond: usize,
    cRow: usize,
    cPanel: usize,
    depth: i32,
  ): void {
    const bias = F4.bias()
    let c00 = f32x4.add(v128.load(from), bias)
    let c01 = NV > 1 ? f32x4.add(v128.load(from, 16), bias) : c00
    let c02 = NV > 2 ? f32x4.add(v128.load(from + fromPanel), bias) : c00
    let c03 = NV > 2 ? f32x4.add(v128.load(from + fromPanel, 16), bias) : c00
    let c10 = c00
    let c11 = c01
    let c12 = c02
    let c13 = c03
    let c20 = c00
    let c21 = c01
    let c22 = c02
    let c23 = c03
    let c30 = c00
    let c31 = c01
    let c32 = c02
    let c33 = c03
    let c40 = c00
    let c41 = c01
    let c42 = c02
    let c43 = c03
    let c50 = c00
    let c51 = c01
    // the rows of a bias, or of zeros, are identical
    if (fromRow) {
      const at1 = Tile.row(MR, 1, from, fromSecond, fromRow)
      if (MR > 1) c10 = f32x4.add(v128.load(at1), bias)
      if (MR > 1 && NV > 1) c11 = f32x4.add(v128.load(at1, 16), bias)
      if (MR > 1 && NV > 2) c12 = f32x4.add(v128.load(at1 + fromPanel), bias)
      if (MR > 1 && NV > 2) c13 = f32x4.add(v128.load(at1 + fromPanel, 16), bias)
      const at2 = Tile.row(MR, 2, from, fromSecond, fromRow)
      if (MR > 2) c20 = f32x4.add(v128.load(at2), bias)
      if (MR > 2 && NV > 1) c21 = f32x4.add(v128.load(at2, 16), bias)
      if (MR > 2 && NV > 2) c22 = f32x4.add(v128.load(at2 + fromPanel), bias)
      if (MR > 2 && NV > 2) c23 = f32x4.add(v128.load(at2 + fromPanel, 16), bias)
      const at3 = Tile.row(MR, 3, from, fromSecond, fromRow)
      if (MR > 3) c30 = f32x4.add(v128.load(at3), bias)
      if (MR > 3 && NV > 1) c31 = f32x4.add(v128.load(at3, 16), bias)
      if (MR > 3 && NV > 2) c32 = f32x4.add(v128.load(at3 + fromPanel), bias)
      if (MR > 3 && NV > 2) c33 = f32x4.add(v128.load(at3 + fromPanel, 16), bias)
      const at4 = Tile.row(MR, 4, from, fromSecond, fromRow)
      if (MR > 4) c40 = f32x4.add(v128.load(at4), bias)
      if (MR > 4 && NV > 1) c41 = f32x4.add(v128.load(at4, 16), bias)
      if (MR > 4 && NV > 2) c42 = f32x4.add(v128.load(at4 + fromPanel), bias)
      if (MR > 4 && NV > 2) c43 = f32x4.add(v128.load(at4 + fromPanel, 16), bias)
      const at5 = Tile.row(MR, 5, from, fromSecond, fromRow)
      if (MR > 5) c50 = f32x4.add(v128.load(at5), bias)
      if (MR > 5 && NV > 1) c51 = f32x4.add(v128.load(at5, 16), bias)
    }
    const apart = aSecond - a
    for (const end = b + <usize>depth * bStep; b != end; ) {
      // two rows need only one moving address
      if (MR == 2) aSecond = a + apart
      const b0 = v128.load(b)
      const b1 = NV > 1 ? v128.load(b, 16) : b0
      const b2 = NV > 2 ? v128.load(b + bPanel) : b0
      const b3 = NV > 2 ? v128.load(b + bPanel, 16) : b0
      const a0 = v128.load32_splat(a)
      c00 = F4.fma(a0, b0, c00)
      if (NV > 1) c01 = F4.fma(a0, b1, c01)
      if (NV > 2) c02 = F4.fma(a0, b2, c02)
      if (NV > 2) c03 = F4.fma(a0, b3, c03)
      if (MR > 1) {
        const a1 = v128.load32_splat(Tile.row(MR, 1, a, aSecond, aRow))
        c10 = F4.fma(a1, b0, c10)
        if (NV > 1) c11 = F4.fma(a1, b1, c11)
        if (NV > 2) c12 = F4.fma(a1, b2, c12)
        if (NV > 2) c13 = F4.fma(a1, b3, c13)
      }
      if (MR > 2) {
        const a2 = v128.load32_splat(Tile.row(MR, 2, a, aSecond, aRow))
        c20 = F4.fma(a2, b0, c20)
        if (NV > 1) c21 = F4.fma(a2, b1, c21)
        if (NV > 2) c22 = F4.fma(a2, b2, c22)
        if (NV > 2) c23 = F4.fma(a2, b3, c23)
      }
      if (MR > 3) {
        const a3 = v128.load32_splat(Tile.row(MR, 3, a, aSecond, aRow))
        c30 = F4.fma(a3, b0, c30)
        if (NV > 1) c31 = F4.fma(a3, b1, c31)
        if (NV > 2) c32 = F4.fma(a3, b2, c32)
        if (NV > 2) c33 = F4.fma(a3, b3, c33)
      }
      if (MR > 4) {
        const a4 = v128.load32_splat(Tile.row(MR, 4, a, aSecond, aRow))
        c40 = F4.fma(a4, b0, c40)
        if (NV > 1) c41 = F4.fma(a4, b1, c41)
        if (NV > 2) c42 = F4.fma(a4, b2, c42)
        if (NV > 2) c43 = F4.fma(a4, b3, c43)
      }
      if (MR > 5) {
        const a5 = v128.load32_splat(Tile.row(MR, 5, a, aSecond, aRow))
        c50 = F4.fma(a5, b0, c50)
        if (NV > 1) c51 = F4.fma(a5, b1, c51)
      }
      a += aStep
      if (MR > 2) aSecond += aStep
      b += bStep
    }
    const floor = F4.floor()
    const magnitude = F4.magnitude()
    const zero = f32x4.splat(0)
    v128.store(c, F4.flushBelow(c00, floor, magnitude))
    v128.store(c, NV > 1 ? F4.flushBelow(c01, floor, magnitude) : zero, 16)
    if (NV > 2) v128.store(c + cPanel, F4.flushBelow(c02, floor, magnitude))
    if (NV > 2) v128.store(c + cPanel, F4.flushBelow(c03, floor, magnitude), 16)
    if (MR > 1) {
      const to = Tile.row(MR, 1, c, cSecond, cRow)
      v128.store(to, F4.flushBelow(c10, floor, magnitude))
      v128.store(to, NV > 1 ? F4.flushBelow(c11, floor, magnitude) : zero, 16)
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c12, floor, magnitude))
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c13, floor, magnitude), 16)
    }
    if (MR > 2) {
      const to = Tile.row(MR, 2, c, cSecond, cRow)
      v128.store(to, F4.flushBelow(c20, floor, magnitude))
      v128.store(to, NV > 1 ? F4.flushBelow(c21, floor, magnitude) : zero, 16)
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c22, floor, magnitude))
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c23, floor, magnitude), 16)
    }
    if (MR > 3) {
      const to = Tile.row(MR, 3, c, cSecond, cRow)
      v128.store(to, F4.flushBelow(c30, floor, magnitude))
      v128.store(to, NV > 1 ? F4.flushBelow(c31, floor, magnitude) : zero, 16)
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c32, floor, magnitude))
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c33, floor, magnitude), 16)
    }
    if (MR > 4) {
      const to = Tile.row(MR, 4, c, cSecond, cRow)
      v128.store(to, F4.flushBelow(c40, floor, magnitude))
      v128.store(to, NV > 1 ? F4.flushBelow(c41, floor, magnitude) : zero, 16)
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c42, floor, magnitude))
      if (NV > 2) v128.store(to + cPanel, F4.flushBelow(c43, floor, magnitude), 16)
    }
    if (MR > 5) {
      const to = Tile.row(MR, 5, c, cSecond, cRow)
      v128.store(to, F4.flushBelow(c50, floor, magnitude))
      v128.store(to, NV > 1 ? F4.flushBelow(c51, floor, magnitude) : zero, 16)
    }
  }
}
