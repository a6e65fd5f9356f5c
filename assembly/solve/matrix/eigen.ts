// Eigenvectors of a symmetric matrix in float64: Householder tridiagonalization, then implicit QL steps with Wilkinson
// shifts (Martin, Reinsch and Wilkinson 1968; Bowdler, Martin, Reinsch and Wilkinson 1968; Golub and Van Loan 2013, section 8.3).
// The matrix is stored as a list of columns, which become the eigenvectors: every inner loop runs along a column.
import { PANEL } from '../../../src/abi/layout'
import {
  EIGEN_FROM,
  EIGEN_ROOTS,
  EIGEN_SCRATCH,
  EIGEN_SHIFT,
  EIGEN_SIZE,
  EIGEN_STRIDE,
  EIGEN_TO,
} from '../../../src/abi/matrix'
import { F4 } from '../../math/simd'
import { Word } from '../../word'

/** Maximum QL steps per eigenvalue: three are typical; with NaN they never converge. */
const MOST_STEPS: i32 = 64
const EPSILON: f64 = 2.220446049250313e-16

let size: i32 = 0
/** Columns of the matrix, then two vectors: the diagonal and the off-diagonal. */
let columns: usize = 0
let diagonal: usize = 0
let beside: usize = 0

class Wide {
  @inline static column(j: i32): usize {
    return columns + <usize>j * ((<usize>size) << 3)
  }

  @inline static get(vector: usize, i: i32): f64 {
    return load<f64>(vector + ((<usize>i) << 3))
  }

  @inline static set(vector: usize, i: i32, value: f64): void {
    store<f64>(vector + ((<usize>i) << 3), value)
  }

  /** Sum of x y over [begin, end), in a fixed order. */
  static dot(x: usize, y: usize, begin: i32, end: i32): f64 {
    let two = f64x2.splat(0)
    let i = begin
    for (; i + 1 < end; i += 2) {
      const at = (<usize>i) << 3
      two = f64x2.add(two, f64x2.mul(v128.load(x + at), v128.load(y + at)))
    }
    const sum = f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1)
    return i < end ? sum + Wide.get(x, i) * Wide.get(y, i) : sum
  }

  /** y += a x over [begin, end). */
  static add(a: f64, x: usize, y: usize, begin: i32, end: i32): void {
    const factor = f64x2.splat(a)
    let i = begin
    for (; i + 1 < end; i += 2) {
      const at = (<usize>i) << 3
      v128.store(y + at, f64x2.add(v128.load(y + at), f64x2.mul(factor, v128.load(x + at))))
    }
    if (i < end) Wide.set(y, i, Wide.get(y, i) + a * Wide.get(x, i))
  }

  /** [x, y] = [c x - s y, s x + c y] */
  static rotate(x: usize, y: usize, c: f64, s: f64): void {
    const cosine = f64x2.splat(c)
    const sine = f64x2.splat(s)
    let i = 0
    for (; i + 1 < size; i += 2) {
      const at = (<usize>i) << 3
      const a = v128.load(x + at)
      const b = v128.load(y + at)
      v128.store(x + at, f64x2.sub(f64x2.mul(cosine, a), f64x2.mul(sine, b)))
      v128.store(y + at, f64x2.add(f64x2.mul(sine, a), f64x2.mul(cosine, b)))
    }
    if (i < size) {
      const a = Wide.get(x, i)
      const b = Wide.get(y, i)
      Wide.set(x, i, c * a - s * b)
      Wide.set(y, i, s * a + c * b)
    }
  }
}

/** Row k of `to` = eigenvector k, divided by a root of its eigenvalue. */
export function eigen(step: usize): void {
  size = Word.int(step, EIGEN_SIZE)
  columns = Word.address(step, EIGEN_SCRATCH)
  diagonal = Wide.column(size)
  beside = Wide.column(size + 1)
  read(Word.address(step, EIGEN_FROM))
  reduce()
  accumulate()
  iterate()
  const to = Word.address(step, EIGEN_TO)
  const stride = Word.address(step, EIGEN_STRIDE)
  const roots = Word.int(step, EIGEN_ROOTS)
  const shift = <f64>Word.float(step, EIGEN_SHIFT)
  for (let k = 0; k < size; k++) {
    let root = max<f64>(Wide.get(diagonal, k), 0) + shift
    for (let i = 0; i < roots; i++) root = sqrt(root)
    write(Wide.column(k), roots ? 1 / root : 1, to + <usize>k * stride)
  }
}

/** Fills both triangles from the upper one in panels. */
function read(panels: usize): void {
  for (let j = 0; j < size; j++) {
    let at = panels + (<usize>(j / PANEL) * <usize>size * PANEL + <usize>(j & (PANEL - 1))) * 4
    for (let i = 0; i <= j; i++, at += PANEL << 2) {
      const value = <f64>load<f32>(at)
      Wide.set(Wide.column(j), i, value)
      Wide.set(Wide.column(i), j, value)
    }
  }
}

/** A row of float32, zero-padded. */
function write(from: usize, scale: f64, to: usize): void {
  const padded = (size + PANEL - 1) & -PANEL
  for (let i = 0; i < padded; i++) {
    store<f32>(to + ((<usize>i) << 2), i < size ? <f32>(Wide.get(from, i) * scale) : 0)
  }
  for (let i = 0; i < padded; i += 4) {
    const at = to + ((<usize>i) << 2)
    v128.store(at, F4.flush(v128.load(at)))
  }
}

/**
 * From the last row up, a reflection I - u uᵀ / h zeroes a row left of the subdiagonal. Column i stores u of row i,
 * `diagonal` its h, 0 if none was needed; the diagonal elements stay in the matrix.
 */
function reduce(): void {
  for (let i = size - 1; i > 0; i--) {
    const u = Wide.column(i)
    // the upper part of column i is row i of the lower triangle
    let largest: f64 = 0
    for (let k = 0; k < i; k++) largest = max<f64>(largest, abs(Wide.get(u, k)))
    Wide.set(diagonal, i, 0)
    if (i == 1 || largest == 0) {
      Wide.set(beside, i, Wide.get(u, i - 1))
      continue
    }
    for (let k = 0; k < i; k++) Wide.set(u, k, Wide.get(u, k) / largest)
    let h = Wide.dot(u, u, 0, i)
    const last = Wide.get(u, i - 1)
    const length = last > 0 ? -sqrt(h) : sqrt(h)
    Wide.set(beside, i, largest * length)
    h -= last * length
    Wide.set(u, i - 1, last - length)
    Wide.set(diagonal, i, h)
    // p = A u / h; q = p - (uᵀ p / 2 h) u; A -= u qᵀ + q uᵀ, both triangles
    const p = diagonal
    for (let j = 0; j < i; j++) Wide.set(p, j, Wide.dot(Wide.column(j), u, 0, i) / h)
    Wide.add(-Wide.dot(u, p, 0, i) / (h + h), u, p, 0, i)
    for (let j = 0; j < i; j++) {
      Wide.add(-Wide.get(u, j), p, Wide.column(j), 0, i)
      Wide.add(-Wide.get(p, j), u, Wide.column(j), 0, i)
    }
  }
}

/** Replaces the matrix by the product of all reflections; saves its diagonal. */
function accumulate(): void {
  for (let i = 0; i < size; i++) {
    const u = Wide.column(i)
    const h = Wide.get(diagonal, i)
    const kept = Wide.get(u, i)
    if (i > 1 && h != 0) {
      for (let j = 0; j < i; j++) {
        const column = Wide.column(j)
        Wide.add(-Wide.dot(u, column, 0, i) / h, u, column, 0, i)
      }
    }
    Wide.set(diagonal, i, kept)
    for (let k = 0; k < i; k++) {
      Wide.set(u, k, 0)
      Wide.set(Wide.column(k), i, 0)
    }
    Wide.set(u, i, 1)
  }
  for (let i = 1; i < size; i++) Wide.set(beside, i - 1, Wide.get(beside, i))
  Wide.set(beside, size - 1, 0)
}

/** QL steps until the off-diagonal vanishes, then sorts the columns by ascending eigenvalue. */
function iterate(): void {
  let scale: f64 = 0
  for (let l = 0; l < size; l++) {
    scale = max<f64>(scale, abs(Wide.get(diagonal, l)) + abs(Wide.get(beside, l)))
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      let m = l
      while (m < size - 1 && abs(Wide.get(beside, m)) > EPSILON * scale) m++
      if (m == l) break
      chase(l, m)
    }
  }
  for (let k = 0; k < size - 1; k++) {
    let least = k
    for (let i = k + 1; i < size; i++) if (Wide.get(diagonal, i) < Wide.get(diagonal, least)) least = i
    if (least == k) continue
    const value = Wide.get(diagonal, k)
    Wide.set(diagonal, k, Wide.get(diagonal, least))
    Wide.set(diagonal, least, value)
    // rotation by 90 degrees swaps the columns
    Wide.rotate(Wide.column(k), Wide.column(least), 0, -1)
  }
}

/** One QL step on rows l to m of the tridiagonal matrix, shifted by the eigenvalue of its leading 2 x 2 block closer to its first entry. */
function chase(l: i32, m: i32): void {
  const first = Wide.get(diagonal, l)
  const side = Wide.get(beside, l)
  const half = (Wide.get(diagonal, l + 1) - first) / (2 * side)
  const root = sqrt(half * half + 1)
  let g = Wide.get(diagonal, m) - first + side / (half + (half < 0 ? -root : root))
  let s: f64 = 1
  let c: f64 = 1
  let taken: f64 = 0
  for (let i = m - 1; i >= l; i--) {
    const f = s * Wide.get(beside, i)
    const b = c * Wide.get(beside, i)
    const r = sqrt(f * f + g * g)
    Wide.set(beside, i + 1, r)
    if (r == 0) {
      // the matrix has decoupled
      Wide.set(diagonal, i + 1, Wide.get(diagonal, i + 1) - taken)
      Wide.set(beside, m, 0)
      return
    }
    s = f / r
    c = g / r
    g = Wide.get(diagonal, i + 1) - taken
    const t = (Wide.get(diagonal, i) - g) * s + 2 * c * b
    taken = s * t
    Wide.set(diagonal, i + 1, g + taken)
    g = c * t - b
    Wide.rotate(Wide.column(i), Wide.column(i + 1), c, s)
  }
  Wide.set(diagonal, l, Wide.get(diagonal, l) - taken)
  Wide.set(beside, l, g)
  Wide.set(beside, m, 0)
}
