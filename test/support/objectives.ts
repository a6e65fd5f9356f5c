/** Functions of a vector with known minima, each with its gradient: for solvers and their golden vectors. */

export type Vector = Float32Array | Float64Array
export type Objective = (x: Vector, gradient: Vector) => number

/** Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])² */
export const rosenbrock: Objective = (x, gradient) => {
  let loss = 0
  gradient.fill(0)
  for (let i = 0; i + 1 < x.length; i++) {
    const bend = x[i + 1] - x[i] * x[i]
    const rest = 1 - x[i]
    loss += 100 * bend * bend + rest * rest
    gradient[i] += -400 * x[i] * bend - 2 * rest
    gradient[i + 1] += 200 * bend
  }
  return loss
}

/** (1.5 - x + x y)² + (2.25 - x + x y²)² + (2.625 - x + x y³)² */
export const beale: Objective = ([x, y], gradient) => {
  const a = 1.5 - x + x * y
  const b = 2.25 - x + x * y ** 2
  const c = 2.625 - x + x * y ** 3
  gradient[0] = 2 * a * (y - 1) + 2 * b * (y ** 2 - 1) + 2 * c * (y ** 3 - 1)
  gradient[1] = 2 * a * x + 4 * b * x * y + 6 * c * x * y ** 2
  return a * a + b * b + c * c
}

/** xᵀA x / 2 - bᵀx, A row-major. */
export const quadratic =
  (a: ArrayLike<number>, b: ArrayLike<number>): Objective =>
  (x, gradient) => {
    let loss = 0
    for (let i = 0; i < x.length; i++) {
      let product = 0
      for (let j = 0; j < x.length; j++) product += a[i * x.length + j] * x[j]
      gradient[i] = product - b[i]
      loss += x[i] * (product / 2 - b[i])
    }
    return loss
  }

/** A diagonal matrix with entries condition^(i / (n - 1)), row-major. */
export function spread(n: number, condition: number): Float64Array {
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) a[i * n + i] = condition ** (i / (n - 1))
  return a
}

/** Mean log-loss of logits X w + c against y in {0, 1}, plus l2 / 2 |w|²; x = [w, c]. */
export const logistic =
  (features: ArrayLike<number>, y: ArrayLike<number>, l2: number): Objective =>
  (x, gradient) => {
    const rows = y.length
    const columns = features.length / rows
    let loss = 0
    gradient.fill(0)
    for (let r = 0; r < rows; r++) {
      let z = x[columns]
      for (let j = 0; j < columns; j++) z += features[r * columns + j] * x[j]
      loss += (Math.max(z, 0) - z * y[r] + Math.log1p(Math.exp(-Math.abs(z)))) / rows
      const residual = (1 / (1 + Math.exp(-z)) - y[r]) / rows
      for (let j = 0; j < columns; j++) gradient[j] += residual * features[r * columns + j]
      gradient[columns] += residual
    }
    for (let j = 0; j < columns; j++) {
      loss += (l2 / 2) * x[j] * x[j]
      gradient[j] += l2 * x[j]
    }
    return loss
  }
