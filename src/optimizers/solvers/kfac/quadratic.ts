/** The minimizer of a quadratic model of the loss in the step lengths. */

/**
 * The model of a step w -= rate d + momentum v, d the new direction, v the previous step, g the gradient, C the curvature:
 *
 *   M = -(rate g·d + momentum g·v) + (rate² d·C d + 2 rate momentum d·C v + momentum² v·C v) / 2
 */
export interface Quadratic {
  /** g·d and g·v */
  readonly slopes: readonly [d: number, v: number]
  /** d·C d, d·C v and v·C v */
  readonly curvatures: readonly [dd: number, dv: number, vv: number]
}

export interface Coefficients {
  readonly rate: number
  readonly momentum: number
}

/** If the Gram determinant in C is below this share of (d·C d) (v·C v), d and v are parallel in float32. */
const FLAT = 1e-6

/** The minimizer of M, with the given coefficients held fixed. 0 if there is no slope or no curvature. */
export function leastOf(model: Quadratic, given: Partial<Coefficients> = {}): Coefficients {
  const [slopeD, slopeV] = model.slopes
  const [dd, dv, vv] = model.curvatures
  const over = (slope: number, curvature: number) => (curvature > 0 ? slope / curvature : 0)
  if (given.rate !== undefined) {
    const { rate } = given
    return { rate, momentum: given.momentum ?? over(slopeV - rate * dv, vv) }
  }
  const determinant = dd * vv - dv * dv
  const isPlane = determinant > FLAT * dd * vv
  if (given.momentum === undefined && isPlane) {
    return { rate: (vv * slopeD - dv * slopeV) / determinant, momentum: (dd * slopeV - dv * slopeD) / determinant }
  }
  const momentum = given.momentum ?? 0
  return { rate: over(slopeD - momentum * dv, dd), momentum }
}

/** M at `scale` times a step. */
export function changeOf(model: Quadratic, { rate, momentum }: Coefficients, scale: number): number {
  const [slopeD, slopeV] = model.slopes
  const [dd, dv, vv] = model.curvatures
  const bend = rate * rate * dd + 2 * rate * momentum * dv + momentum * momentum * vv
  return -scale * (rate * slopeD + momentum * slopeV) + (scale * scale * bend) / 2
}
