/** Contour lines in pixels: simplified, as paths, with label positions. */
import type { Plot } from './axes.ts'
import { coarsen, contourLines, type Grid, type GridLine } from './contours.ts'
import { type Area, TEXT } from './figure.ts'
import { px } from './format.ts'
import type { Heights } from './grid.ts'
import { log10, type ScaleKind } from './scale.ts'
import { textWidth } from './text.ts'

/** Maximum rows and columns to compute lines from, and maximum total points: noisy grids are coarsened. */
const FINEST = 256
const MOST_VERTICES = 20_000
/** Maximum deviation of a line from an omitted point, in pixels. */
const TOLERANCE = 0.12

/** Lines of all levels (ascending) in pixels, x and y interleaved. */
export function linesInPixels(
  plot: Plot,
  heights: Heights,
  levels: readonly number[],
  kind: ScaleKind,
  closed: boolean,
): number[][][] {
  let finest = FINEST
  let coarse = coarsen(heights.x, heights.y, heights.grid, finest)
  while (finest > 8 && countCrossings(coarse.grid, levels) > MOST_VERTICES) {
    finest /= 2
    coarse = coarsen(heights.x, heights.y, heights.grid, finest)
  }
  const { x, y, grid } = coarse
  const surface = kind === 'log' ? { ...grid, z: grid.z.map(log10) } : grid
  const across = x.map(plot.x)
  const down = y.map(plot.y)
  return levels.map((level) => {
    const height = kind === 'log' && level > 0 ? log10(level) : level
    return contourLines(surface, height, closed).map((line) => simplify(toPixels(line, across, down)))
  })
}

/** Number of crossings of lines of all levels with cell edges. */
function countCrossings({ z, cols }: Grid, levels: readonly number[]): number {
  const below = Array.from(z, (height) => {
    let count = 0
    while (count < levels.length && levels[count] <= height) count++
    return count
  })
  let crossings = 0
  for (let i = 0; i < below.length; i++) {
    if (i % cols > 0) crossings += Math.abs(below[i] - below[i - 1])
    if (i >= cols) crossings += Math.abs(below[i] - below[i - cols])
  }
  return crossings
}

function toPixels(line: GridLine, across: readonly number[], down: readonly number[]): number[] {
  const between = (places: readonly number[], at: number) => {
    const index = Math.min(places.length - 2, Math.floor(at))
    return places[index] + (places[index + 1] - places[index]) * (at - index)
  }
  return line.map((at, i) => between(i % 2 === 0 ? across : down, at))
}

/** Omits points that are close to the lines between others (Ramer 1972, Douglas and Peucker 1973). */
function simplify(points: readonly number[]): number[] {
  const count = points.length / 2
  const kept = new Uint8Array(count)
  kept[0] = kept[count - 1] = 1
  const stretches = [[0, count - 1]]
  for (let stretch = stretches.pop(); stretch; stretch = stretches.pop()) {
    const [from, to] = stretch
    let farthest = -1
    let distance = TOLERANCE
    for (let i = from + 1; i < to; i++) {
      const own = distanceTo(points, from, to, i)
      if (own > distance) [distance, farthest] = [own, i]
    }
    if (farthest < 0) continue
    kept[farthest] = 1
    stretches.push([from, farthest], [farthest, to])
  }
  return points.filter((_, i) => kept[i >> 1] === 1)
}

/** Distance of point i to the line between two others; to the first if they coincide. */
function distanceTo(points: readonly number[], from: number, to: number, i: number): number {
  const [x, y] = [points[2 * i] - points[2 * from], points[2 * i + 1] - points[2 * from + 1]]
  const [dx, dy] = [points[2 * to] - points[2 * from], points[2 * to + 1] - points[2 * from + 1]]
  const length = Math.sqrt(dx * dx + dy * dy)
  return length > 0 ? Math.abs(x * dy - y * dx) / length : Math.sqrt(x * x + y * y)
}

export function toPath(lines: readonly (readonly number[])[]): string {
  return lines
    .filter((points) => points.length > 4 || points[0] !== points[2] || points[1] !== points[3])
    .map((points) => {
      const pairs = Array.from({ length: points.length / 2 }, (_, i) => `${px(points[2 * i])} ${px(points[2 * i + 1])}`)
      const isClosed = pairs[0] === pairs[pairs.length - 1]
      return isClosed ? `M${pairs.slice(0, -1).join(' ')}Z` : `M${pairs.join(' ')}`
    })
    .join('')
}

/** Font size of line labels. */
export const LABEL = 11

/** A point on the longest line where a label overlaps neither others nor the edges. */
export function labelSpot(lines: readonly number[][], label: string, area: Area, taken: Area[]) {
  const [width, height] = [textWidth(label, LABEL) / 2 + 4, TEXT / 2 + 4]
  const longest = [...lines].sort((a, b) => b.length - a.length)[0]
  if (!longest || longest.length < 12) return undefined
  const points = longest.length / 2
  for (const share of [0.5, 0.25, 0.75, 0.375, 0.625, 0.125, 0.875]) {
    const i = Math.floor(points * share)
    const [x, y] = [longest[2 * i], longest[2 * i + 1]]
    const box = { left: x - width, right: x + width, top: y - height, bottom: y + height }
    const inside = box.left > area.left && box.right < area.right && box.top > area.top && box.bottom < area.bottom
    const clear = taken.every(
      (other) => box.left > other.right || box.right < other.left || box.top > other.bottom || box.bottom < other.top,
    )
    if (!inside || !clear) continue
    taken.push(box)
    return { x, y }
  }
  return undefined
}
