/**
 * Compact paths for long series: among the points that fall into one column of pixels, only the first, lowest,
 * highest and last are visible (M4: Jugel et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation").
 */
import { px } from './format.ts'

/** Maximum vertices per path; only lines that alternate between columns exceed it and are thinned. */
const MOST_VERTICES = 20_000

/** Indices `from` to `to` fall into one column; `joined`: the line continues from the previous column. */
type VisitColumn = (from: number, to: number, joined: boolean) => void

/** Missing points break a line unless it continues in the same column. */
function forEachColumn(
  count: number,
  x: (index: number) => number,
  has: (index: number) => boolean,
  visit: VisitColumn,
) {
  let from = -1
  let to = -1
  let column = 0
  let joined = false
  let gap = false
  for (let i = 0; i < count; i++) {
    if (!has(i)) {
      gap = true
      continue
    }
    const own = Math.floor(x(i))
    if (from < 0 || own !== column) {
      if (from >= 0) visit(from, to, joined)
      joined = from >= 0 && !gap
      from = i
      column = own
    }
    to = i
    gap = false
  }
  if (from >= 0) visit(from, to, joined)
}

/** Visits every k-th vertex, so that at most `MOST_VERTICES` are drawn; breaks at omitted vertices are kept. */
function forEachKept(
  count: number,
  isJoined: (vertex: number) => boolean,
  visit: (vertex: number, joined: boolean) => void,
) {
  const every = Math.ceil(count / MOST_VERTICES)
  let joined = false
  for (let vertex = 0; vertex < count; vertex++) {
    if (!isJoined(vertex)) joined = false
    if (vertex % every !== 0) continue
    visit(vertex, joined)
    joined = true
  }
}

/**
 * A line through points in pixels, and in `lone` the isolated points, x and y interleaved.
 * @param has whether there is a point at an index
 */
export function linePath(
  count: number,
  x: (index: number) => number,
  y: (index: number) => number,
  has: (index: number) => boolean,
): { path: string; lone: number[] } {
  // potentially as many as points: index and joined flag packed into one number
  const vertices: number[] = []
  forEachColumn(count, x, has, (from, to, joined) => {
    const add = (index: number) => vertices.push(2 * index + Number(index > from || joined))
    if (to - from <= 3) {
      for (let i = from; i <= to; i++) if (has(i)) add(i)
      return
    }
    let [lowest, highest] = [from, from]
    for (let i = from + 1, low = y(from), high = low; i <= to; i++) {
      if (!has(i)) continue
      const value = y(i)
      if (value < low) [low, lowest] = [value, i]
      if (value > high) [high, highest] = [value, i]
    }
    new Set([from, Math.min(lowest, highest), Math.max(lowest, highest), to]).forEach(add)
  })
  const stretches: number[][] = []
  forEachKept(
    vertices.length,
    (vertex) => vertices[vertex] % 2 === 1,
    (vertex, joined) => {
      if (!joined) stretches.push([])
      stretches[stretches.length - 1].push(Math.floor(vertices[vertex] / 2))
    },
  )
  const lone = stretches.filter(({ length }) => length === 1).flatMap(([index]) => [x(index), y(index)])
  const lines = stretches.filter(({ length }) => length > 1)
  const path = lines.map((line) => `M${line.map((index) => `${px(x(index))} ${px(y(index))}`).join(' ')}`).join('')
  return { path, lone }
}

/** The area between two lines over the same x, one polygon per gapless stretch; columns of many points become their envelope. */
export function bandPath(
  count: number,
  x: (index: number) => number,
  low: (index: number) => number,
  high: (index: number) => number,
  has: (index: number) => boolean,
): string {
  const vertices: { x: number; low: number; high: number; joined: boolean }[] = []
  forEachColumn(count, x, has, (from, to, joined) => {
    const few = to - from < 2
    let [bottom, top] = [low(from), high(from)]
    for (let i = from; i <= to; i++) {
      if (!has(i)) continue
      if (few) vertices.push({ x: x(i), low: low(i), high: high(i), joined: i > from || joined })
      // pixel y grows downwards
      bottom = Math.max(bottom, low(i))
      top = Math.min(top, high(i))
    }
    if (!few) vertices.push({ x: (x(from) + x(to)) / 2, low: bottom, high: top, joined })
  })
  let path = ''
  let back: string[] = []
  const close = () => {
    if (back.length > 0) path += `L${back.reverse().join(' ')}Z`
    back = []
  }
  forEachKept(
    vertices.length,
    (vertex) => vertices[vertex].joined,
    (vertex, joined) => {
      const { x, low, high } = vertices[vertex]
      if (!joined) close()
      path += `${joined ? ' ' : 'M'}${px(x)} ${px(high)}`
      back.push(`${px(x)} ${px(low)}`)
    },
  )
  close()
  return path
}
