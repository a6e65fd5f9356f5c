/** Contour lines and bands of a grid: marching squares with linear interpolation. */

/** Heights over a rectangular grid: `z[r * cols + c]` is at (x[c], y[r]). */
export interface Grid {
  readonly z: Float64Array
  readonly rows: number
  readonly cols: number
}

/** A line of fractional (column, row) points, interleaved; closed if its last point equals its first. */
export type GridLine = readonly number[]

/**
 * Lines along which the grid, interpolated linearly on the edges of its cells, equals `level`. Saddles are resolved by the
 * mean of a cell; cells with a non-finite corner have no line. With `closed`, lines also follow the border of the grid,
 * so that they enclose what is at or above the level.
 */
export function contourLines({ z, rows, cols }: Grid, level: number, closed: boolean): GridLine[] {
  // padding with an empty row and column on each side closes the lines
  const pad = closed ? 1 : 0
  const width = cols + 2 * pad
  const height = rows + 2 * pad
  const at = (r: number, c: number) => {
    const [row, col] = [r - pad, c - pad]
    return row < 0 || col < 0 || row >= rows || col >= cols ? Number.NEGATIVE_INFINITY : z[row * cols + col]
  }
  // edges by number: rightwards from node (r, c), then downwards
  const next = new Map<number, number>()
  const arrived = new Set<number>()
  const right = (r: number, c: number) => 2 * (r * width + c)
  const down = (r: number, c: number) => 2 * (r * width + c) + 1
  for (let r = 0; r + 1 < height; r++) {
    for (let c = 0; c + 1 < width; c++) {
      // corners clockwise from the top left, and the edge after each
      const corners = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)]
      const edges = [right(r, c), down(r, c + 1), right(r + 1, c), down(r, c)]
      for (const [from, to] of crossings(corners, level, closed)) {
        next.set(edges[from], edges[to])
        arrived.add(edges[to])
      }
    }
  }
  const place = (edge: number) => {
    const node = edge >> 1
    const [r, c] = [Math.floor(node / width), node % width]
    const isDown = (edge & 1) === 1
    const share = crossing(at(r, c), at(isDown ? r + 1 : r, isDown ? c : c + 1), level)
    // clamp the padding's coordinates to the border
    const inside = (value: number, count: number) => Math.min(count - 1, Math.max(0, value - pad))
    return [inside(c + (isDown ? 0 : share), cols), inside(r + (isDown ? share : 0), rows)] as const
  }
  return follow(next, arrived).map((edges) => edges.flatMap(place))
}

/** The position of a level between two heights, 0 to 1. */
function crossing(from: number, to: number, level: number): number {
  if (!Number.isFinite(from)) return 1
  if (!Number.isFinite(to)) return 0
  // the difference of two doubles may overflow, that of their halves cannot
  const half = Number.isFinite(to - from) ? 1 : 0.5
  return Math.min(1, Math.max(0, (level * half - from * half) / (to * half - from * half)))
}

const NONE: readonly (readonly [number, number])[] = []

/**
 * Edges through which lines enter and leave a cell, edge i between corners i and i + 1, higher ground always on the same side.
 * With `closed`, non-finite corners are below every level.
 */
function crossings(corners: readonly number[], level: number, closed: boolean) {
  if (!closed && !corners.every(Number.isFinite)) return NONE
  const above = corners.map((height) => height >= level)
  const entries: number[] = []
  const exits: number[] = []
  for (let i = 0; i < 4; i++) {
    const following = above[(i + 1) % 4]
    if (above[i] && !following) entries.push(i)
    if (!above[i] && following) exits.push(i)
  }
  if (entries.length < 2) return entries.length === 0 ? NONE : [[entries[0], exits[0]] as const]
  // a saddle: two opposite corners are high, and connected if the mean is high
  const finite = corners.filter(Number.isFinite)
  const joined = finite.length === 4 && corners.reduce((sum, height) => sum + height / 4, 0) >= level
  return entries.map((entry) => [entry, (entry + (joined ? 1 : 3)) % 4] as const)
}

/** Chains of edges; closed ones start and end with the same edge. */
function follow(next: Map<number, number>, arrived: ReadonlySet<number>): number[][] {
  const lines: number[][] = []
  const walk = (start: number) => {
    const line = [start]
    for (let edge = start; ; ) {
      const following = next.get(edge)
      if (following === undefined) break
      next.delete(edge)
      line.push(following)
      edge = following
    }
    lines.push(line)
  }
  for (const start of [...next.keys()]) if (!arrived.has(start)) walk(start)
  for (const start of [...next.keys()]) if (next.has(start)) walk(start)
  return lines
}

/** Every k-th row and column, including first and last, at most `most` of each. */
export function coarsen(x: readonly number[], y: readonly number[], grid: Grid, most: number) {
  const pick = (count: number) => {
    const kept = Math.min(count, most)
    return Array.from({ length: kept }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, kept - 1)))
  }
  const [rows, cols] = [pick(grid.rows), pick(grid.cols)]
  const z = new Float64Array(rows.length * cols.length)
  rows.forEach((row, r) => {
    cols.forEach((col, c) => {
      z[r * cols.length + c] = grid.z[row * grid.cols + col]
    })
  })
  return {
    x: cols.map((col) => x[col]),
    y: rows.map((row) => y[row]),
    grid: { z, rows: rows.length, cols: cols.length },
  }
}
