/** Small pictures of the data sets. */
import type { DataName } from '../settings.ts'
import { makePoints } from '../training/shapes.ts'
import { css, valueColour } from './colours.ts'
import { el } from './dom.ts'

const SIZE = 44

export function thumbnail(data: DataName): HTMLCanvasElement {
  const canvas = el('canvas', { width: 2 * SIZE, height: 2 * SIZE, 'aria-hidden': 'true' })
  const context = canvas.getContext('2d')
  if (!context) return canvas
  if (data === 'csv') {
    context.strokeStyle = '#888'
    context.lineWidth = 2
    for (let i = 0; i <= 4; i++) {
      const at = 12 + (i * (2 * SIZE - 24)) / 4
      context.strokeRect(12, 12, 2 * SIZE - 24, at - 12)
      if (i < 4) context.strokeRect(12, 12, at - 12, 2 * SIZE - 24)
    }
    return canvas
  }
  const { task, at, y } = makePoints(data, 160, 0, 3)
  for (let i = 0; i < y.length; i++) {
    const value = task === 'classes' ? 2 * y[i] - 1 : y[i]
    // on the background of any theme
    context.fillStyle = css(valueColour(Math.sign(value)))
    context.globalAlpha = Math.min(1, Math.abs(value))
    context.beginPath()
    context.arc(SIZE + at[2 * i] * (SIZE / 6.6), SIZE - at[2 * i + 1] * (SIZE / 6.6), 2.6, 0, 2 * Math.PI)
    context.fill()
  }
  return canvas
}
