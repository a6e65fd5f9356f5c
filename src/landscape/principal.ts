/** The first two principal directions of a trajectory. */
import { dot } from './directions.ts'

/** Relative to the trajectory's end as the origin. */
export interface PrincipalDirections {
  /** Orthonormal. */
  readonly directions: readonly [Float32Array, Float32Array]
  /** The share of the squared distances from the end that each explains. */
  readonly explained: readonly [number, number]
}

/**
 * Principal directions of θᵢ - θ_end, not centered (Li et al. 2018, section 7): from the eigenvectors of the small Gram matrix,
 * since there are far fewer snapshots than parameters.
 */
export function principalDirections(snapshots: readonly Float32Array[]): PrincipalDirections {
  const end = snapshots[snapshots.length - 1]
  const steps = snapshots.slice(0, -1).map((snapshot) => snapshot.map((value, i) => value - end[i]))
  const gram = steps.map((a) => steps.map((b) => dot(a, b)))
  const { values, vectors } = symmetricEigen(gram)
  const total = values.reduce((sum, value) => sum + Math.max(value, 0), 0)
  const along = (k: number): Float32Array => {
    const direction = new Float64Array(end.length)
    const size = Math.sqrt(Math.max(values[k] ?? 0, 0))
    // smaller components are only rounding
    if (k >= values.length || !(size > 1e-7 * Math.sqrt(total))) return new Float32Array(end.length)
    for (const [i, step] of steps.entries()) {
      const weight = vectors[i][k] / size
      for (let j = 0; j < direction.length; j++) direction[j] += weight * step[j]
    }
    return Float32Array.from(direction)
  }
  const share = (k: number) => (total > 0 ? Math.max(values[k] ?? 0, 0) / total : 0)
  return { directions: [along(0), along(1)], explained: [share(0), share(1)] }
}

/** Maximum sweeps; convergence is quadratic, so it is never reached. */
const SWEEPS = 60

/** Eigenvalues of a symmetric matrix in descending order, and its eigenvectors as columns, by Jacobi rotations. */
function symmetricEigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const n = matrix.length
  const a = matrix.map((row) => [...row])
  const v = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)))
  const scale = Math.sqrt(a.flat().reduce((sum, value) => sum + value * value, 0))
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off = Math.max(off, Math.abs(a[p][q]))
    if (off <= 1e-14 * scale) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, p, q)
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i])
  return { values: order.map((i) => a[i][i]), vectors: v.map((row) => order.map((i) => row[i])) }
}

/** The rotation that zeroes a[p][q] (Golub and Van Loan, section 8.5). */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  if (a[p][q] === 0) return
  const tau = (a[q][q] - a[p][p]) / (2 * a[p][q])
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau))
  const c = 1 / Math.sqrt(1 + t * t)
  const s = t * c
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]
  for (let k = 0; k < a.length; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]]
  for (const row of v) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]
}
