/** Lines between the units of two layers: colour is the weight's sign, width its size. */
import { HIGH_COLOUR, LOW_COLOUR } from './colours.ts'
import type { Tile } from './tiles.ts'

/** Of so many weights between two layers, the largest are drawn: thousands of lines are a haze that takes longer than a frame has. */
const MOST_LINES = 320
/** Lines of one colour and width are drawn at once: so many widths there are. */
const WIDTHS = 4
/** Of the sizes of weights, to find the smallest that is drawn. */
const BINS = 64

/**
 * @param kernel weights, [inputs, units]
 * @param from the layer's inputs, or the first of them
 * @param to its units
 */
export function drawLinks(
  context: CanvasRenderingContext2D,
  kernel: Float32Array,
  from: readonly Tile[],
  to: readonly Tile[],
): void {
  const units = to.length
  const weights = kernel.subarray(0, from.length * units)
  let most = 1e-6
  for (const weight of weights) most = Math.max(most, Math.abs(weight))
  const least = smallestOf(weights, most)
  const paths = Array.from({ length: 2 * WIDTHS }, () => new Path2D())
  for (const [i, a] of from.entries()) {
    for (const [u, b] of to.entries()) {
      const weight = weights[i * units + u]
      const size = Math.abs(weight)
      const path = size > least && paths[(weight > 0 ? WIDTHS : 0) + Math.ceil((size / most) * WIDTHS) - 1]
      // NaN is not drawn either
      if (!path) continue
      const [x0, y0, x1, y1] = [a.x + a.size, a.y + a.size / 2, b.x, b.y + b.size / 2]
      const bend = (x1 - x0) * 0.45
      path.moveTo(x0, y0)
      path.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
    }
  }
  // many lines are thin lines
  const scale = Math.min(1, 12 / Math.sqrt(weights.length))
  for (const [i, path] of paths.entries()) {
    const strength = ((i % WIDTHS) + 1) / WIDTHS
    context.strokeStyle = i < WIDTHS ? LOW_COLOUR : HIGH_COLOUR
    context.globalAlpha = 0.12 + 0.6 * strength * strength
    context.lineWidth = Math.max(0.4, 4 * strength * scale)
    context.stroke(path)
  }
  context.globalAlpha = 1
}

/** The size that at most MOST_LINES weights exceed; 0 where there are no more. */
function smallestOf(weights: Float32Array, most: number): number {
  if (weights.length <= MOST_LINES) return 0
  const counts = new Int32Array(BINS + 1)
  for (const weight of weights) counts[Math.floor((Math.abs(weight) / most) * BINS)]++
  let bin = BINS
  for (let larger = counts[bin]; bin > 0 && larger + counts[bin - 1] <= MOST_LINES; bin--) larger += counts[bin - 1]
  return (bin / BINS) * most
}
