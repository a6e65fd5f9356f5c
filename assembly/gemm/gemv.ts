// Products with a single row, or sums over a few rows, too little work for a tile of several rows.
import { PANEL } from '../../src/abi/layout'
import { BIAS } from '../math/constants'
import { F4 } from '../math/simd'
import { Square } from './transpose'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2
/** Maximum panels processed together: enough independent sums to keep the multipliers busy. */
const MOST: i32 = 6

class Vector {
  /** Panel p of P; the second half of the panels starts at `second`. */
  @inline private static panel(P: i32, p: i32, first: usize, second: usize, stride: usize): usize {
    const half = (P + 1) >> 1
    return p < half ? first + <usize>p * stride : second + <usize>(p - half) * stride
  }

  /** c[P panels] = from + a[depth] · b, not flushed; P is a literal; the two groups of panels may overlap like the rows of a tile. */
  @inline static multiply(
    P: i32,
    a: usize,
    b: usize,
    bSecond: usize,
    bPanel: usize,
    from: usize,
    fromSecond: usize,
    fromPanel: usize,
    c: usize,
    cSecond: usize,
    depth: i32,
  ): void {
    let c00 = F4.biased(v128.load(from))
    let c01 = F4.biased(v128.load(from, 16))
    const from1 = Vector.panel(P, 1, from, fromSecond, fromPanel)
    let c10 = P > 1 ? F4.biased(v128.load(from1)) : c00
    let c11 = P > 1 ? F4.biased(v128.load(from1, 16)) : c00
    const from2 = Vector.panel(P, 2, from, fromSecond, fromPanel)
    let c20 = P > 2 ? F4.biased(v128.load(from2)) : c00
    let c21 = P > 2 ? F4.biased(v128.load(from2, 16)) : c00
    const from3 = Vector.panel(P, 3, from, fromSecond, fromPanel)
    let c30 = P > 3 ? F4.biased(v128.load(from3)) : c00
    let c31 = P > 3 ? F4.biased(v128.load(from3, 16)) : c00
    const from4 = Vector.panel(P, 4, from, fromSecond, fromPanel)
    let c40 = P > 4 ? F4.biased(v128.load(from4)) : c00
    let c41 = P > 4 ? F4.biased(v128.load(from4, 16)) : c00
    const from5 = Vector.panel(P, 5, from, fromSecond, fromPanel)
    let c50 = P > 5 ? F4.biased(v128.load(from5)) : c00
    let c51 = P > 5 ? F4.biased(v128.load(from5, 16)) : c00
    for (const end = b + <usize>depth * ROW; b != end; ) {
      const x = v128.load32_splat(a)
      c00 = F4.fma(x, v128.load(b), c00)
      c01 = F4.fma(x, v128.load(b, 16), c01)
      if (P > 1) {
        const at = Vector.panel(P, 1, b, bSecond, bPanel)
        c10 = F4.fma(x, v128.load(at), c10)
        c11 = F4.fma(x, v128.load(at, 16), c11)
      }
      if (P > 2) {
        const at = Vector.panel(P, 2, b, bSecond, bPanel)
        c20 = F4.fma(x, v128.load(at), c20)
        c21 = F4.fma(x, v128.load(at, 16), c21)
      }
      if (P > 3) {
        const at = Vector.panel(P, 3, b, bSecond, bPanel)
        c30 = F4.fma(x, v128.load(at), c30)
        c31 = F4.fma(x, v128.load(at, 16), c31)
      }
      if (P > 4) {
        const at = Vector.panel(P, 4, b, bSecond, bPanel)
        c40 = F4.fma(x, v128.load(at), c40)
        c41 = F4.fma(x, v128.load(at, 16), c41)
      }
      if (P > 5) {
        const at = Vector.panel(P, 5, b, bSecond, bPanel)
        c50 = F4.fma(x, v128.load(at), c50)
        c51 = F4.fma(x, v128.load(at, 16), c51)
      }
      a += 4
      b += ROW
      bSecond += ROW
    }
    v128.store(c, c00)
    v128.store(c, c01, 16)
    if (P > 1) {
      const to = Vector.panel(P, 1, c, cSecond, ROW)
      v128.store(to, c10)
      v128.store(to, c11, 16)
    }
    if (P > 2) {
      const to = Vector.panel(P, 2, c, cSecond, ROW)
      v128.store(to, c20)
      v128.store(to, c21, 16)
    }
    if (P > 3) {
      const to = Vector.panel(P, 3, c, cSecond, ROW)
      v128.store(to, c30)
      v128.store(to, c31, 16)
    }
    if (P > 4) {
      const to = Vector.panel(P, 4, c, cSecond, ROW)
      v128.store(to, c40)
      v128.store(to, c41, 16)
    }
    if (P > 5) {
      const to = Vector.panel(P, 5, c, cSecond, ROW)
      v128.store(to, c50)
      v128.store(to, c51, 16)
    }
  }
}

/** How many of the remaining panels to process together. */
export function rowPanels(left: i32): i32 {
  return left <= MOST ? left : left < 2 * MOST ? (left + 1) >> 1 : MOST
}

/** c = from + a[depth] · b for 1 to MOST panels; panels of b, from and c are bPanel, fromPanel and ROW bytes apart. */
export function multiplyRow(
  panels: i32,
  a: usize,
  b: usize,
  bPanel: usize,
  from: usize,
  fromPanel: usize,
  c: usize,
  depth: i32,
): void {
  const second = <usize>(panels - (panels > 4 ? 3 : panels > 2 ? 2 : 1))
  const bSecond = b + second * bPanel
  const fromSecond = from + second * fromPanel
  const cSecond = c + second * ROW
  if (panels > 4) Vector.multiply(6, a, b, bSecond, bPanel, from, fromSecond, fromPanel, c, cSecond, depth)
  else if (panels > 2) Vector.multiply(4, a, b, bSecond, bPanel, from, fromSecond, fromPanel, c, cSecond, depth)
  else Vector.multiply(2, a, b, bSecond, bPanel, from, fromSecond, fromPanel, c, cSecond, depth)
  // reloads from memory instead of registers: engines spill sums inside the loop if they are used twice after it
  for (const end = c + <usize>panels * ROW; c != end; c += ROW) {
    v128.store(c, F4.flush(v128.load(c)))
    v128.store(c, F4.flush(v128.load(c, 16)), 16)
  }
}

/**
 * dx = dz · wᵀ for whole panels of inputs, without packing wᵀ: squares of 4 inputs and 4 units are transposed in registers,
 * in order of units. w is read once, sequentially.
 */
export function multiplyRowTransposed(dz: usize, w: usize, wPanel: usize, dx: usize, inputs: i32, units: i32): void {
  const end = dx + ((<usize>inputs) << 2)
  let from = BIAS
  let fromStep: usize = 0
  for (let u = 0; u < units; ) {
    const z0 = v128.load32_splat(dz)
    const left = units - u
    let square = w
    if (left >= 4) {
      const z1 = v128.load32_splat(dz, 4)
      const z2 = v128.load32_splat(dz, 8)
      const z3 = v128.load32_splat(dz, 12)
      for (let to = dx; to != end; to += 16, square += 4 * ROW, from += fromStep) {
        v128.store(to, Square.multiply(square, z0, z1, z2, z3, v128.load(from)))
      }
    } else {
      for (let to = dx; to != end; to += 16, square += 4 * ROW, from += fromStep) {
        v128.store(to, F4.fma(z0, Square.column(square), v128.load(from)))
      }
    }
    const done = left >= 4 ? 4 : 1
    u += done
    dz += (<usize>done) << 2
    // advance to the next units of the panel, or to the next panel
    w += u & (PANEL - 1) ? (<usize>done) << 2 : wPanel - (ROW - ((<usize>done) << 2))
    from = dx
    fromStep = 16
  }
  for (let to = dx; to != end; to += 16) v128.store(to, F4.flush(v128.load(to)))
}

/** dw = x · dz for one panel: an outer product. */
export function outerProduct(x: usize, dz: usize, dw: usize, inputs: i32): void {
  const left = v128.load(dz)
  const right = v128.load(dz, 16)
  for (const end = x + ((<usize>inputs) << 2); x != end; x += 4, dw += ROW) {
    const a = v128.load32_splat(x)
    v128.store(dw, F4.mulFlush(a, left))
    v128.store(dw, F4.mulFlush(a, right), 16)
  }
}

/** Maximum rows whose dz stay in registers. */
export const FEW: i32 = 4

class Few {
  /** dw = xᵀ · dz for one panel and R rows, without storing partial sums between the rows. */
  @inline static multiply(R: i32, x: usize, xStride: usize, dz: usize, zStride: usize, dw: usize, inputs: i32): void {
    const bias = F4.bias()
    const floor = F4.floor()
    const magnitude = F4.magnitude()
    const left0 = v128.load(dz)
    const right0 = v128.load(dz, 16)
    const left1 = v128.load(dz + zStride)
    const right1 = v128.load(dz + zStride, 16)
    const left2 = R > 2 ? v128.load(dz + 2 * zStride) : left0
    const right2 = R > 2 ? v128.load(dz + 2 * zStride, 16) : right0
    const left3 = R > 3 ? v128.load(dz + 3 * zStride) : left0
    const right3 = R > 3 ? v128.load(dz + 3 * zStride, 16) : right0
    for (const end = x + ((<usize>inputs) << 2); x != end; x += 4, dw += ROW) {
      const x0 = v128.load32_splat(x)
      let left = F4.fma(x0, left0, bias)
      let right = F4.fma(x0, right0, bias)
      const x1 = v128.load32_splat(x + xStride)
      left = F4.fma(x1, left1, left)
      right = F4.fma(x1, right1, right)
      if (R > 2) {
        const x2 = v128.load32_splat(x + 2 * xStride)
        left = F4.fma(x2, left2, left)
        right = F4.fma(x2, right2, right)
      }
      if (R > 3) {
        const x3 = v128.load32_splat(x + 3 * xStride)
        left = F4.fma(x3, left3, left)
        right = F4.fma(x3, right3, right)
      }
      v128.store(dw, F4.flushBelow(left, floor, magnitude))
      v128.store(dw, F4.flushBelow(right, floor, magnitude), 16)
    }
  }
}

/** Likewise for 2 to FEW rows; sums are in row order. */
export function outerProducts(
  x: usize,
  xStride: usize,
  dz: usize,
  zStride: usize,
  dw: usize,
  inputs: i32,
  rows: i32,
): void {
  if (rows == 2) Few.multiply(2, x, xStride, dz, zStride, dw, inputs)
  else if (rows == 3) Few.multiply(3, x, xStride, dz, zStride, dw, inputs)
  else Few.multiply(4, x, xStride, dz, zStride, dw, inputs)
}

/** c = aᵀ · b for one panel and a column a: weighted column sums. */
export function multiplyColumn(a: usize, aStep: usize, b: usize, bStep: usize, c: usize, depth: i32): void {
  let left = F4.biased(f32x4.splat(0))
  let right = left
  for (; depth; depth--, a += aStep, b += bStep) {
    const weight = v128.load32_splat(a)
    left = F4.fma(weight, v128.load(b), left)
    right = F4.fma(weight, v128.load(b, 16), right)
  }
  v128.store(c, F4.flush(left))
  v128.store(c, F4.flush(right), 16)
}
