/** Heights over a plane: the input of contour and surface. */
import { show } from '../lib/check.ts'
import type { Grid } from './contours.ts'
import { readable } from './format.ts'
import { type Numbers, rangeOf, readMatrix, readNumbers } from './input.ts'
import type { ScaleKind } from './scale.ts'

/** Heights over a rectangular grid. */
export interface GridInput {
  /** x coordinates of the columns, ascending, not necessarily evenly spaced. */
  x: Numbers
  /** y coordinates of the rows, ascending. */
  y: Numbers
  /** [y.length, x.length], nested or flat, row-major: `z[r][c]` is the height at (x[c], y[r]). NaN and infinities are holes. */
  z: Numbers | readonly Numbers[]
}

export interface Heights {
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** Non-finite heights are NaN. */
  readonly grid: Grid
  readonly low: number
  readonly high: number
}

/** @throws TypeError or RangeError unless it is a grid of at least 2 x 2 with a finite height, positive if `kind` is log. */
export function readGrid(where: string, { x, y, z }: GridInput, kind: ScaleKind): Heights {
  const xs = readPlaces(where, 'x', x)
  const ys = readPlaces(where, 'y', y)
  const matrix = readMatrix(where, 'z', z, xs.length, { missing: true })
  if (matrix.rows !== ys.length) {
    throw new RangeError(`${where}: "z" has ${matrix.rows} rows, expected ${ys.length}, as many as "y"`)
  }
  const heights = matrix.values.map((height) => (Number.isFinite(height) ? height : Number.NaN))
  const [low, high] = rangeOf(heights)
  if (low > high) throw new RangeError(`${where}: "z" has no finite values`)
  if (kind === 'log' && low <= 0) throw new RangeError(`${where}: "z" must be above 0 on a log scale, got ${low}`)
  return { x: xs, y: ys, grid: { z: heights, rows: matrix.rows, cols: matrix.cols }, low, high }
}

function readPlaces(where: string, name: string, value: Numbers): number[] {
  const places = Array.from(readNumbers(where, name, value))
  if (places.length < 2) throw new RangeError(`${where}: "${name}" must have at least 2 places, got ${show(value)}`)
  places.forEach((place, i) => {
    if (i > 0 && place <= places[i - 1]) {
      throw new RangeError(`${where}: "${name}" must ascend, got ${place} after ${places[i - 1]} at index ${i}`)
    }
  })
  return places
}

/** A description of the grid in words. */
export function describeGrid({ x, y, grid, low, high }: Heights, names: { x: string; y: string; z: string }): string {
  const at = (height: number) => {
    const i = grid.z.indexOf(height)
    return `${readable(height)} at ${names.x} ${readable(x[i % grid.cols])}, ${names.y} ${readable(y[Math.floor(i / grid.cols)])}`
  }
  const range = (name: string, places: readonly number[]) =>
    `${name} from ${readable(places[0])} to ${readable(places[places.length - 1])}`
  return `${range(names.x, x)}, ${range(names.y, y)}. ${names.z}: lowest ${at(low)}; highest ${at(high)}.`
}
