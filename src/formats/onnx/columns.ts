/** A column-wise affine map: y = (x - center) scale + shift, each a scalar or one number per column. */
export interface Columns {
  readonly center: PerColumn
  readonly scale: PerColumn
  readonly shift: PerColumn
}

export type PerColumn = number | Float64Array

export const columns = ({ center = 0, scale = 1, shift = 0 }: Partial<Columns>): Columns => ({ center, scale, shift })

/** Elementwise; scalars broadcast. */
export function combine(a: PerColumn, b: PerColumn, f: (a: number, b: number) => number): PerColumn {
  if (typeof a !== 'number') return a.map(typeof b === 'number' ? (value) => f(value, b) : (value, i) => f(value, b[i]))
  return typeof b === 'number' ? f(a, b) : b.map((value) => f(a, value))
}

export const add = (a: PerColumn, b: PerColumn): PerColumn => combine(a, b, (x, y) => x + y)
export const multiply = (a: PerColumn, b: PerColumn): PerColumn => combine(a, b, (x, y) => x * y)

/** a, then b. Pure shifts stay a subtraction before scaling, which preserves small differences of large values. */
export function chain(a: Columns, b: Columns): Columns {
  if (a.scale === 1 && a.shift === 0) return { ...b, center: add(a.center, b.center) }
  const moved = combine(a.shift, b.center, (shift, center) => shift - center)
  return { center: a.center, scale: multiply(a.scale, b.scale), shift: add(multiply(moved, b.scale), b.shift) }
}

/** Broadcasts to one value per column. */
export const spread = (value: PerColumn, size: number): Float64Array =>
  typeof value === 'number' ? new Float64Array(size).fill(value) : value

/** The offset in y = scale x + offset. */
export const offsetOf = ({ center, scale, shift }: Columns): PerColumn =>
  center === 0 ? shift : combine(shift, multiply(center, scale), (b, move) => b - move)
