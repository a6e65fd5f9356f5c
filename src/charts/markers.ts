/** Markers for points, distinguishable by shape as well as by colour. */
import type { Colour, Painter } from './colours.ts'
import { px } from './format.ts'

export const MARKERS = ['circle', 'square', 'triangle', 'diamond', 'cross', 'plus'] as const
export type Marker = (typeof MARKERS)[number]

export const seriesMarker = (index: number): Marker => MARKERS[index % MARKERS.length]

/** Vertices of shapes around the origin, with about the area of the unit circle. */
const SHAPES: Readonly<Partial<Record<Marker, readonly (readonly [number, number])[]>>> = {
  triangle: [
    [0, -1.3],
    [1.2, 0.9],
    [-1.2, 0.9],
  ],
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
}
/** Lines through the origin, for the shapes that are strokes. */
const STROKES: Readonly<Partial<Record<Marker, string>>> = {
  cross: 'm-1-1l2 2m0-2l-2 2',
  plus: 'm-1.3 0h2.6m-1.3-1.3v2.6',
}

/**
 * One path for all points of a series. Circles and squares are caps of zero-length strokes, the most compact form.
 * @param points x and y interleaved, in pixels
 */
export function markersMarkup(
  painter: Painter,
  marker: Marker,
  colour: Colour,
  points: readonly number[],
  radius: number,
) {
  const each = (sign: string) => {
    let path = ''
    for (let i = 0; i < points.length; i += 2) path += `M${px(points[i])} ${px(points[i + 1])}${sign}`
    return path
  }
  const corners = SHAPES[marker]
  if (corners) {
    const steps = corners.map(([x, y], i) => {
      const [fromX, fromY] = i === 0 ? [0, 0] : corners[i - 1]
      return `${i === 0 ? 'm' : 'l'}${px((x - fromX) * radius)} ${px((y - fromY) * radius)}`
    })
    return `<path class="${painter.fill(colour)}" d="${each(`${steps.join('')}z`)}"/>`
  }
  const lines = STROKES[marker]
  if (lines) {
    const sign = lines.replace(/-?\d+(\.\d+)?/g, (number) => ` ${px(Number(number) * radius)}`)
    return `<path class="${painter.stroke(colour)}" d="${each(sign)}" stroke-width="2" stroke-linecap="round"/>`
  }
  const [cap, size] = marker === 'circle' ? ['round', 2 * radius] : ['square', 1.8 * radius]
  return `<path class="${painter.stroke(colour)}" d="${each('h0')}" stroke-width="${px(size)}" stroke-linecap="${cap}"/>`
}
