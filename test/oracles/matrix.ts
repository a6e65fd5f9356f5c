/** Matrices as lists of rows, in float64: slow and plain. */
import { solveDense } from './solvers.ts'

export type Matrix = readonly (readonly number[])[]

export const matrix = (rows: number, columns: number, entry: (i: number, j: number) => number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => entry(i, j)))

export const identity = (n: number): number[][] => matrix(n, n, (i, j) => (i === j ? 1 : 0))
export const transpose = (a: Matrix): number[][] => matrix(a[0].length, a.length, (i, j) => a[j][i])
export const combine = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): number[][] =>
  matrix(a.length, a[0].length, (i, j) => f(a[i][j], b[i][j]))
export const map = (a: Matrix, f: (x: number) => number): number[][] => a.map((row) => row.map(f))

export function multiply(a: Matrix, b: Matrix): number[][] {
  return matrix(a.length, b[0].length, (i, j) => {
    let sum = 0
    for (let k = 0; k < b.length; k++) sum += a[i][k] * b[k][j]
    return sum
  })
}

export const trace = (a: Matrix): number => a.reduce((sum, row, i) => sum + row[i], 0)
/** Σ aᵢⱼ bᵢⱼ */
export const inner = (a: Matrix, b: Matrix): number =>
  a.reduce((sum, row, i) => sum + row.reduce((part, value, j) => part + value * b[i][j], 0), 0)

export function inverse(a: Matrix): number[][] {
  const columns = identity(a.length).map((unit) => [...solveDense(a.flat(), unit)])
  return transpose(columns)
}

/** a = L Lᵀ with L lower triangular; NaN where a is not positive definite. */
export function cholesky(a: Matrix): number[][] {
  const n = a.length
  const l = matrix(n, n, () => 0)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i][j]
      for (let k = 0; k < j; k++) sum -= l[i][k] * l[j][k]
      l[i][j] = i === j ? Math.sqrt(sum) : sum / l[j][j]
    }
  }
  return l
}

export interface Spectrum {
  /** In ascending order. */
  readonly values: readonly number[]
  /** Row i is the unit eigenvector of value i. */
  readonly vectors: Matrix
}

/** Eigenvalues and eigenvectors of a symmetric matrix by rotations (Jacobi 1846; Golub and Van Loan 2013, section 8.5). */
export function eigen(a: Matrix): Spectrum {
  const n = a.length
  const s = a.map((row) => [...row])
  const v = identity(n)
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off += s[p][q] * s[p][q]
        if (s[p][q] === 0) continue
        const theta = (s[q][q] - s[p][p]) / (2 * s[p][q])
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
        const c = 1 / Math.hypot(t, 1)
        const rotate = (rows: number[][], i: number, j: number, k: number, l: number) => {
          const [x, y] = [rows[i][j], rows[k][l]]
          rows[i][j] = c * x - t * c * y
          rows[k][l] = t * c * x + c * y
        }
        for (let k = 0; k < n; k++) rotate(s, k, p, k, q)
        for (let k = 0; k < n; k++) rotate(s, p, k, q, k)
        for (let k = 0; k < n; k++) rotate(v, p, k, q, k)
      }
    }
    if (off === 0) break
  }
  const order = s.map((_, i) => i).sort((i, j) => s[i][i] - s[j][j])
  return { values: order.map((i) => s[i][i]), vectors: order.map((i) => v[i]) }
}
