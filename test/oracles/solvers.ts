/** Dense linear algebra in float64, for what solvers do with products of vectors alone. */

/** The solution of A x = b by elimination with pivots; A row-major. */
export function solveDense(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const n = b.length
  const rows = Array.from({ length: n }, (_, i) => [...Array.from({ length: n }, (_, j) => a[i * n + j]), b[i]])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i
    ;[rows[k], rows[pivot]] = [rows[pivot], rows[k]]
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k]
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j]
    }
  }
  const x = new Float64Array(n)
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i][n]
    for (let j = i + 1; j < n; j++) sum -= rows[i][j] * x[j]
    x[i] = sum / rows[i][i]
  }
  return x
}

export const multiply = (a: ArrayLike<number>, x: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: x.length }, (_, i) => {
    let sum = 0
    for (let j = 0; j < x.length; j++) sum += a[i * x.length + j] * x[j]
    return sum
  })

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** A step and the change of the gradient along it. */
export interface Pair {
  readonly s: ArrayLike<number>
  readonly y: ArrayLike<number>
}

/**
 * The inverse Hessian of BFGS as a matrix: H = (I - rho s yᵀ) H (I - rho y sᵀ) + rho s sᵀ for every pair, from (yᵀs / yᵀy) I of
 * the last (Nocedal and Wright 2006, equations 6.17 and 7.20).
 */
export function inverseHessian(n: number, pairs: readonly Pair[]): Float64Array {
  const last = pairs.at(-1)
  const scale = last ? dot(last.y, last.s) / dot(last.y, last.y) : 1
  let h = new Float64Array(n * n)
  for (let i = 0; i < n; i++) h[i * n + i] = scale
  for (const { s, y } of pairs) {
    const rho = 1 / dot(y, s)
    const hy = multiply(h, y)
    const yhy = dot(y, hy)
    const next = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        next[i * n + j] = h[i * n + j] - rho * (s[i] * hy[j] + hy[i] * s[j]) + rho * (rho * yhy + 1) * s[i] * s[j]
      }
    }
    h = next
  }
  return h
}
