/** A quadratic through points of a plane, least squares: what a minimum looks like from near by. */

export interface Quadratic {
  /** Of [[p, q], [q, r]] in a + b u + c v + (p u² + 2 q u v + r v²) / 2, the larger first. */
  readonly eigenvalues: readonly [number, number]
  /** The share of the variance of the points that the quadratic explains. */
  readonly explained: number
}

/** Solves a small system of linear equations in place, with pivots. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++)
      if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) pivot = row
    ;[matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]]
    ;[right[column], right[pivot]] = [right[pivot], right[column]]
    for (let row = column + 1; row < n; row++) {
      const factor = matrix[row][column] / matrix[column][column]
      for (let i = column; i < n; i++) matrix[row][i] -= factor * matrix[column][i]
      right[row] -= factor * right[column]
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let row = n - 1; row >= 0; row--) {
    let sum = right[row]
    for (let i = row + 1; i < n; i++) sum -= matrix[row][i] * x[i]
    x[row] = sum / matrix[row][row]
  }
  return x
}

/** @param points places and heights, at least six that do not lie on one conic */
export function fitQuadratic(points: readonly (readonly [u: number, v: number, height: number])[]): Quadratic {
  const terms = (u: number, v: number) => [1, u, v, (u * u) / 2, u * v, (v * v) / 2]
  const matrix = Array.from({ length: 6 }, () => new Array<number>(6).fill(0))
  const right = new Array<number>(6).fill(0)
  for (const [u, v, height] of points) {
    const row = terms(u, v)
    row.forEach((a, i) => {
      right[i] += a * height
      row.forEach((b, j) => {
        matrix[i][j] += a * b
      })
    })
  }
  const x = solve(matrix, right)
  const middle = points.reduce((sum, [, , height]) => sum + height, 0) / points.length
  let [left, all] = [0, 0]
  for (const [u, v, height] of points) {
    const fitted = terms(u, v).reduce((sum, term, i) => sum + term * x[i], 0)
    left += (height - fitted) ** 2
    all += (height - middle) ** 2
  }
  const [, , , p, q, r] = x
  const [half, root] = [(p + r) / 2, Math.hypot((p - r) / 2, q)]
  return { eigenvalues: [half + root, half - root], explained: 1 - left / all }
}
