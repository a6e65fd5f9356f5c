// Micro-kernels: a tile of c = from + a · b held in registers, one fused multiply-add for each k, k ascending.
// Every shape sums an element in this same order, so the choice of tiles never changes a bit of a result.
import { PANEL } from '../src/abi'
import { F4 } from './simd'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

export class Tile {
  /**
   * c[MR x 4 NV] = from + a[MR x depth] · b[depth x 4 NV]; a and b advance by aStep and bStep bytes a k.
   * NV 1: the left half of a panel (the right half of c becomes 0), 2: a panel, 4: two panels, bPanel and cPanel bytes
   * apart. from 0 means zeros; fromRow 0 repeats one row. MR and NV are literals: inlining removes the branches on them.
   */
  @inline static matrix(
    MR: i32,
    NV: i32,
    a: usize,
    aRow: usize,
    aStep: usize,
    b: usize,
    bPanel: usize,
    bStep: usize,
    from: usize,
    fromRow: usize,
    c: usize,
    cRow: usize,
    cPanel: usize,
    depth: i32,
  ): void {
    const zero = f32x4.splat(0)
    let c00 = zero
    let c01 = zero
    let c02 = zero
    let c03 = zero
    let c10 = zero
    let c11 = zero
    let c12 = zero
    let c13 = zero
    let c20 = zero
    let c21 = zero
    let c22 = zero
    let c23 = zero
    let c30 = zero
    let c31 = zero
    let c32 = zero
    let c33 = zero
    let c40 = zero
    let c41 = zero
    let c42 = zero
    let c43 = zero
    let c50 = zero
    let c51 = zero
    let c52 = zero
    let c53 = zero
    if (from) {
      c00 = v128.load(from)
      if (NV > 1) c01 = v128.load(from, 16)
      if (NV > 2) c02 = v128.load(from + cPanel)
      if (NV > 2) c03 = v128.load(from + cPanel, 16)
      from += fromRow
      if (MR > 1) c10 = v128.load(from)
      if (MR > 1 && NV > 1) c11 = v128.load(from, 16)
      if (MR > 1 && NV > 2) c12 = v128.load(from + cPanel)
      if (MR > 1 && NV > 2) c13 = v128.load(from + cPanel, 16)
      from += fromRow
      if (MR > 2) c20 = v128.load(from)
      if (MR > 2 && NV > 1) c21 = v128.load(from, 16)
      if (MR > 2 && NV > 2) c22 = v128.load(from + cPanel)
      if (MR > 2 && NV > 2) c23 = v128.load(from + cPanel, 16)
      from += fromRow
      if (MR > 3) c30 = v128.load(from)
      if (MR > 3 && NV > 1) c31 = v128.load(from, 16)
      if (MR > 3 && NV > 2) c32 = v128.load(from + cPanel)
      if (MR > 3 && NV > 2) c33 = v128.load(from + cPanel, 16)
      from += fromRow
      if (MR > 4) c40 = v128.load(from)
      if (MR > 4 && NV > 1) c41 = v128.load(from, 16)
      if (MR > 4 && NV > 2) c42 = v128.load(from + cPanel)
      if (MR > 4 && NV > 2) c43 = v128.load(from + cPanel, 16)
      from += fromRow
      if (MR > 5) c50 = v128.load(from)
      if (MR > 5 && NV > 1) c51 = v128.load(from, 16)
      if (MR > 5 && NV > 2) c52 = v128.load(from + cPanel)
      if (MR > 5 && NV > 2) c53 = v128.load(from + cPanel, 16)
    }
    for (const end = b + <usize>depth * bStep; b != end; ) {
      const b0 = v128.load(b)
      const b1 = NV > 1 ? v128.load(b, 16) : zero
      const b2 = NV > 2 ? v128.load(b + bPanel) : zero
      const b3 = NV > 2 ? v128.load(b + bPanel, 16) : zero
      const a0 = v128.load32_splat(a)
      c00 = F4.fma(a0, b0, c00)
      if (NV > 1) c01 = F4.fma(a0, b1, c01)
      if (NV > 2) c02 = F4.fma(a0, b2, c02)
      if (NV > 2) c03 = F4.fma(a0, b3, c03)
      if (MR > 1) {
        const a1 = v128.load32_splat(a + aRow)
        c10 = F4.fma(a1, b0, c10)
        if (NV > 1) c11 = F4.fma(a1, b1, c11)
        if (NV > 2) c12 = F4.fma(a1, b2, c12)
        if (NV > 2) c13 = F4.fma(a1, b3, c13)
      }
      if (MR > 2) {
        const a2 = v128.load32_splat(a + 2 * aRow)
        c20 = F4.fma(a2, b0, c20)
        if (NV > 1) c21 = F4.fma(a2, b1, c21)
        if (NV > 2) c22 = F4.fma(a2, b2, c22)
        if (NV > 2) c23 = F4.fma(a2, b3, c23)
      }
      if (MR > 3) {
        const a3 = v128.load32_splat(a + 3 * aRow)
        c30 = F4.fma(a3, b0, c30)
        if (NV > 1) c31 = F4.fma(a3, b1, c31)
        if (NV > 2) c32 = F4.fma(a3, b2, c32)
        if (NV > 2) c33 = F4.fma(a3, b3, c33)
      }
      if (MR > 4) {
        const a4 = v128.load32_splat(a + 4 * aRow)
        c40 = F4.fma(a4, b0, c40)
        if (NV > 1) c41 = F4.fma(a4, b1, c41)
        if (NV > 2) c42 = F4.fma(a4, b2, c42)
        if (NV > 2) c43 = F4.fma(a4, b3, c43)
      }
      if (MR > 5) {
        const a5 = v128.load32_splat(a + 5 * aRow)
        c50 = F4.fma(a5, b0, c50)
        if (NV > 1) c51 = F4.fma(a5, b1, c51)
        if (NV > 2) c52 = F4.fma(a5, b2, c52)
        if (NV > 2) c53 = F4.fma(a5, b3, c53)
      }
      a += aStep
      b += bStep
    }
    v128.store(c, c00)
    v128.store(c, NV > 1 ? c01 : zero, 16)
    if (NV > 2) v128.store(c + cPanel, c02)
    if (NV > 2) v128.store(c + cPanel, c03, 16)
    if (MR > 1) {
      c += cRow
      v128.store(c, c10)
      v128.store(c, NV > 1 ? c11 : zero, 16)
      if (NV > 2) v128.store(c + cPanel, c12)
      if (NV > 2) v128.store(c + cPanel, c13, 16)
    }
    if (MR > 2) {
      c += cRow
      v128.store(c, c20)
      v128.store(c, NV > 1 ? c21 : zero, 16)
      if (NV > 2) v128.store(c + cPanel, c22)
      if (NV > 2) v128.store(c + cPanel, c23, 16)
    }
    if (MR > 3) {
      c += cRow
      v128.store(c, c30)
      v128.store(c, NV > 1 ? c31 : zero, 16)
      if (NV > 2) v128.store(c + cPanel, c32)
      if (NV > 2) v128.store(c + cPanel, c33, 16)
    }
    if (MR > 4) {
      c += cRow
      v128.store(c, c40)
      v128.store(c, NV > 1 ? c41 : zero, 16)
      if (NV > 2) v128.store(c + cPanel, c42)
      if (NV > 2) v128.store(c + cPanel, c43, 16)
    }
    if (MR > 5) {
      c += cRow
      v128.store(c, c50)
      v128.store(c, NV > 1 ? c51 : zero, 16)
      if (NV > 2) v128.store(c + cPanel, c52)
      if (NV > 2) v128.store(c + cPanel, c53, 16)
    }
  }

  /** c[P panels] = from + a[depth] · b, for one row and P (a literal) panels of b, bPanel bytes apart; c and from are packed. */
  @inline static vector(P: i32, a: usize, b: usize, bPanel: usize, from: usize, c: usize, depth: i32): void {
    const zero = f32x4.splat(0)
    let c00 = zero
    let c01 = zero
    let c10 = zero
    let c11 = zero
    let c20 = zero
    let c21 = zero
    let c30 = zero
    let c31 = zero
    let c40 = zero
    let c41 = zero
    let c50 = zero
    let c51 = zero
    if (from) {
      c00 = v128.load(from)
      c01 = v128.load(from, 16)
      if (P > 1) c10 = v128.load(from, 32)
      if (P > 1) c11 = v128.load(from, 48)
      if (P > 2) c20 = v128.load(from, 64)
      if (P > 2) c21 = v128.load(from, 80)
      if (P > 3) c30 = v128.load(from, 96)
      if (P > 3) c31 = v128.load(from, 112)
      if (P > 4) c40 = v128.load(from, 128)
      if (P > 4) c41 = v128.load(from, 144)
      if (P > 5) c50 = v128.load(from, 160)
      if (P > 5) c51 = v128.load(from, 176)
    }
    for (const end = b + <usize>depth * ROW; b != end; ) {
      const x = v128.load32_splat(a)
      c00 = F4.fma(x, v128.load(b), c00)
      c01 = F4.fma(x, v128.load(b, 16), c01)
      if (P > 1) {
        c10 = F4.fma(x, v128.load(b + bPanel), c10)
        c11 = F4.fma(x, v128.load(b + bPanel, 16), c11)
      }
      if (P > 2) {
        c20 = F4.fma(x, v128.load(b + 2 * bPanel), c20)
        c21 = F4.fma(x, v128.load(b + 2 * bPanel, 16), c21)
      }
      if (P > 3) {
        c30 = F4.fma(x, v128.load(b + 3 * bPanel), c30)
        c31 = F4.fma(x, v128.load(b + 3 * bPanel, 16), c31)
      }
      if (P > 4) {
        c40 = F4.fma(x, v128.load(b + 4 * bPanel), c40)
        c41 = F4.fma(x, v128.load(b + 4 * bPanel, 16), c41)
      }
      if (P > 5) {
        c50 = F4.fma(x, v128.load(b + 5 * bPanel), c50)
        c51 = F4.fma(x, v128.load(b + 5 * bPanel, 16), c51)
      }
      a += 4
      b += ROW
    }
    v128.store(c, c00)
    v128.store(c, c01, 16)
    if (P > 1) v128.store(c, c10, 32)
    if (P > 1) v128.store(c, c11, 48)
    if (P > 2) v128.store(c, c20, 64)
    if (P > 2) v128.store(c, c21, 80)
    if (P > 3) v128.store(c, c30, 96)
    if (P > 3) v128.store(c, c31, 112)
    if (P > 4) v128.store(c, c40, 128)
    if (P > 4) v128.store(c, c41, 144)
    if (P > 5) v128.store(c, c50, 160)
    if (P > 5) v128.store(c, c51, 176)
  }
}
