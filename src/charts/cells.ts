/** Tables of coloured cells: their layout, row and column names, and compact colour markup. */

import { ROW } from './axes.ts'
import { AXIS, type Colour, MISSING } from './colours.ts'
import { type Area, type Figure, MARGIN, TEXT } from './figure.ts'
import { px } from './format.ts'
import { fitText, textWidth } from './text.ts'

export interface TableLayout {
  /** Bottom of the header. */
  top: number
  /** Names from top to bottom and from left to right. */
  rows: readonly string[]
  cols: readonly string[]
  rowTitle: string
  colTitle: string
  /** Pixels to reserve at the right edge. */
  right: number
  /** Whether there is something else beside the title of the rows, above the table. */
  headed?: boolean
}

export interface Table {
  readonly area: Area
  readonly cellWidth: number
  readonly cellHeight: number
}

const GAP = 8
const LONGEST = 140
/** The sine of 45°. */
const SLOPE = Math.SQRT1_2

/** A height for which the cells of a table are roughly square. */
export function tableHeight(width: number, rows: number, cols: number): number {
  const cell = Math.min(72, Math.max(6, (width - 140) / cols))
  return Math.round(Math.min(720, Math.max(240, rows * cell + 120)))
}

/** Lays out a table in the rest of a figure, and draws its names and titles. */
export function drawTable(figure: Figure, layout: TableLayout): Table {
  const { rows, cols, rowTitle, colTitle } = layout
  const top = layout.top + (rowTitle || layout.headed ? ROW + 10 : 6)
  const widest = (names: readonly string[], most: number) =>
    Math.min(LONGEST, most, Math.max(...names.map((name) => textWidth(name, TEXT))))
  const left = MARGIN + widest(rows, figure.width / 4) + GAP
  // rotated names take at most a third of the height
  const colWidth = widest(cols, (figure.height - top) / 3 / SLOPE)
  const right = figure.width - MARGIN - layout.right
  const cellWidth = (right - left) / cols.length
  // numbers are thinned out if there is no room, names are rotated
  const numbered = cols.every((name) => /^\d+$/.test(name))
  const slanted = !numbered && colWidth > cellWidth - 6
  const footer = slanted ? colWidth * SLOPE + 12 : ROW
  const bottom = figure.height - MARGIN - footer - (colTitle ? ROW : 0)
  const cellHeight = (bottom - top) / rows.length
  const area: Area = { left, top, right, bottom }

  for (let r = 0, every = thinning(cellHeight, TEXT + 2); r < rows.length; r += every) {
    figure.text(left - GAP, top + (r + 0.5) * cellHeight, fitText(rows[r], left - GAP - MARGIN, TEXT), {
      anchor: 'end',
    })
  }
  const room = slanted ? TEXT + 4 : colWidth + 6
  for (let c = 0, every = thinning(cellWidth, room); c < cols.length; c += every) {
    const x = left + (c + 0.5) * cellWidth
    const name = fitText(cols[c], colWidth, TEXT)
    if (slanted) figure.text(x + 3, bottom + 10, name, { anchor: 'end', turn: -45 })
    else figure.text(x, bottom + ROW - 4, name, { anchor: 'middle' })
  }
  if (rowTitle) figure.text(MARGIN, top - ROW / 2 - 10, fitText(rowTitle, figure.width * 0.5, TEXT))
  if (colTitle) {
    const title = fitText(colTitle, figure.width - 2 * MARGIN, TEXT)
    figure.text((left + right) / 2, figure.height - MARGIN + 2, title, { anchor: 'middle' })
  }
  return { area, cellWidth, cellHeight }
}

/** With names at this distance, label every n-th, n = 1, 2 or 5 times a power of ten. */
function thinning(distance: number, room: number): number {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power * distance >= room) return factor * power
}

/** Overlap of rows of cells in pixels: rounded edges that only touch leave hairlines. */
const OVERLAP = 0.3

/**
 * Colours the cells: a run of equal cells in a row is one stroke as thick as the row, and all strokes of a shade form one path.
 * @param shade of the cell in a row and column, or -1 if its value is missing
 */
export function drawCells(
  figure: Figure,
  { area, cellWidth, cellHeight }: Table,
  rows: number,
  cols: number,
  shades: readonly Colour[],
  shade: (row: number, col: number) => number,
): void {
  // relative moves between rounded ends are shorter than absolute positions and add up exactly
  const paths = new Map<number, { path: string; row: number; end: number }>()
  const edge = (col: number) => Number(px(area.left + col * cellWidth))
  for (let r = 0; r < rows; r++) {
    const y = px(area.top + (r + 0.5) * cellHeight)
    for (let from = 0, to = 1; from < cols; from = to++) {
      const own = shade(r, from)
      while (to < cols && shade(r, to) === own) to++
      const [left, right] = [edge(from), edge(to)]
      const last = paths.get(own) ?? { path: '', row: -1, end: 0 }
      const move = last.row === r ? `m${px(left - last.end)} 0` : `M${px(left)} ${y}`
      paths.set(own, { path: `${last.path}${move}h${px(right - left)}`, row: r, end: right })
    }
  }
  const order = [...paths].sort(([a], [b]) => a - b)
  const markup = order.map(
    ([own, { path }]) => `<path class="${figure.stroke(own < 0 ? MISSING : shades[own])}" d="${path}"/>`,
  )
  figure.draw(`<g stroke-width="${px(cellHeight + OVERLAP)}" shape-rendering="crispEdges">${markup.join('')}</g>`)
}

/** A thin line around a table. */
export function outline(figure: Figure, { left, top, right, bottom }: Area): void {
  const path = `M${px(left)} ${px(top)}H${px(right)}V${px(bottom)}H${px(left)}Z`
  figure.draw(`<path class="${figure.stroke(AXIS)}" d="${path}"/>`)
}
