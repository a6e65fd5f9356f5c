/** Sampling of initial values: in float64 with + - * / √ only, rounded to float32 once. */
import type { Random } from '../../lib/random.ts'

export function fillUniform(out: Float32Array, low: number, high: number, random: Random): void {
  for (let i = 0; i < out.length; i++) out[i] = random.uniformBetween(low, high)
}

export function fillNormal(out: Float32Array, mean: number, stddev: number, random: Random): void {
  for (let i = 0; i < out.length; i++) out[i] = mean + stddev * random.normal()
}

/** Rejects samples beyond 2 standard deviations, 4.6 % of them. */
export function fillTruncatedNormal(out: Float32Array, mean: number, stddev: number, random: Random): void {
  for (let i = 0; i < out.length; i++) {
    let z: number
    do z = random.normal()
    while (z > 2 || z < -2)
    out[i] = mean + stddev * z
  }
}

/** gain on the main diagonal of [rows, cols]. */
export function fillIdentity(out: Float32Array, rows: number, cols: number, gain: number): void {
  out.fill(0)
  for (let i = 0; i < Math.min(rows, cols); i++) out[i * cols + i] = gain
}

/**
 * gain · Q, Q uniform (Haar) among the [rows, cols] matrices with orthonormal columns (rows, if there are fewer).
 *
 * Q is the Q factor of a Gaussian matrix's QR decomposition, with signs such that R's diagonal is positive. What remains
 * of a Gaussian column after the previous Householder reflections is again Gaussian, so each reflection is sampled directly and
 * no factorization is run (Stewart 1980, "The efficient generation of random orthogonal matrices"): 4/3 n³ flops
 * for a square.
 */
export function fillOrthogonal(out: Float32Array, rows: number, cols: number, gain: number, random: Random): void {
  const long = Math.max(rows, cols)
  const short = Math.min(rows, cols)
  // q is [long, short] with orthonormal columns; wide kernels use its transpose
  const q = new Float64Array(long * short)
  const v = new Float64Array(long)
  const projection = new Float64Array(short)
  for (let j = short - 1; j >= 0; j--) {
    let tail = 0
    for (let i = j; i < long; i++) {
      v[i] = random.normal()
      if (i > j) tail += v[i] * v[i]
    }
    const norm = Math.sqrt(v[j] * v[j] + tail)
    const sign = v[j] < 0 ? -1 : 1
    // I - 2 v vᵀ / vᵀv maps the sampled column to -sign · norm on the diagonal of R
    q[j * short + j] = -sign
    v[j] += sign * norm
    const squared = v[j] * v[j] + tail
    if (squared === 0) throw new Error('orthogonal: a random column was exactly zero')
    projection.fill(0)
    for (let i = j; i < long; i++) {
      for (let c = j; c < short; c++) projection[c] += v[i] * q[i * short + c]
    }
    for (let i = j; i < long; i++) {
      const factor = (2 * v[i]) / squared
      for (let c = j; c < short; c++) q[i * short + c] -= factor * projection[c]
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) out[r * cols + c] = gain * (rows >= cols ? q[r * short + c] : q[c * short + r])
  }
}
