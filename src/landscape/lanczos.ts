/** Spectra of matrices that are only accessed by products: the Lanczos method and power iteration. Vectors are float32, sums float64. */
import { dot } from './directions.ts'

/** A symmetric matrix times a vector; the caller owns the result. */
export type Product = (vector: Float32Array) => Float32Array

/** Ritz values: eigenvalues as approximated from one starting vector, in descending order. */
export interface Ritz {
  readonly values: Float64Array
  /** Error bound of each value. */
  readonly errors: Float64Array
  /** Squared components of the start along the Ritz vectors, which sum to 1: a quadrature rule for startᵀ f(B) start. */
  readonly weights: Float64Array
}

/** A residual this small relative to the matrix is rounding, since products are float32. */
const ROUNDING = 1e-6

/**
 * The Lanczos tridiagonalization of B, one product per step, with two passes of full reorthogonalization (Golub and Van Loan 2013,
 * section 10.3): beta_k q_(k+1) = B q_k - alpha_k q_k - beta_(k-1) q_(k-1), alpha_k = q_kᵀ B q_k.
 */
export class Lanczos {
  readonly #product: Product
  readonly #basis: Float32Array[]
  readonly #alpha: number[] = []
  readonly #beta: number[] = []
  #scale = 0

  /** @param start nonzero. */
  constructor(product: Product, start: Float32Array) {
    this.#product = product
    this.#basis = [unit(Float64Array.from(start))]
  }

  /** Steps done. */
  get steps(): number {
    return this.#alpha.length
  }

  /** Whether the Krylov space of the start is exhausted: further steps add nothing. */
  get isExhausted(): boolean {
    return this.#basis.length === this.steps
  }

  /** One more product, unless exhausted. */
  step(): void {
    if (this.isExhausted) return
    const last = this.#basis[this.steps]
    const rest = Float64Array.from(this.#product(last))
    const alpha = inner(rest, last)
    for (let pass = 0; pass < 2; pass++) removeAll(rest, this.#basis)
    const beta = Math.sqrt(inner(rest, rest))
    this.#scale = Math.max(this.#scale, Math.abs(alpha) + beta)
    this.#alpha.push(alpha)
    this.#beta.push(beta)
    if (beta > ROUNDING * this.#scale) this.#basis.push(unit(rest))
  }

  /** Continues with another vector after the Krylov space is exhausted. Returns false if the vectors already span the whole space. */
  restart(vector: Float32Array): boolean {
    const rest = Float64Array.from(vector)
    const size = Math.sqrt(inner(rest, rest))
    for (let pass = 0; pass < 2; pass++) removeAll(rest, this.#basis)
    if (!(Math.sqrt(inner(rest, rest)) > ROUNDING * size)) return false
    this.#beta[this.steps - 1] = 0
    this.#basis.push(unit(rest))
    return true
  }

  ritz(): Ritz {
    const n = this.steps
    const first = Float64Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0))
    const last = Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : 0))
    const values = tridiagonal(this.#alpha, this.#beta.slice(0, n - 1), [first, last])
    const order = [...values.keys()].sort((i, j) => values[j] - values[i])
    const beta = this.isExhausted ? 0 : this.#beta[n - 1]
    const ordered = (of: (i: number) => number) => Float64Array.from(order, of)
    return {
      values: ordered((i) => values[i]),
      errors: ordered((i) => Math.abs(beta * last[i])),
      weights: ordered((i) => first[i] * first[i]),
    }
  }
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix by implicit QL steps (Golub and Van Loan 2013, section 8.3), unordered.
 * @param rows rows of the eigenvector matrix to compute: initialized as rows of the identity, updated in place.
 */
export function tridiagonal(
  diagonal: readonly number[],
  beside: readonly number[],
  rows: readonly Float64Array[],
): Float64Array {
  const n = diagonal.length
  const d = Float64Array.from(diagonal)
  const e = Float64Array.from({ length: n }, (_, i) => beside[i] ?? 0)
  for (let low = 0; low < n; low++) {
    for (let sweeps = 0; sweeps < 60; sweeps++) {
      let high = low
      while (high < n - 1 && Math.abs(e[high]) > Number.EPSILON * (Math.abs(d[high]) + Math.abs(d[high + 1]))) high++
      if (high === low) break
      chase(d, e, low, high, rows)
    }
  }
  return d
}

/** One implicit QL step with Wilkinson's shift on rows [low, high]: rotations from the bottom up chase the bulge out. */
function chase(d: Float64Array, e: Float64Array, low: number, high: number, rows: readonly Float64Array[]): void {
  const half = (d[low + 1] - d[low]) / (2 * e[low])
  const root = Math.hypot(half, 1)
  let bulge = d[high] - d[low] + e[low] / (half + (half < 0 ? -root : root))
  let [sine, cosine, shift] = [1, 1, 0]
  for (let i = high - 1; i >= low; i--) {
    const across = sine * e[i]
    const along = cosine * e[i]
    const length = Math.hypot(across, bulge)
    e[i + 1] = length
    if (length === 0) {
      d[i + 1] -= shift
      e[high] = 0
      return
    }
    sine = across / length
    cosine = bulge / length
    const base = d[i + 1] - shift
    const turned = (d[i] - base) * sine + 2 * cosine * along
    shift = sine * turned
    d[i + 1] = base + shift
    bulge = cosine * turned - along
    for (const row of rows) {
      const [a, b] = [row[i], row[i + 1]]
      row[i] = cosine * a - sine * b
      row[i + 1] = sine * a + cosine * b
    }
  }
  d[low] -= shift
  e[low] = bulge
  e[high] = 0
}

/** An eigenvalue found by power iteration. */
export interface Dominant {
  readonly value: number
  /** Its last relative change. */
  readonly change: number
  readonly vector: Float32Array
}

/**
 * The eigenvalue of largest magnitude whose eigenvector is orthogonal to those in `found`: v = B v / |B v| until vᵀ B v changes by no
 * more than `tolerance`, relatively.
 */
export function powerIteration(
  product: Product,
  start: Float32Array,
  found: readonly Float32Array[],
  tolerance: number,
  maxIterations: number,
): Dominant {
  const first = Float64Array.from(start)
  removeAll(first, found)
  let vector = unit(first)
  let value = 0
  let change = Number.POSITIVE_INFINITY
  for (let i = 0; i < maxIterations && change > tolerance; i++) {
    const image = Float64Array.from(product(vector))
    const before = value
    value = inner(image, vector)
    change = i === 0 ? change : Math.abs(value - before) / Math.max(Math.abs(value), Number.MIN_VALUE)
    if (value === 0 && before === 0 && i > 0) change = 0
    removeAll(image, found)
    const next = unit(image)
    if (!next.some((entry) => entry !== 0)) return { value: 0, change: 0, vector }
    vector = next
  }
  return { value, change, vector }
}

/** Σ aᵢ bᵢ */
function inner(a: Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Subtracts the components along orthonormal vectors. */
function removeAll(vector: Float64Array, units: readonly Float32Array[]): void {
  for (const unit of units) {
    const along = inner(vector, unit)
    for (let i = 0; i < vector.length; i++) vector[i] -= along * unit[i]
  }
}

/** The normalized vector; zeros stay zeros. */
function unit(vector: Float64Array): Float32Array {
  const length = Math.sqrt(inner(vector, vector))
  return Float32Array.from(vector, (value) => (length > 0 ? value / length : 0))
}

/** vᵀ B v for random sign vectors v; returns their mean, which estimates the trace (Hutchinson 1990), and its standard error. */
export function hutchinson(
  product: Product,
  signs: () => Float32Array,
  samples: number,
): { trace: number; error: number } {
  const found = Float64Array.from({ length: samples }, () => {
    const vector = signs()
    return dot(vector, product(vector))
  })
  const trace = found.reduce((sum, value) => sum + value, 0) / samples
  const squares = found.reduce((sum, value) => sum + (value - trace) ** 2, 0)
  return { trace, error: Math.sqrt(squares / Math.max(samples - 1, 1) / samples) }
}
