/** Spectra from products alone, in float64: Lanczos' eigenvalues, densities, Hutchinson's trace. */
import { eigen, matrix } from './matrix.ts'
import { dot } from './solvers.ts'

export type Product = (v: readonly number[]) => readonly number[]

export interface Ritz {
  /** Approximate eigenvalues in ascending order. */
  readonly values: readonly number[]
  /** The squared first components of their vectors: the share of the start that lies along each. Sums to 1. */
  readonly weights: readonly number[]
}

/**
 * Lanczos' tridiagonal matrix with full reorthogonalization (Golub and Van Loan 2013, section 10.3), and its eigenvalues:
 *   beta_k q_(k+1) = B q_k - alpha_k q_k - beta_(k-1) q_(k-1),  alpha_k = q_kᵀB q_k
 * Ends early where the Krylov space is exhausted. Values and weights are a quadrature for startᵀ f(B) start / |start|².
 */
export function lanczos(product: Product, start: readonly number[], steps: number): Ritz {
  const norm = Math.sqrt(dot(start, start))
  const basis = [start.map((value) => value / norm)]
  const alpha: number[] = []
  const beta: number[] = []
  for (let k = 0; k < Math.min(steps, start.length); k++) {
    let w = [...product(basis[k])]
    const size = Math.sqrt(dot(w, w))
    alpha.push(dot(w, basis[k]))
    // twice: once leaves what rounding brought back
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) {
        const along = dot(w, q)
        w = w.map((value, i) => value - along * q[i])
      }
    }
    const length = Math.sqrt(dot(w, w))
    if (!(length > 1e-12 * size)) break
    beta.push(length)
    basis.push(w.map((value) => value / length))
  }
  const n = alpha.length
  const tridiagonal = matrix(n, n, (i, j) => (i === j ? alpha[i] : Math.abs(i - j) === 1 ? beta[Math.min(i, j)] : 0))
  const { values, vectors } = eigen(tridiagonal)
  return { values, weights: vectors.map(([first]) => first * first) }
}

/** mean of vᵀB v over vectors v of random signs: the trace, without bias (Hutchinson 1990). */
export function hutchinson(product: Product, n: number, samples: number, sign: () => 1 | -1): number {
  let sum = 0
  for (let i = 0; i < samples; i++) {
    const v = Array.from({ length: n }, sign)
    sum += dot(v, product(v))
  }
  return sum / samples
}
